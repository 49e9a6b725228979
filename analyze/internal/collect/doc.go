// Package collect turns the records of a timeline into the sections of a
// result.Result, one collector a section.
//
// Set takes batches of records and hands each record to the collectors that its
// op concerns; at the end every collector writes its part of the Result.
// Collectors do not know each other. What a new section needs is a file here, a
// line in New and one in Set.take for each op that it is about.
//
// Nothing here keeps records: a collector holds its sums, its histograms and
// what it needs of the goroutines that live.
package collect
