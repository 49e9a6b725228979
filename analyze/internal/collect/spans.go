package collect

import (
	"cmp"
	"maps"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
)

// spans follows user tasks, regions and logs.
//
// A region is a stretch of one goroutine. A task has no goroutine: its time is
// that of the goroutine which began it and ends it, until then, and of the
// others within their regions of it. Tasks that a goroutine ends in another
// order than the reverse of their beginning, or leaves for others to end, it
// hands out and does not work on; nothing of its own counts for those.
type spans struct {
	lives   []spanLife   // by slot
	unused  []*openSpans // to be used again
	open    map[int64]*taskRun
	ended   []*taskRun // to be used again
	tasks   spanSums
	regions spanSums
	logs    []int64 // by category
	dropped int64   // tasks beyond maxOpenTasks
}

const (
	// maxOpenTasks bounds the tasks that are followed at once.
	maxOpenTasks = 100_000
	// maxOpenRegions bounds the nesting of regions in one goroutine.
	maxOpenRegions = 1000
	// maxSlowest is how many of the slowest are listed.
	maxSlowest = 10
)

// spanLife is the spans of a goroutine that lives.
type spanLife struct {
	inside   *openSpans // nil if it is inside of nothing
	selected bool
}

// openSpans is what a goroutine is inside of.
type openSpans struct {
	regions []regionRun
	begun   []*taskRun
}

type regionRun struct {
	task  int64
	name  event.StringID
	begin int64
	tally runTally
	// counts says that the region is the outermost of its task here, so that
	// its time counts for the task.
	counts bool
}

type taskRun struct {
	id, parent int64
	name       event.StringID
	g          int64
	slot       int32
	begin      int64
	own        runTally // of the goroutine that began it
	others     runTally // within regions
	dispatched bool     // own does not count
}

// spanSum is the tasks or regions of one type.
type spanSum struct {
	count, complete int64
	durations       histogram
	tally           tally
	slowest         []result.SlowRun
}

func newSpans() *spans {
	return &spans{open: make(map[int64]*taskRun)}
}

func (s *spans) born(r *timeline.Record) {
	for int(r.Slot) >= len(s.lives) {
		s.lives = append(s.lives, spanLife{})
	}
	s.lives[r.Slot] = spanLife{selected: !r.Has(timeline.FlagDeselected)}
}

// interval is nothing to a goroutine that is inside of nothing, as most are.
func (s *spans) interval(r *timeline.Record) {
	if l := &s.lives[r.Slot]; l.inside != nil {
		s.spent(l, r)
	}
}

func (s *spans) log(r *timeline.Record) {
	if !r.Has(timeline.FlagOutside) {
		for int(r.Name) >= len(s.logs) {
			s.logs = append(s.logs, 0)
		}
		s.logs[r.Name]++
	}
}

// spent books time to everything that the goroutine is inside of. Running time
// is split at every beginning and end, so an interval lies wholly inside or
// outside.
func (s *spans) spent(l *spanLife, r *timeline.Record) {
	if r.Ns() > 0 {
		for i := range l.inside.regions {
			l.inside.regions[i].tally.add(r)
		}
		for _, t := range l.inside.begun {
			t.own.add(r)
		}
	}
	if r.Next == event.GoNotExist {
		s.abandon(l, r)
	}
}

// abandon ends what a goroutine leaves open when it ends.
func (s *spans) abandon(l *spanLife, r *timeline.Record) {
	in := l.inside
	for i := range in.regions {
		s.endRegion(&in.regions[i], r, false)
	}
	for _, t := range in.begun {
		t.dispatched = true // others will end it
	}
	clear(in.begun)
	in.regions, in.begun = in.regions[:0], in.begun[:0]
	s.leave(l)
}

// enter returns what a goroutine is inside of, to be added to.
func (s *spans) enter(l *spanLife) *openSpans {
	if l.inside == nil {
		if n := len(s.unused); n > 0 {
			l.inside, s.unused = s.unused[n-1], s.unused[:n-1]
		} else {
			l.inside = new(openSpans)
		}
	}
	return l.inside
}

// leave puts an end to being inside of something, if nothing is left.
func (s *spans) leave(l *spanLife) {
	if in := l.inside; len(in.regions)+len(in.begun) == 0 {
		l.inside, s.unused = nil, append(s.unused, in)
	}
}

