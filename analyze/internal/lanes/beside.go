package lanes

import (
	"cmp"
	"maps"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/interval"
)

// How many of each are kept: of those that have a length the longest, of log lines and
// CPU samples the first, of sizes of the heap evenly chosen ones.
const (
	maxTasks   = 20_000
	maxRegions = 40_000
	maxLogs    = 10_000
	maxSamples = 100_000
	maxRanges  = 40_000
	maxHeap    = 20_000
	// maxOpenTasks bounds the tasks that are followed at once.
	maxOpenTasks = 100_000
	// maxOpenRegions bounds the nesting of regions in one goroutine.
	maxOpenRegions = 1000
)

// beside takes a record that is no goroutine's time.
func (l *Lanes) beside(r *timeline.Record) {
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

// live is the goroutine of a record, nil if it is not one that is asked for.
func (l *Lanes) live(r *timeline.Record) *life {
	if r.Slot < 0 || int(r.Slot) >= len(l.lives) || l.lives[r.Slot].Goroutine == nil {
		return nil
	}
	return &l.lives[r.Slot]
}

func (l *Lanes) taskBegins(r *timeline.Record) {
	if l.live(r) == nil || len(l.tasks) >= maxOpenTasks {
		return
	}
	l.tasks[r.Value] = &interval.Task{ID: r.Value, Parent: r.Other, Type: l.tables.String(r.Name), G: r.G, Start: r.Start, Older: r.Has(timeline.FlagOutside)}
}

// taskEnds ends a task; one that is older than the trace began nobody knows when.
func (l *Lanes) taskEnds(r *timeline.Record) {
	t := l.tasks[r.Value]
	if t == nil {
		if l.live(r) == nil {
			return
		}
		t = &interval.Task{ID: r.Value, Parent: r.Other, Type: l.tables.String(r.Name), G: event.NoG, Start: l.opts.From, Older: true}
	}
	delete(l.tasks, r.Value)
	l.taskDone(t, r)
}

func (l *Lanes) taskDone(t *interval.Task, r *timeline.Record) {
	t.Ns = r.End - t.Start
	if t.Ns <= 0 {
		return
	}
	l.log.Total.Tasks++
	l.log.Tasks = longest(append(l.log.Tasks, *t), maxTasks, func(t *interval.Task) int64 { return t.Ns })
}

// finishTasks ends the tasks that are open.
func (l *Lanes) finishTasks() {
	end := timeline.Record{End: l.opts.To}
	for _, id := range slices.Sorted(maps.Keys(l.tasks)) {
		l.tasks[id].Open = true
		l.taskDone(l.tasks[id], &end)
	}
	l.log.Tasks = interval.Longest(l.log.Tasks, maxTasks, func(t *interval.Task) int64 { return t.Ns })
	l.log.Regions = interval.Longest(l.log.Regions, maxRegions, func(t *interval.Region) int64 { return t.Ns })
	l.log.Ranges = interval.Longest(l.log.Ranges, maxRanges, func(t *interval.Range) int64 { return t.Ns })
	slices.SortFunc(l.log.Tasks, func(x, y interval.Task) int { return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.ID, y.ID)) })
	slices.SortStableFunc(l.log.Regions, func(x, y interval.Region) int { return cmp.Compare(x.Start, y.Start) })
	slices.SortStableFunc(l.log.Ranges, func(x, y interval.Range) int { return cmp.Compare(x.Start, y.Start) })
}

func (l *Lanes) regionBegins(r *timeline.Record) {
	g := l.live(r)
	if g == nil || len(g.regions) >= maxOpenRegions {
		return
	}
	g.regions = append(g.regions, interval.Region{Task: r.Value, Type: l.tables.String(r.Name), G: r.G, Start: r.Start, Older: r.Has(timeline.FlagOutside)})
}

// regionEnds ends the innermost region of that type; those inside of it that were
// never ended end with it.
func (l *Lanes) regionEnds(r *timeline.Record) {
	g := l.live(r)
	if g == nil {
		return
	}
	name := l.tables.String(r.Name)
	for i := len(g.regions) - 1; i >= 0; i-- {
		if g.regions[i].Type == name && g.regions[i].Task == r.Value {
			for _, region := range g.regions[i:] {
				l.regionDone(region, r)
			}
			g.regions = g.regions[:i]
			return
		}
	}
	l.regionDone(interval.Region{Task: r.Value, Type: name, G: r.G, Start: max(g.Start, l.opts.From), Older: true}, r)
}

// endRegions ends what a goroutine leaves open.
func (l *Lanes) endRegions(g *life, r *timeline.Record) {
	for _, region := range g.regions {
		region.Open = true
		l.regionDone(region, r)
	}
	g.regions = g.regions[:0]
}

func (l *Lanes) regionDone(region interval.Region, r *timeline.Record) {
	region.Ns = r.End - region.Start
	if region.Ns <= 0 {
		return
	}
	l.log.Total.Regions++
	l.log.Regions = longest(append(l.log.Regions, region), maxRegions, func(t *interval.Region) int64 { return t.Ns })
}

func (l *Lanes) logged(r *timeline.Record) {
	if r.Has(timeline.FlagOutside) || l.live(r) == nil {
		return
	}
	if l.log.Total.Logs++; len(l.log.Logs) < maxLogs {
		l.log.Logs = append(l.log.Logs, interval.Line{At: r.Start, G: r.G, Task: r.Value, Category: l.tables.String(r.Name), Message: l.tables.String(event.StringID(r.Other))})
	}
}

func (l *Lanes) sampled(r *timeline.Record) {
	if r.Has(timeline.FlagOutside) {
		return
	}
	if l.log.Total.Samples++; len(l.log.Samples) < maxSamples {
		l.log.Samples = append(l.log.Samples, interval.Sample{At: r.Start, G: r.G, P: r.P, Stack: l.names.stack(r.Stack)})
	}
}

func (l *Lanes) ranged(r *timeline.Record) {
	if r.Has(timeline.FlagOutside) || r.Ns() <= 0 || r.Range != event.RangeSTW && r.Range != event.RangeMark {
		return
	}
	l.log.Total.Ranges++
	out := interval.Range{Stop: r.Range == event.RangeSTW, Start: r.Start, Ns: r.Ns(), G: r.G}
	if out.Stop {
		out.Reason = l.tables.Reason(r.Reason)
	}
	l.log.Ranges = longest(append(l.log.Ranges, out), maxRanges, func(t *interval.Range) int64 { return t.Ns })
}

// heap notes a size. When there are too many every second one goes.
func (l *Lanes) heap(r *timeline.Record) {
	if r.Has(timeline.FlagOutside) || r.Value < 0 || r.Next != 0 && r.Value >= noGoal {
		return
	}
	l.log.Total.Heap++
	l.log.Heap = append(l.log.Heap, interval.Heap{At: r.Start, Bytes: r.Value, Goal: r.Next != 0})
	if len(l.log.Heap) < maxHeap {
		return
	}
	kept, live := l.log.Heap[:0], 0
	for _, h := range l.log.Heap {
		if !h.Goal {
			if live++; live%2 == 0 {
				continue
			}
		}
		kept = append(kept, h)
	}
	if len(kept) >= maxHeap {
		kept = kept[:maxHeap/2] // goals only: no program has as many collections
	}
	l.log.Heap = kept
}

// noGoal is a heap goal that means "none": the collector is off.
const noGoal = 1 << 60

// longest keeps a list from growing beyond twice what it may have.
func longest[T any](list []T, most int, ns func(*T) int64) []T {
	if len(list) < 2*most {
		return list
	}
	return interval.Longest(list, most, ns)
}
