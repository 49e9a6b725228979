package collect

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
)

// detail is the account of one goroutine, kept past its end.
type detail struct {
	tally
	id, parent     int64
	created, ended int64 // -1 where the trace has none
	group          int32
	seen, selected bool
	runCount       int64
	states         [event.GoSyscall + 1]int64
	waits          map[event.ReasonID]int64
	cells          map[*cell]int64 // ns by wait site, to tell what is at rest
}

// keep starts the detail of a goroutine.
func (a *accounting) keep(l *life, r *timeline.Record) {
	d := &detail{
		id: r.G, parent: r.Other, created: r.At, ended: -1, group: r.Group, selected: l.selected,
		waits: make(map[event.ReasonID]int64), cells: make(map[*cell]int64),
	}
	if r.Has(timeline.FlagCensoredStart) {
		d.created = -1
	}
	if d.parent != event.NoG {
		a.children[d.parent]++
	}
	l.detail = d
	a.details = append(a.details, d)
}

func (d *detail) identified(r *timeline.Record, moved func(*cell) *cell) {
	d.group = r.Group
	cells := make(map[*cell]int64, len(d.cells))
	for c, ns := range d.cells {
		cells[moved(c)] = ns
	}
	d.cells = cells
}

func (d *detail) add(r *timeline.Record, c *cell) {
	d.seen = true
	d.tally.add(r)
	d.states[r.State] += r.Ns()
	if r.State == event.GoWaiting {
		d.waits[r.Reason] += r.Ns()
	}
	if countsAsRun(r) {
		d.runCount++
	}
	if c != nil {
		d.cells[c] += r.Ns()
	}
}

// finishGoroutines writes the goroutines by ID. A goroutine of C code that
// comes back under the same ID is listed once for each of its lives.
func (a *accounting) finishGoroutines(end *End, order []int, r *result.Result) {
	slices.SortStableFunc(a.details, func(x, y *detail) int { return cmp.Compare(x.id, y.id) })
	for _, d := range a.details {
		if !d.seen || !d.selected {
			continue
		}
		for c, ns := range d.cells {
			if c.rest != "" {
				d.atRest[c.key.kind] += ns
			}
		}
		g := end.Groups[d.group]
		out := result.Goroutine{
			ID: d.id, Name: g.Entry, Group: order[d.group], System: g.System,
			Children: a.children[d.id], RunCount: d.runCount, Time: d.tally.time(),
			StatesNs: result.States{
				Running: d.states[event.GoRunning], Runnable: d.states[event.GoRunnable],
				Waiting: d.states[event.GoWaiting], Syscall: d.states[event.GoSyscall],
				Unknown: d.states[event.GoUndetermined] + d.states[event.GoNotExist], // only damage gives these
			},
		}
		out.LifetimeNs = out.Time.LifetimeNs
		if d.parent != event.NoG {
			out.Parent = &d.parent
		}
		if d.created >= 0 {
			out.CreatedNs = &d.created
		}
		if d.ended >= 0 {
			out.EndedNs = &d.ended
		}
		out.WaitsNs = make(map[string]int64, len(d.waits))
		for reason, ns := range d.waits {
			out.WaitsNs[end.Tables.Reason(reason)] += ns
		}
		r.Goroutines = append(r.Goroutines, out)
	}
}
