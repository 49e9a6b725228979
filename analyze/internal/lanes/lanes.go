// Package lanes collects what each goroutine did, one interval after the other,
// into an interval.Log.
//
// It takes the records of a second reading of a trace, when it is known what is at
// rest and which moments a report points to. What does not fit into memory is merged,
// the shortest first (interval.Log.Coarsen); the length from which intervals are
// told one by one doubles whenever there are too many.
//
// lanes.go follows goroutines, cells.go what their intervals were, beside.go tasks,
// regions, logs and the runtime's own work.
package lanes

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/collect"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
)

// Options are what is known before.
type Options struct {
	From, To int64 // of the window, ns
	// GroupAt is where a group of the trace is in the result, -1 if it is not.
	GroupAt func(group int32) int
	// Idle says of the waits of a group, of one kind on one stack, by which rule they
	// are at rest, and whether others stand for whoever waits.
	Idle func(collect.Place) (rule string, join bool)
	// Moments are what a report points to: the intervals are never merged.
	Moments []result.Moment
	// MaxIntervals bounds the intervals that are held; 0 is DefaultIntervals.
	MaxIntervals int
}

// DefaultIntervals is how many intervals are held unless told otherwise, some 50 MB.
const DefaultIntervals = 1_500_000

// leastBelow is the first length below which intervals are merged, ns.
const leastBelow = 1024

// Lanes is a timeline.Sink.
type Lanes struct {
	opts   Options
	tables *event.Tables
	log    *interval.Log
	names  names
	lives  []life // by slot
	held   int    // entries in the lists
	keep   map[int64][]result.Moment
	tasks  map[int64]*interval.Task
}

// life is a goroutine that lives.
type life struct {
	*interval.Goroutine
	group   int32 // in the trace
	end     int64 // of its last interval
	split   bool  // the last interval goes on
	regions []interval.Region
}

// New returns Lanes for a reading whose decoder has tables.
func New(o Options, tables *event.Tables) *Lanes {
	if o.MaxIntervals == 0 {
		o.MaxIntervals = DefaultIntervals
	}
	l := &Lanes{
		opts: o, tables: tables, log: interval.New(o.From, o.To),
		keep: map[int64][]result.Moment{}, tasks: map[int64]*interval.Task{},
	}
	l.names = newNames(o, tables, l.log)
	for _, m := range o.Moments {
		if m.Goroutine > 0 {
			l.keep[m.Goroutine] = append(l.keep[m.Goroutine], m)
		}
	}
	return l
}

// Collect takes records in order.
func (l *Lanes) Collect(batch []timeline.Record) {
	for i := range batch {
		r := &batch[i]
		switch r.Op {
		case timeline.OpBorn:
			l.born(r)
		case timeline.OpIdentified:
			l.identified(r)
		case timeline.OpInterval:
			l.interval(r)
		default:
			l.beside(r)
		}
	}
}

func (l *Lanes) born(r *timeline.Record) {
	for int(r.Slot) >= len(l.lives) {
		l.lives = append(l.lives, life{})
	}
	g := &l.lives[r.Slot]
	*g = life{group: r.Group, regions: g.regions[:0]}
	if r.Has(timeline.FlagDeselected) {
		return
	}
	g.Goroutine = &interval.Goroutine{ID: r.G, Group: -1, Parent: r.Other, Start: -1, Older: r.Has(timeline.FlagCensoredStart)}
	if r.Group != timeline.NoGroup {
		l.join(g, r)
	}
}

// join tells of which group a goroutine is.
func (l *Lanes) join(g *life, r *timeline.Record) {
	g.group = r.Group
	g.Group, g.System = l.opts.GroupAt(r.Group), r.Has(timeline.FlagSystem)
}

// identified gives the intervals that a goroutine had before its group was known
// their cells.
func (l *Lanes) identified(r *timeline.Record) {
	g := &l.lives[r.Slot]
	if g.Goroutine == nil {
		return
	}
	if r.Has(timeline.FlagDeselected) {
		l.held -= len(g.Intervals)
		g.Goroutine = nil
		return
	}
	l.join(g, r)
	for i := range g.Intervals {
		g.Intervals[i].Cell = l.names.moved(g.Intervals[i].Cell, g)
	}
}

