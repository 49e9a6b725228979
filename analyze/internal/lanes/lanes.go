// Package lanes collects what each goroutine did, one interval after the other,
// into an interval.Log.
//
// It is handed what happened in a second reading of a trace, when it is known what is
// at rest and which moments a report points to. What does not fit into memory is merged,
// the shortest first (interval.Log.Coarsen); the length from which intervals are
// told one by one doubles whenever there are too many.
//
// lanes.go follows goroutines, beside.go tasks, regions, logs and the runtime's own
// work.
package lanes

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Options are what is known before.
type Options struct {
	// Moments are what a report points to: the intervals are never merged.
	Moments []result.Moment
	// MaxIntervals bounds the intervals that are held; 0 is DefaultIntervals.
	MaxIntervals int
}

// DefaultIntervals is how many intervals are held unless told otherwise, some 50 MB.
const DefaultIntervals = 1_500_000

// leastBelow is the first length below which intervals are merged, ns.
const leastBelow = 1024

// Lanes is an interval.Sink.
type Lanes struct {
	opts  Options
	log   *interval.Log
	lives []life // by slot
	held  int    // entries in the lists
	keep  map[int64][]result.Moment
}

// life is a goroutine that lives.
type life struct {
	*interval.Goroutine
	split bool // the last interval goes on
}

// New returns Lanes.
func New(o Options) *Lanes {
	if o.MaxIntervals == 0 {
		o.MaxIntervals = DefaultIntervals
	}
	l := &Lanes{opts: o, keep: map[int64][]result.Moment{}}
	for _, m := range o.Moments {
		if m.Goroutine > 0 {
			l.keep[m.Goroutine] = append(l.keep[m.Goroutine], m)
		}
	}
	return l
}

// Begin makes the Log for a window.
func (l *Lanes) Begin(r *result.Result, t *interval.Tables) {
	l.log = interval.New(r.Scope.FromNs, r.Scope.ToNs)
	l.log.Tables = t
}

// Born introduces a goroutine.
func (l *Lanes) Born(b *interval.Birth) {
	for int(b.Slot) >= len(l.lives) {
		l.lives = append(l.lives, life{})
	}
	l.lives[b.Slot] = life{Goroutine: &interval.Goroutine{ID: b.G, Group: b.Group, Parent: b.Parent, Start: b.At, Older: b.Older, System: b.System}}
}

// Others books what a P ran of a goroutine that was not asked for.
func (l *Lanes) Others(p int32, start, ns int64) { l.log.Others(p, start, ns) }

// Stretch appends an interval to a goroutine's list.
func (l *Lanes) Stretch(s *interval.Stretch) {
	g := &l.lives[s.Slot]
	if s.Ns() > 0 {
		l.add(g, s)
	}
	if s.Last {
		l.ended(g, s)
	}
}

func (l *Lanes) add(g *life, s *interval.Stretch) {
	iv := interval.Interval{Ns: s.Ns(), Who: -1, Cell: s.Cell, Keep: l.pointed(s)}
	kind := l.log.Cells[s.Cell].Kind
	switch {
	case s.P >= 0:
		iv.Who = int64(s.P)
	case s.Waker >= 0 && kind.Class() != waitkind.Runnable:
		iv.Who, iv.Stack = s.Waker, s.WakerStack
	}
	at := s.Start
	if n := len(g.Intervals); g.split && n > 0 && l.log.Cells[g.Intervals[n-1].Cell].Kind == kind {
		last := g.Intervals[n-1]
		g.Intervals = g.Intervals[:n-1]
		l.held--
		l.log.Intervals--
		iv.Ns += last.Ns
		iv.Keep = iv.Keep || last.Keep
		at -= last.Ns
	}
	g.split = s.Split
	l.append(g, iv, at)
}

func (l *Lanes) append(g *life, iv interval.Interval, at int64) {
	before := len(g.Intervals)
	if g.split {
		g.Intervals = append(g.Intervals, iv) // not yet what it will be
	} else {
		l.log.Add(g.Goroutine, iv, at)
	}
	l.log.Intervals++
	if l.held += len(g.Intervals) - before; l.held > l.opts.MaxIntervals {
		l.coarsen()
	}
}

// pointed says whether a report points to an interval.
func (l *Lanes) pointed(s *interval.Stretch) bool {
	for _, m := range l.keep[s.G] {
		if s.Start < m.ToNs && s.End > m.FromNs && s.Ns()*100 >= m.ToNs-m.FromNs {
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
			if !g.split {
				l.log.Thin(g.Goroutine)
			}
			l.held += len(g.Intervals)
		}
		if l.log.BelowNs > l.log.To-l.log.From {
			// All that is left is pointed to, or is all that a goroutine has: it is not
			// gone through again before there is twice as much.
			l.opts.MaxIntervals = 2 * l.held
			return
		}
	}
}

// ended takes the last interval of a goroutine.
func (l *Lanes) ended(g *life, s *interval.Stretch) {
	if len(g.Intervals) == 0 {
		g.Goroutine = nil // it has no time in the window
		return
	}
	g.Open = s.Open
	l.log.Seen++
	g.split = false
	before := len(g.Intervals)
	if l.log.BelowNs > 0 && !l.log.Thin(g.Goroutine) {
		l.held -= before
		g.Goroutine = nil // all of it was short
		return
	}
	l.held += len(g.Intervals) - before
	l.log.Goroutines = append(l.log.Goroutines, g.Goroutine)
	g.Goroutine = nil
}

// Err is nil: nothing is written.
func (l *Lanes) Err() error { return nil }

// Finish returns the Log.
func (l *Lanes) Finish() *interval.Log {
	l.finishSpans()
	slices.SortFunc(l.log.Goroutines, func(x, y *interval.Goroutine) int {
		return cmp.Or(cmp.Compare(x.ID, y.ID), cmp.Compare(x.Start, y.Start))
	})
	return l.log
}
