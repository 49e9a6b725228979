// Package wire reads the file format of Go 1.22 and later itself.
//
//  1. The input is cut into generations, each about a second of the program, by
//     the headers of their batches; what is damaged or missing is stepped over.
//  2. A generation is taken apart: batches of events by thread, strings, stacks,
//     CPU samples, clocks.
//  3. Its events are put in order. Each thread's are in order already; the
//     threads' cursors stand in a heap by time, the frontier, and a state machine
//     says whether the event at its head may happen.
//  4. Generations are joined: times rise, and what one leaves is what the next
//     begins with.
//
// A generation begins with the states of all that it speaks of. So it can be
// ordered alone, beside those in front of it, on assumptions about what they
// leave; the assumptions are held against the truth when it is its turn, and if
// one fails it is ordered again, in sequence, with the state that they left.
//
//	decoder.go     Decoder: who reads, who orders, how far ahead
//	join.go        Next: generations in sequence, times, gaps
//	cutter.go      whole generations out of the input; going on behind damage
//	scan.go        Scanner: batch headers, ends of generations, limits
//	generation.go  what is in a generation
//	tables.go      strings and stacks
//	types.go       the types of events
//	varint.go      numbers
//	state.go       what is known of goroutines, Ps and threads
//	cursor.go      the events of one thread; the frontier
//	order*.go      the state machine
//	assume.go      assumptions
//	reader.go      Reader: whole generations for golang.org/x/exp/trace
//
// Format (GOROOT/src/internal/trace/batch.go, tracev2/events.go): a header of
// 16 bytes; then batches, each a type byte (1, or 49 and the number of an
// experiment), generation, thread, time and size as uvarints, and size bytes of
// data; from Go 1.26 on a byte 52 ends each generation. A batch holds events of
// one thread, or strings, stacks, CPU samples, or clocks; what events refer to
// stands in the same generation, mostly behind them.
package wire
