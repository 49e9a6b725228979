// Package analyze finds out where the time of a Go program's goroutines went,
// from an execution trace.
//
// Analyze reads a trace once, from front to back:
//
//  1. tracefile opens the source, looks through gzip and zstd, and says in
//     words what a file is that is no trace.
//  2. A decoder (exptrace) turns bytes into event.Event, in order, by value.
//  3. timeline, the only state machine, turns events into closed intervals;
//     waitkind names what each one was.
//  4. collect sums them into the sections of a result.Result.
//  5. verdict puts the answer into one sentence.
//
// Decoding runs beside 3 and 4. Memory is a generation of the trace, the
// goroutines that live, stacks and histograms; the events are never kept. A
// filter by group or task needs to know who is meant before it counts, and
// reads the trace twice.
package analyze