func (s *spans) taskBegin(r *timeline.Record) {
	l := s.life(r)
	if l == nil {
		return
	}
	if len(s.open) >= maxOpenTasks {
		s.dropped++
		return
	}
	t := s.newTask()
	t.id, t.parent, t.name, t.g, t.slot, t.begin, t.dispatched = r.Value, r.Other, r.Name, r.G, r.Slot, r.At, false
	s.open[t.id] = t
	in := s.enter(l)
	if len(in.begun) >= maxBegun {
		t.dispatched = true // it counts as one that others end
		return
	}
	in.begun = append(in.begun, t)
}

// maxBegun bounds the open tasks of one goroutine that are gone through with each of its
// intervals.
const maxBegun = 1000

// newTask returns a task without time, the rest of which is to be filled in.
func (s *spans) newTask() *taskRun {
	n := len(s.ended)
	if n == 0 {
		return new(taskRun)
	}
	t := s.ended[n-1]
	s.ended = s.ended[:n-1]
	t.own.reset()
	t.others.reset()
	return t
}

// below says whether a task descends from another.
func (s *spans) below(t *taskRun, ancestor int64) bool {
	for depth := 0; t != nil && depth < 64; depth++ {
		if t.parent == ancestor {
			return true
		}
		t = s.open[t.parent]
	}
	return false
}

func (s *spans) taskEnd(r *timeline.Record) {
	l := s.life(r)
	if l == nil {
		return
	}
	t := s.open[r.Value]
	if t == nil {
		if !r.Has(timeline.FlagOutside) {
			s.tasks.of(r.Name).count++ // it began before the trace
		}
		return
	}
	delete(s.open, t.id)
	if t.g != r.G {
		t.dispatched = true
	}
	if l.inside != nil {
		begun := l.inside.begun
		for i := len(begun) - 1; i >= 0 && begun[i] != t; i-- {
			// It ends below one that began later: they are not nested.
			begun[i].dispatched, t.dispatched = true, true
		}
	}
	s.forget(t)
	s.finishTask(t, r.At, true, r)
	s.ended = append(s.ended, t)
}

// forget takes a task from the goroutine that began it, if that is still there.
func (s *spans) forget(t *taskRun) {
	l := &s.lives[t.slot]
	if l.inside == nil {
		return
	}
	if j := slices.Index(l.inside.begun, t); j >= 0 {
		l.inside.begun = slices.Delete(l.inside.begun, j, j+1)
		s.leave(l)
	}
}

func (s *spans) regionBegin(r *timeline.Record) {
	l := s.life(r)
	if l == nil {
		return
	}
	in := s.enter(l)
	n := len(in.regions)
	if n >= maxOpenRegions {
		return
	}
	counts := true
	for i := range in.regions {
		counts = counts && in.regions[i].task != r.Value
	}
	for _, t := range in.begun {
		counts = counts && (t.id != r.Value || t.dispatched)
	}
	in.regions = slices.Grow(in.regions, 1)[:n+1] // a region that was here is used again
	run := &in.regions[n]
	run.task, run.name, run.begin, run.counts = r.Value, r.Name, r.At, counts
	run.tally.reset()
}

func (s *spans) regionEnd(r *timeline.Record) {
	l := s.life(r)
	if l == nil {
		return
	}
	if l.inside == nil || len(l.inside.regions) == 0 {
		if !r.Has(timeline.FlagOutside) {
			s.regions.of(r.Name).count++ // it began before the trace
		}
		return
	}
	last := len(l.inside.regions) - 1
	s.endRegion(&l.inside.regions[last], r, true)
	l.inside.regions = l.inside.regions[:last]
	s.leave(l)
}

// endRegion books a region, complete or cut off.
func (s *spans) endRegion(run *regionRun, r *timeline.Record, complete bool) {
	if t := s.open[run.task]; t != nil && run.counts {
		t.others.merge(&run.tally)
	}
	if r.Has(timeline.FlagOutside) && run.tally.empty() {
		return
	}
	sum := s.regions.of(run.name)
	sum.count++
	run.tally.addTo(&sum.tally)
	if complete {
		sum.took(result.SlowRun{Task: run.task, Goroutine: r.G, BeginNs: run.begin, DurationNs: r.At - run.begin})
	}
}

