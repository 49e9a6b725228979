package relay

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/interval"
)

// beside takes a record that is no goroutine's time.
func (l *Relay) beside(r *timeline.Record) {
	switch r.Op {
	case timeline.OpTaskBegin:
		l.taskBegins(r)
	case timeline.OpTaskEnd:
		l.taskEnds(r)
	case timeline.OpRegionBegin:
		l.regionBegins(r)
	case timeline.OpRegionEnd:
		l.regionEnds(r)
	case timeline.OpLog:
		l.logged(r)
	case timeline.OpSample:
		l.sampled(r)
	case timeline.OpRange:
		l.ranged(r)
	case timeline.OpHeap:
		l.heap(r)
	}
}

func (l *Relay) logged(r *timeline.Record) {
	if g := l.live(r); g != nil && !r.Has(timeline.FlagOutside) {
		l.begin(g)
		l.sink.Line(r.Slot, &interval.Line{At: r.Start, G: r.G, Task: r.Value, Category: l.tables.String(r.Name), Message: l.tables.String(event.StringID(r.Other))})
	}
}

func (l *Relay) sampled(r *timeline.Record) {
	if r.Has(timeline.FlagOutside) {
		return
	}
	slot := int32(-1)
	if g := l.live(r); g != nil {
		l.begin(g)
		slot = r.Slot
	}
	l.sink.Sample(slot, &interval.Sample{At: r.Start, G: r.G, P: r.P, Stack: l.names.stack(r.Stack)})
}

func (l *Relay) ranged(r *timeline.Record) {
	if r.Has(timeline.FlagOutside) || r.Ns() <= 0 || r.Range != event.RangeSTW && r.Range != event.RangeMark {
		return
	}
	out := interval.Range{Stop: r.Range == event.RangeSTW, Start: r.Start, Ns: r.Ns(), G: r.G}
	if out.Stop {
		out.Reason = l.tables.Reason(r.Reason)
	}
	l.sink.Range(&out)
}

func (l *Relay) heap(r *timeline.Record) {
	if !r.Has(timeline.FlagOutside) && r.Value >= 0 && (r.Next == 0 || r.Value < noGoal) {
		l.sink.Heap(&interval.Heap{At: r.Start, Bytes: r.Value, Goal: r.Next != 0})
	}
}

// noGoal is a heap goal that means "none": the collector is off.
const noGoal = 1 << 60
