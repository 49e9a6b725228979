package relay

import (
	"maps"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/interval"
)

const (
	// maxOpenTasks bounds the tasks that are followed at once.
	maxOpenTasks = 100_000
	// maxOpenRegions bounds the nesting of regions in one goroutine, maxOwnTasks the
	// tasks that one is told to work for.
	maxOpenRegions = 1000
	maxOwnTasks    = 100
	// backgroundTask is the task of regions that were given a context without one.
	backgroundTask = 0
)

// openTask is a task that has not ended. It is told if a goroutine that is asked for
// began or ended it.
type openTask struct {
	interval.Task
	told bool
}

func (l *Relay) taskBegins(r *timeline.Record) {
	if len(l.tasks) >= maxOpenTasks {
		l.dropped = true
		return
	}
	g := l.live(r)
	l.tasks[r.Value] = &openTask{interval.Task{
		ID: r.Value, Parent: r.Other, Type: l.tables.String(r.Name), G: r.G, Start: r.Start, Older: r.Has(timeline.FlagOutside),
	}, g != nil}
	if g != nil && len(g.own) < maxOwnTasks {
		g.own = append(g.own, r.Value)
	}
}

// taskEnds ends a task; one that is older than the trace began nobody knows when.
func (l *Relay) taskEnds(r *timeline.Record) {
	t := l.tasks[r.Value]
	if t == nil {
		if l.dropped {
			return // it may be one of those that did not fit
		}
		t = &openTask{Task: interval.Task{ID: r.Value, Parent: r.Other, Type: l.tables.String(r.Name), G: event.NoG, Start: l.from, Older: true}}
	}
	delete(l.tasks, r.Value)
	t.told = t.told || l.live(r) != nil
	t.Open = r.Has(timeline.FlagOutside) // it went on after the window
	l.taskDone(t, r.End)
}

func (l *Relay) taskDone(t *openTask, end int64) {
	if t.Ns = end - t.Start; t.Ns > 0 && t.told {
		l.sink.Task(&t.Task)
	}
}

// finishTasks ends the tasks that are open.
func (l *Relay) finishTasks() {
	for _, id := range slices.Sorted(maps.Keys(l.tasks)) {
		l.tasks[id].Open = true
		l.taskDone(l.tasks[id], l.to)
	}
}

func (l *Relay) regionBegins(r *timeline.Record) {
	g := l.live(r)
	if g == nil || len(g.regions) >= maxOpenRegions {
		return
	}
	g.regions = append(g.regions, interval.Region{Task: r.Value, Type: l.tables.String(r.Name), G: r.G, Start: r.Start, Depth: len(g.regions), Older: r.Has(timeline.FlagOutside)})
}

// regionEnds ends the innermost region of that type; those inside of it that were
// never ended end with it.
func (l *Relay) regionEnds(r *timeline.Record) {
	g := l.live(r)
	if g == nil {
		return
	}
	name := l.tables.String(r.Name)
	for i := len(g.regions) - 1; i >= 0; i-- {
		if g.regions[i].Type == name && g.regions[i].Task == r.Value {
			l.endFrom(g, i, r, r.Has(timeline.FlagOutside))
			return
		}
	}
	start := l.from
	if g.begun {
		start = max(g.birth.At, start)
	}
	l.regionDone(interval.Region{Task: r.Value, Type: name, G: r.G, Start: start, Older: true, Open: r.Has(timeline.FlagOutside)}, r)
}

// endRegions ends what a goroutine leaves open.
func (l *Relay) endRegions(g *life, r *timeline.Record) { l.endFrom(g, 0, r, true) }

// endFrom ends the regions from the i-th on, the innermost first.
func (l *Relay) endFrom(g *life, i int, r *timeline.Record, open bool) {
	for j := len(g.regions) - 1; j >= i; j-- {
		region := g.regions[j]
		region.Open = open
		l.regionDone(region, r)
	}
	g.regions = g.regions[:i]
}

func (l *Relay) regionDone(region interval.Region, r *timeline.Record) {
	if region.Ns = r.End - region.Start; region.Ns > 0 {
		l.begin(&l.lives[r.Slot])
		l.sink.Region(r.Slot, &region)
	}
}

// task says which task a stretch is for.
func (l *Relay) task(g *life, s *interval.Stretch) {
	s.Task = interval.NoTask
	for i := len(g.regions) - 1; i >= 0; i-- {
		if id := g.regions[i].Task; id > backgroundTask {
			s.Task = id
			if t := l.tasks[id]; t != nil {
				s.TaskType = t.Type
			}
			return
		}
	}
	for n := len(g.own); n > 0; n-- {
		if t := l.tasks[g.own[n-1]]; t != nil {
			s.Task, s.TaskType = t.ID, t.Type
			return
		}
		g.own = g.own[:n-1]
	}
}
