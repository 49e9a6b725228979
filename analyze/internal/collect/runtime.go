package collect

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// runtimeWork sums what the garbage collector and the stopping of the world took.
type runtimeWork struct {
	gc     result.GC
	marks  histogram
	system []int64 // running ns of the runtime's groups, by number
	stops  map[event.ReasonID]*stopSum
	tables *event.Tables
	marker []bool // groups of mark workers, by number
	left   mutator
	reason []event.ReasonID // of gc.LongestSTWs
}

type stopSum struct {
	ns     int64
	pauses histogram
	stack  event.StackID // on which the longest was begun
}

// noGoal is a heap goal that means "none": the collector is off.
const noGoal = 1 << 60

// ran books running time of a group of the runtime's goroutines.
func (w *runtimeWork) ran(group int32, ns int64) {
	for int(group) >= len(w.system) {
		w.system = append(w.system, 0)
	}
	w.system[group] += ns
}

func newRuntime(tables *event.Tables) *runtimeWork {
	return &runtimeWork{stops: make(map[event.ReasonID]*stopSum), tables: tables}
}

// identified notes which groups are mark workers.
func (w *runtimeWork) identified(r *timeline.Record) {
	if r.Group == timeline.NoGroup || !r.Has(timeline.FlagSystem) {
		return
	}
	for int(r.Group) >= len(w.marker) {
		w.marker = append(w.marker, false)
	}
	w.marker[r.Group] = w.tables.String(r.Name) == "runtime.gcBgMarkWorker"
}

// interval follows the collector's work in goroutines.
func (w *runtimeWork) interval(r *timeline.Record) {
	if r.Kind == waitkind.GCAssist || r.Has(timeline.FlagSystem) {
		w.worked(r)
	}
}

func (w *runtimeWork) worked(r *timeline.Record) {
	if r.Kind == waitkind.GCAssist {
		w.gc.AssistNs += r.Ns()
	}
	marks := false
	if r.Has(timeline.FlagSystem) && r.Kind.Class() == waitkind.Running {
		w.ran(r.Group, r.Ns())
		marks = int(r.Group) < len(w.marker) && w.marker[r.Group] && r.State == event.GoRunning
	}
	if marks || r.Kind == waitkind.GCAssist {
		w.left.add(r.Start, r.End, false)
	}
}

func (w *runtimeWork) heap(r *timeline.Record) {
	if r.Has(timeline.FlagOutside) {
		return
	}
	if r.Next == 0 {
		w.gc.HeapMaxB = max(w.gc.HeapMaxB, r.Value)
	} else if w.gc.HeapGoalB = r.Value; r.Value >= noGoal {
		w.gc.HeapGoalB = 0
	}
}

// ranged is the end of a range.
func (w *runtimeWork) ranged(r *timeline.Record) {
	if r.Has(timeline.FlagOutside) {
		return
	}
	whole := r.Flags&(timeline.FlagCensoredStart|timeline.FlagCensoredEnd) == 0
	switch r.Range {
	case event.RangeMark:
		w.gc.Cycles++
		w.gc.MarkNs += r.Ns()
		if whole {
			w.marks.add(r.Ns())
		}
	case event.RangeSweep:
		w.gc.SweepNs += r.Ns()
	case event.RangeSTW:
		w.stopped(r)
	}
}

func (w *runtimeWork) stopped(r *timeline.Record) {
	w.left.add(r.Start, r.End, true)
	s := w.stops[r.Reason]
	if s == nil {
		s = new(stopSum)
		w.stops[r.Reason] = s
	}
	s.ns += r.Ns()
	if s.stack == 0 || r.Ns() > s.pauses.max {
		s.stack = r.Stack
	}
	s.pauses.add(r.Ns())
	w.gc.STWTotalNs += r.Ns()
	i, _ := slices.BinarySearchFunc(w.gc.LongestSTWs, r.Ns(), func(p result.Pause, ns int64) int { return cmp.Compare(ns, p.DurationNs) })
	if i < maxSlowest {
		w.gc.LongestSTWs = slices.Insert(w.gc.LongestSTWs, i, result.Pause{AtNs: r.Start, DurationNs: r.Ns()})
		w.reason = slices.Insert(w.reason, i, r.Reason)
		n := min(len(w.reason), maxSlowest)
		w.gc.LongestSTWs, w.reason = w.gc.LongestSTWs[:n], w.reason[:n]
	}
}

// Finish writes the section.
func (w *runtimeWork) Finish(end *End, r *result.Result) {
	w.gc.Mark = w.marks.latency()
	for i := range w.reason {
		w.gc.LongestSTWs[i].Reason = end.Tables.Reason(w.reason[i])
	}
	w.gc.STW = make([]result.STW, 0, len(w.stops))
	for reason, s := range w.stops {
		w.gc.STW = append(w.gc.STW, result.STW{Reason: end.Tables.Reason(reason), TotalNs: s.ns, Pauses: s.pauses.latency(), Frames: frames(end.Tables, s.stack)})
	}
	slices.SortFunc(w.gc.STW, func(x, y result.STW) int {
		return cmp.Or(cmp.Compare(y.TotalNs, x.TotalNs), cmp.Compare(x.Reason, y.Reason))
	})
	for n, ns := range w.system {
		if end.Groups[n].Entry == "runtime.gcBgMarkWorker" {
			w.gc.WorkerNs += ns
		}
	}
	w.gc.MMU = w.left.curve(end.From, end.To, r.Trace.Gomaxprocs)
	r.GC = w.gc
}