func (l *Lanes) interval(r *timeline.Record) {
	g := &l.lives[r.Slot]
	if g.Goroutine == nil {
		if r.Has(timeline.FlagDeselected) && r.State == event.GoRunning && r.P >= 0 {
			l.log.Others(r.P, r.Start, r.Ns())
		}
		return
	}
	if ns := r.Ns(); ns > 0 {
		l.add(g, r)
	}
	if r.Next == event.GoNotExist || r.Next == event.GoUndetermined && !r.Has(timeline.FlagGap) {
		l.ended(g, r)
	}
}

// add appends an interval to a goroutine's list.
func (l *Lanes) add(g *life, r *timeline.Record) {
	if g.Start < 0 {
		g.Start, g.end = r.Start, r.Start
		g.Older = g.Older || r.Has(timeline.FlagCensoredStart)
	}
	if r.Start > g.end { // only a damaged trace says nothing in between
		l.append(g, interval.Interval{Ns: r.Start - g.end, Who: -1, Cell: l.names.gap(g)}, g.end)
	}
	iv := interval.Interval{Ns: r.End - max(g.end, r.Start), Who: -1, Cell: l.names.cell(g, r), Keep: l.pointed(r)}
	switch r.State {
	case event.GoRunning:
		iv.Who = int64(r.P)
	case event.GoWaiting:
		if r.Other != event.NoG && !r.Has(timeline.FlagExternal) {
			iv.Who, iv.Stack = r.Other, l.names.stack(r.OtherStack)
		}
	}
	if iv.Ns > 0 {
		at := r.End - iv.Ns
		if n := len(g.Intervals); g.split && n > 0 && l.log.Cells[g.Intervals[n-1].Cell].Kind == l.log.Cells[iv.Cell].Kind {
			last := g.Intervals[n-1]
			g.Intervals = g.Intervals[:n-1]
			l.held--
			l.log.Intervals--
			iv.Ns += last.Ns
			iv.Keep = iv.Keep || last.Keep
			at -= last.Ns
		}
		g.split = r.Has(timeline.FlagSplit)
		l.append(g, iv, at)
	}
	g.end = max(g.end, r.End)
}

func (l *Lanes) append(g *life, iv interval.Interval, at int64) {
	before := len(g.Intervals)
	if g.split || g.group == timeline.NoGroup {
		g.Intervals = append(g.Intervals, iv) // not yet what it will be
	} else {
		l.log.Add(g.Goroutine, iv, at)
	}
	if !l.log.Cells[iv.Cell].Merged {
		l.log.Intervals++
	}
	if l.held += len(g.Intervals) - before; l.held > l.opts.MaxIntervals {
		l.coarsen()
	}
}

// pointed says whether a report points to an interval.
func (l *Lanes) pointed(r *timeline.Record) bool {
	for _, m := range l.keep[r.G] {
		if r.Start < m.ToNs && r.End > m.FromNs && r.Ns()*100 >= m.ToNs-m.FromNs {
			return true
		}
	}
	return false
}

// coarsen merges what is short until three quarters of the room are enough.
func (l *Lanes) coarsen() {
	for l.held > l.opts.MaxIntervals*3/4 {
		l.held = l.log.Coarsen(max(leastBelow, l.log.BelowNs*2))
		for i := range l.lives {
			g := &l.lives[i]
			if g.Goroutine == nil {
				continue
			}
			if g.group != timeline.NoGroup && !g.split {
				l.log.Thin(g.Goroutine)
			}
			l.held += len(g.Intervals)
		}
		if l.log.BelowNs > l.opts.To-l.opts.From {
			// All that is left is pointed to, or is all that a goroutine has: it is not
			// gone through again before there is twice as much.
			l.opts.MaxIntervals = 2 * l.held
			return
		}
	}
}

// ended takes the last interval of a goroutine.
func (l *Lanes) ended(g *life, r *timeline.Record) {
	g.Open = r.Next == event.GoUndetermined
	l.endRegions(g, r)
	if g.Start < 0 {
		g.Goroutine = nil // nothing of it is in the window
		return
	}
	l.log.Seen++
	g.split = false
	before := len(g.Intervals)
	if g.Group >= 0 && l.log.BelowNs > 0 && !l.log.Thin(g.Goroutine) {
		l.held -= before
		g.Goroutine = nil // all of it was short
		return
	}
	l.held += len(g.Intervals) - before
	l.log.Goroutines = append(l.log.Goroutines, g.Goroutine)
	g.Goroutine = nil
}

// Finish returns the Log.
func (l *Lanes) Finish() *interval.Log {
	l.finishTasks()
	slices.SortFunc(l.log.Goroutines, func(x, y *interval.Goroutine) int {
		return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Start, y.Start))
	})
	return l.log
}
