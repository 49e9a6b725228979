// Package analyze finds out where the time of a Go program's goroutines went,
// from an execution trace.
//
// Analyze reads a trace once, from front to back:
//
//  1. tracefile opens the source, looks through gzip and zstd, and says in
//     words what a file is that is no trace.
//  2. A decoder turns bytes into event.Event, in order: wire for Go 1.22 and
//     later, exptrace for what is older, and as the reference that wire is
//     held against.
//  3. timeline, the only state machine, turns events into closed intervals;
//     waitkind names what each one was.
//  4. collect sums them into the sections of a result.Result: accounting by
//     goroutine, and the sweep over what all of them and the processors did at
//     each instant.
//     blame does the same for what filled the waits: who ended them, what that one
//     did meanwhile, and so on back.
//  5. detect looks through the Result for what stands out, and puts the answer
//     into one sentence.
//
// What a user decides otherwise takes part in 4, site rules by which places have a
// name and waits a meaning (siterule), and in 5, thresholds; settings reads both from
// a file.
//
// The steps 2 to 4 work side by side, in goroutines of their own that
// hand batches on; wire orders several generations at once. Memory is a few
// generations of the trace, the goroutines that live, stacks and histograms; the
// events are never kept. A filter by group or task needs to know who is meant
// before it counts, and reads the trace twice.
//
// Explain and Path ask about single waits, tasks, regions or goroutines: they find
// in a first reading which parts of the trace that is about, and follow these in a
// second, which records every interval of them.
//
// Stream reads the trace a second time and hands everything that happened in it to an
// interval.Sink, now that it is known what is at rest: relay makes that of the records.
// Detailed is such a reading for an interval.Log of what each goroutine did: lanes keeps
// the intervals, and merges the short ones where they are too many.
package analyze
