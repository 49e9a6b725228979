package report

import (
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// drawGC shows the garbage collector's share and the stops of the world.
func drawGC(p *page, r *result.Result) {
	gc := r.GC
	if gc.Cycles <= 0 && gc.AssistNs <= 0 && len(gc.STW) == 0 {
		return
	}
	p.heading("GARBAGE COLLECTION", "and other stops of the world")
	for _, f := range []struct {
		label string
		items []line
	}{
		{"Cycles", p.gcCycles(r)},
		{"Work", p.gcWork(gc)},
		{"Heap", p.gcHeap(gc)},
	} {
		if len(f.items) > 0 {
			p.fact("  "+f.label, joined(f.items...))
		}
	}
	drawSTW(p, gc)
}

func (p *page) gcCycles(r *result.Result) []line {
	gc := r.GC
	if gc.Cycles <= 0 {
		return nil
	}
	items := []line{
		text(plain, units.Count(gc.Cycles)),
		text(plain, "marking for "+units.Percent(gc.MarkNs, r.Scope.DurationNs())+" of the time ("+units.Duration(gc.MarkNs)+")"),
	}
	if gc.Mark.Count > 0 {
		items = append(items, text(plain, "longest mark phase "+units.Duration(gc.Mark.MaxNs)))
	}
	return items
}

func (p *page) gcWork(gc result.GC) []line {
	var items []line
	for _, part := range []struct {
		label string
		ns    int64
	}{{"mark workers ", gc.WorkerNs}, {"goroutines made to assist ", gc.AssistNs}, {"sweeping ", gc.SweepNs}} {
		if part.ns > 0 {
			items = append(items, text(plain, part.label+units.Duration(part.ns)))
		}
	}
	return items
}

func (p *page) gcHeap(gc result.GC) []line {
	var items []line
	if gc.HeapMaxB > 0 {
		items = append(items, text(plain, "up to "+units.Size(gc.HeapMaxB)+" live"))
	}
	if gc.HeapGoalB > 0 {
		items = append(items, text(plain, "last goal "+units.Size(gc.HeapGoalB)))
	}
	return items
}

// drawSTW lists the reasons for which the world stopped.
func drawSTW(p *page, gc result.GC) {
	t := table{columns: append([]column{
		{title: "WORLD STOPPED FOR", least: 18},
		{title: "PAUSES", right: true, drop: 5},
		{title: "TOTAL", right: true},
	}, percentileColumns()...)}
	shown := gc.STW[:min(len(gc.STW), p.Top)]
	for _, s := range shown {
		t.rows = append(t.rows, append([]cell{
			textCell{forms: []string{p.clean(s.Reason)}, start: true},
			txt(plain, units.Count(s.Pauses.Count)),
			txt(plain, units.Duration(s.TotalNs)),
		}, percentileCells(s.Pauses)...))
	}
	t.draw(p, 2)
	p.more(len(gc.STW)-len(shown), len(gc.STW), "reason", "reasons")
}

// percentileCells fill percentileColumns.
func percentileCells(l result.Latency) []cell {
	if l.Count <= 0 {
		return []cell{nil, nil, nil, nil}
	}
	return []cell{txt(plain, units.Duration(l.P50Ns)), txt(plain, units.Duration(l.P90Ns)), txt(plain, units.Duration(l.P99Ns)), txt(plain, units.Duration(l.MaxNs))}
}
