package lanes

import (
	"cmp"
	"slices"

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
)

// Task keeps a task.
func (l *Lanes) Task(t *interval.Task) {
	l.log.Total.Tasks++
	l.log.Tasks = longest(append(l.log.Tasks, *t), maxTasks, func(t *interval.Task) int64 { return t.Ns })
}

// Region keeps a region.
func (l *Lanes) Region(_ int32, r *interval.Region) {
	l.log.Total.Regions++
	l.log.Regions = longest(append(l.log.Regions, *r), maxRegions, func(t *interval.Region) int64 { return t.Ns })
}

// Line keeps a line.
func (l *Lanes) Line(_ int32, line *interval.Line) {
	if l.log.Total.Logs++; len(l.log.Logs) < maxLogs {
		l.log.Logs = append(l.log.Logs, *line)
	}
}

// Sample keeps a CPU sample.
func (l *Lanes) Sample(_ int32, s *interval.Sample) {
	if l.log.Total.Samples++; len(l.log.Samples) < maxSamples {
		l.log.Samples = append(l.log.Samples, *s)
	}
}

// Range keeps a stretch of the runtime's own work.
func (l *Lanes) Range(r *interval.Range) {
	l.log.Total.Ranges++
	l.log.Ranges = longest(append(l.log.Ranges, *r), maxRanges, func(t *interval.Range) int64 { return t.Ns })
}

// Heap notes a size. When there are too many every second one goes.
func (l *Lanes) Heap(h *interval.Heap) {
	l.log.Total.Heap++
	l.log.Heap = append(l.log.Heap, *h)
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

// finishSpans brings what has a length into order.
func (l *Lanes) finishSpans() {
	l.log.Tasks = interval.Longest(l.log.Tasks, maxTasks, func(t *interval.Task) int64 { return t.Ns })
	l.log.Regions = interval.Longest(l.log.Regions, maxRegions, func(t *interval.Region) int64 { return t.Ns })
	l.log.Ranges = interval.Longest(l.log.Ranges, maxRanges, func(t *interval.Range) int64 { return t.Ns })
	slices.SortFunc(l.log.Tasks, func(x, y interval.Task) int { return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(x.ID, y.ID)) })
	slices.SortStableFunc(l.log.Regions, func(x, y interval.Region) int {
		return cmp.Or(cmp.Compare(x.Start, y.Start), cmp.Compare(y.Ns, x.Ns))
	})
	slices.SortStableFunc(l.log.Ranges, func(x, y interval.Range) int { return cmp.Compare(x.Start, y.Start) })
}

// longest keeps a list from growing beyond twice what it may have.
func longest[T any](list []T, most int, ns func(*T) int64) []T {
	if len(list) < 2*most {
		return list
	}
	return interval.Longest(list, most, ns)
}