func (s *spans) finishTask(t *taskRun, at int64, complete bool, r *timeline.Record) {
	if !t.dispatched {
		t.others.merge(&t.own)
	}
	if r != nil && r.Has(timeline.FlagOutside) && t.others.empty() {
		return
	}
	sum := s.tasks.of(t.name)
	sum.count++
	t.others.addTo(&sum.tally)
	if complete {
		sum.took(result.SlowRun{Task: t.id, Goroutine: t.g, BeginNs: t.begin, DurationNs: at - t.begin})
	}
}

// took books the duration of a complete task or region.
func (s *spanSum) took(run result.SlowRun) {
	s.complete++
	s.durations.add(run.DurationNs)
	if len(s.slowest) == maxSlowest && run.DurationNs < s.slowest[maxSlowest-1].DurationNs {
		return
	}
	i, _ := slices.BinarySearchFunc(s.slowest, run, func(x, y result.SlowRun) int {
		return cmp.Or(cmp.Compare(y.DurationNs, x.DurationNs), cmp.Compare(x.BeginNs, y.BeginNs))
	})
	if i < maxSlowest {
		s.slowest = slices.Insert(s.slowest, i, run)
		s.slowest = s.slowest[:min(len(s.slowest), maxSlowest)]
	}
}

// life is the record's goroutine, or nil where it is unknown or not asked for.
func (s *spans) life(r *timeline.Record) *spanLife {
	if r.Slot < 0 || int(r.Slot) >= len(s.lives) || !s.lives[r.Slot].selected {
		return nil
	}
	return &s.lives[r.Slot]
}

// maxSpanTypes bounds the types that are told apart.
const maxSpanTypes = 1000

// spanSums are the types of tasks or regions.
type spanSums struct {
	byName []*spanSum // nil where there is none
	n      int
}

// of returns the sum of a type. What comes when there are too many goes together
// under no name.
func (s *spanSums) of(name event.StringID) *spanSum {
	if int(name) < len(s.byName) && s.byName[name] != nil {
		return s.byName[name]
	}
	if s.n >= maxSpanTypes && name != 0 {
		return s.of(0)
	}
	for int(name) >= len(s.byName) {
		s.byName = append(s.byName, nil)
	}
	sum := new(spanSum)
	s.byName[name] = sum
	s.n++
	return sum
}

// Finish books what is still open and writes tasks, regions and logs.
func (s *spans) Finish(end *End, r *result.Result) {
	for _, l := range s.lives {
		if l.inside != nil {
			for i := range l.inside.regions {
				s.endRegion(&l.inside.regions[i], &timeline.Record{}, false)
			}
		}
	}
	for _, l := range s.lives {
		if l.inside != nil {
			s.openAtEnd(l.inside.begun)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(s.open)) {
		s.finishTask(s.open[id], 0, false, nil)
	}
	r.Tasks, r.Regions = s.tasks.result(end.Tables), s.regions.result(end.Tables)
	r.Logs = []result.LogCount{}
	for name, n := range s.logs {
		if n > 0 {
			r.Logs = append(r.Logs, result.LogCount{Category: end.Tables.String(event.StringID(name)), Count: n})
		}
	}
	slices.SortFunc(r.Logs, func(x, y result.LogCount) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Category, y.Category))
	})
	if s.dropped > 0 {
		r.Trace.Warnings = append(r.Trace.Warnings, result.Warning{Code: "tasks-dropped", Message: "more than 100000 tasks were open at once; what began beyond that is not counted"})
	}
}

// openAtEnd judges the tasks that a goroutine has open when the trace ends: one,
// or a chain from parent to child, it is working on.
func (s *spans) openAtEnd(begun []*taskRun) {
	for i := 1; i < len(begun); i++ {
		if !s.below(begun[i], begun[i-1].id) {
			begun[i-1].dispatched, begun[i].dispatched = true, true
		}
	}
}

// result lists the types, the one with most time first.
func (s *spanSums) result(tables *event.Tables) []result.Span {
	out := make([]result.Span, 0, s.n)
	for name, s := range s.byName {
		if s == nil {
			continue
		}
		out = append(out, result.Span{
			Type: tables.String(event.StringID(name)), Count: s.count, Complete: s.complete,
			Duration: s.durations.latency(), Time: s.tally.time(), Slowest: s.slowest,
		})
	}
	slices.SortFunc(out, func(x, y result.Span) int {
		return cmp.Or(cmp.Compare(y.Time.LifetimeNs, x.Time.LifetimeNs), cmp.Compare(x.Type, y.Type))
	})
	return out
}
