// Package collect turns the records of a timeline into the sections of a
// result.Result, one collector a section.
//
// A collector takes batches of records and, at the end, writes its part of the
// Result. Collectors do not know each other. What a new section needs is a file
// here and a line in New.
//
// Nothing here keeps records: a collector holds its sums, its histograms and
// what it needs of the goroutines that live.
package collect

import (
	"regexp"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
)

// Options choose what is collected.
type Options struct {
	// Goroutines keeps every goroutine, not only the groups.
	Goroutines bool
	// AtRest names further goroutines or waits that are idle by design: it is
	// matched against entry functions and the functions of a wait's stack.
	AtRest *regexp.Regexp
}

// Collector gathers one section.
type Collector interface {
	timeline.Sink
	// Finish writes the section. It is called once, after the last record.
	Finish(end End, r *result.Result)
}

// End is what is known when the trace has ended.
type End struct {
	Tables   *event.Tables
	Groups   []timeline.Group
	From, To int64 // window, ns
}

// Set is all collectors.
type Set struct {
	list []Collector
}

// New returns the collectors of an analysis.
func New(o Options, tables *event.Tables) *Set {
	return &Set{list: []Collector{
		newAccounting(o, tables),
		newConcurrency(),
		newProcs(),
		newSpans(),
		newRuntime(),
	}}
}

// Collect hands a batch to every collector.
func (s *Set) Collect(batch []timeline.Record) {
	for _, c := range s.list {
		c.Collect(batch)
	}
}

// Finish writes every section, in the order of New.
func (s *Set) Finish(end End, r *result.Result) {
	for _, c := range s.list {
		c.Finish(end, r)
	}
}
