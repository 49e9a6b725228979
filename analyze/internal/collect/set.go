package collect

import (
	"regexp"

	"github.com/conctrace/conctrace/analyze/internal/blame"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/siterule"
)

// Options choose what is collected.
type Options struct {
	// Goroutines keeps every goroutine, not only the groups.
	Goroutines bool
	// AtRest names further goroutines or waits that are idle by design: it is
	// matched against entry functions and the functions of a wait's stack.
	AtRest *regexp.Regexp
	// Sites name places in the program and say what waits there mean.
	Sites []siterule.Rule
	// From is the scope's start, ns.
	From int64
	// BlameBytes bounds the memory of what is known of the past to say what filled
	// a wait; 0 is blame.DefaultBytes.
	BlameBytes int64
}

// Collector gathers one section from the records that Set gives it.
type Collector interface {
	// Finish writes the section. It is called once, after the last record.
	Finish(end *End, r *result.Result)
}

// End is what is known when the trace has ended.
type End struct {
	Tables   *event.Tables
	Groups   []timeline.Group
	Late     timeline.LateGroups
	From, To int64 // window, ns

	order []int     // where each group is in the result, once accounting has finished
	sites []cellKey // the places in the result, once the sweep has finished
}

// Set is all collectors. They work beside the timeline that hands its batches over:
// blame in a goroutine of its own, as it needs nothing of the others until the end,
// all others in one.
type Set struct {
	accounting *accounting
	sweep      *sweep
	procs      *procs
	spans      *spans
	runtime    *runtimeWork
	blame      *blamed

	end  *End        // once finished
	list []Collector // in the order in which they finish

	work *workers // nil before the first batch
}

// New returns the collectors of an analysis.
func New(o Options, tables *event.Tables) *Set {
	accounting := newAccounting(o, tables)
	s := &Set{
		accounting: accounting,
		sweep:      newSweep(o, accounting),
		procs:      newProcs(),
		spans:      newSpans(),
		runtime:    newRuntime(tables),
		blame:      newBlamed(o, tables, accounting),
	}
	s.list = []Collector{s.accounting, s.sweep, s.procs, s.spans, s.runtime, s.blame}
	return s
}

// Collect hands the records of a batch to the collectors.
func (s *Set) Collect(batch []timeline.Record) {
	s.collect(batch)
	s.blame.ledger.Collect(batch)
}

// collect hands the records of a batch to the collectors that work in one
// goroutine.
func (s *Set) collect(batch []timeline.Record) {
	for i := range batch {
		s.take(&batch[i])
	}
}

// take hands a record to the collectors that it is about.
func (s *Set) take(r *timeline.Record) {
	switch r.Op {
	case timeline.OpInterval:
		s.accounting.interval(r)
		s.sweep.interval(r)
		s.procs.interval(r)
		s.spans.interval(r)
		s.runtime.interval(r)
	case timeline.OpBorn:
		s.accounting.born(r)
		s.sweep.born(r)
		s.procs.born(r)
		s.spans.born(r)
		s.runtime.identified(r)
	case timeline.OpIdentified:
		s.sweep.identifies(r)
		s.accounting.identified(r)
		s.sweep.identified(r)
		s.procs.identified(r)
		s.runtime.identified(r)
	case timeline.OpProc:
		s.procs.proc(r)
		s.sweep.proc(r)
	case timeline.OpProcs:
		s.accounting.changed(r)
		s.procs.changed(r)
		s.sweep.changed(r)
	case timeline.OpStop:
		s.sweep.stop(r)
	case timeline.OpSample:
		s.procs.sample(r)
		s.sweep.sample(r)
	case timeline.OpRange:
		s.runtime.ranged(r)
		s.sweep.ranged(r)
	case timeline.OpHeap:
		s.runtime.heap(r)
	case timeline.OpTaskBegin:
		s.accounting.span(r, +1)
		s.spans.taskBegin(r)
	case timeline.OpTaskEnd:
		s.accounting.span(r, -1)
		s.spans.taskEnd(r)
	case timeline.OpRegionBegin:
		s.accounting.span(r, +1)
		s.spans.regionBegin(r)
	case timeline.OpRegionEnd:
		s.accounting.span(r, -1)
		s.spans.regionEnd(r)
	case timeline.OpLog:
		s.spans.log(r)
	case timeline.OpGap:
		s.sweep.gap(r)
		s.procs.gap(r)
	}
}

// Keep has a batch collected beside the caller and returns an empty one. A panic
// of a collector comes up in a later call of Keep, Wait or Finish.
func (s *Set) Keep(full []timeline.Record) (empty []timeline.Record) {
	if s.work == nil {
		s.work = startWorkers(cap(full), s.collect, s.blame.ledger.Collect)
	}
	return s.work.exchange(full)
}

// Wait returns when all batches are collected. None may follow.
func (s *Set) Wait() {
	if s.work != nil {
		s.work.finish()
	}
}

// Close ends the collecting before its time. It does nothing after Wait or
// Finish, and nothing when called again.
func (s *Set) Close() {
	if s.work != nil {
		s.work.stop()
	}
}

// Finish writes every section, in the order of New.
func (s *Set) Finish(end End, r *result.Result) {
	s.Wait()
	s.end = &end
	for _, c := range s.list {
		c.Finish(&end, r)
	}
	lockShares(r)
}

// GroupAt is the index in the result of the group that has a number in the trace, -1
// if it has none there. It may be called after Finish.
func (s *Set) GroupAt(group int32) int {
	if group == timeline.NoGroup || int(group) >= len(s.end.order) {
		return -1
	}
	return s.end.order[group]
}

// System says whether the group that has a number in the trace is the runtime's or the
// tracer's own. It may be called after Finish, as Late may.
func (s *Set) System(group int32) bool { return s.end.Groups[group].System }

// Late are the groups of goroutines that were born without one.
func (s *Set) Late() timeline.LateGroups { return s.end.Late }

// Paths are the paths of tasks and regions. It may be called after Finish.
func (s *Set) Paths() []blame.Path { return s.blame.ledger.Paths() }

// Pieces are shares, of this reading or another one of the same trace, as they go
// into a result: so many, and the others as one more.
func (s *Set) Pieces(l *blame.Ledger, tables *event.Tables, shares []blame.Share, most int) []result.Piece {
	return piecesOf(s.endWith(tables), l, shares, most)
}

// Work is work and span, of this reading or another one of the same trace, as it goes
// into a result.
func (s *Set) Work(l *blame.Ledger, tables *event.Tables, w blame.Work) result.Work {
	return workOf(s.endWith(tables), l, w)
}

// endWith is the end of the trace for a reading with tables of its own.
func (s *Set) endWith(tables *event.Tables) *End {
	end := *s.end
	end.Tables = tables
	return &end
}
