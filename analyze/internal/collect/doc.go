// Package collect turns the records of a timeline into the sections of a
// result.Result, one collector a section.
//
// Set takes batches of records and hands each record to the collectors that its
// op concerns; at the end every collector writes its part of the Result.
// What a new section needs is a file here, a line in New and one in Set.take for
// each op that it is about.
//
// Two of them are large. accounting sums the time of goroutines, by group and by
// place (a cell), and decides what is at rest. sweep follows what all goroutines
// and Ps do at each instant: sweep_records.go makes steps of records and holds
// them back until accounting knows what they mean, sweep_steps.go takes one step
// after the other, and instant.go is who does what in between, with the integrals
// over it. It asks accounting, and no other collector knows another.
//
// accounting also tells the patterns (patterns.go and a file for each: rally.go,
// volley.go, join.go, loop.go) of the moments in goroutines' lives that they go by, and
// joins the lines of locks and channels into queues (queue.go), which the sweep fills
// and empties.
//
// Nothing here keeps records: a collector holds its sums, its histograms and
// what it needs of the goroutines that live.
package collect
