package analyze

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"regexp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/blame"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// PathQuestion says which critical paths are asked for: of tasks or regions whose
// type matches, or of a goroutine. The zero value is the trace's busiest stretch.
type PathQuestion struct {
	Task, Region *regexp.Regexp
	Goroutine    int64
	// MaxSteps bounds the steps that are told of a path: short ones that follow each
	// other are told as one. 0 is 500.
	MaxSteps int
}

const (
	maxPathSteps   = 500
	maxPathPieces  = 12
	maxCandidates  = 5 // of each kind of change
	leastSpeedUp   = 1.01
	mostlyForeign  = 0.5
	stretchOf      = "stretch"
	goroutineOf    = "goroutine"
	burdenedFactor = 1.7 // of T∞ in Cilkview's estimate (methods.md 1.3)
)

// Path follows what had to happen one after the other until something was done: the
// critical path (methods.md A.9), with bounds for what more processors or faster
// parts could do. It reads the trace three times; standard input is kept in a file
// for that.
//
// Beside the errors of Analyze it returns one if there is nothing like what is asked
// for.
func Path(ctx context.Context, src Source, o Options, q PathQuestion) (*result.PathReport, error) {
	a := analysis{src: src, opts: o}
	if err := a.begin(ctx); err != nil {
		return nil, err
	}
	defer a.close()
	goroutine := event.NoG
	if q.Goroutine != 0 {
		goroutine = q.Goroutine
	}
	first, err := a.firstReading(ctx, goroutine, -1)
	if err != nil {
		return nil, err
	}
	out := &result.PathReport{SchemaVersion: result.SchemaVersion, Trace: about(first.Result), Question: q.String(), Groups: groupIDs(first.Result), Paths: []result.CriticalPath{}, Notes: []string{}}
	targets, err := first.pathTargets(q, &out.Notes)
	if err != nil {
		return nil, fmt.Errorf("path of %s: %w", src.name, err)
	}
	m := measuring{}
	t, err := a.retell(ctx, first, targets, func(l *blame.Ledger) { m.base(l, targets) })
	if err != nil {
		return nil, err
	}
	for i := range targets {
		t.shorten(&targets[i])
		if p, ok := t.path(&targets[i], &m, i, cmp.Or(q.MaxSteps, maxPathSteps)); ok {
			out.Paths = append(out.Paths, p)
		}
	}
	out.Notes = append(out.Notes, t.notes(targets)...)
	return out, a.whatIf(ctx, first, &m, out.Paths)
}

// String is the question in words.
func (q PathQuestion) String() string {
	switch {
	case q.Task != nil:
		return fmt.Sprintf("the critical path of tasks whose type matches %q", q.Task)
	case q.Region != nil:
		return fmt.Sprintf("the critical path of regions whose type matches %q", q.Region)
	case q.Goroutine != 0:
		return fmt.Sprintf("the critical path of goroutine %d", q.Goroutine)
	}
	return "the critical path of the busiest stretch"
}

func (f *reading) pathTargets(q PathQuestion, notes *[]string) ([]target, error) {
	switch {
	case q.Task != nil:
		return f.ofTypes("task", q.Task, notes)
	case q.Region != nil:
		return f.ofTypes("region", q.Region, notes)
	case q.Goroutine != 0:
		if !f.scout.seen {
			return nil, fmt.Errorf("goroutine %d is not in the trace: conctrace analyze --goroutines lists those that are", q.Goroutine)
		}
		return []target{{title: "its life within the trace", kind: goroutineOf, goroutine: q.Goroutine, Window: f.scout.life}}, nil
	}
	w := f.busiest()
	if w.To <= w.From {
		return nil, fmt.Errorf("nothing was in progress")
	}
	title := "from its beginning to its end, through the goroutine that ran last"
	return []target{{title: title, kind: stretchOf, goroutine: event.NoG, Window: w}}, nil
}

// busiest is the longest stretch in which something was in progress, by the phases
// of the trace.
func (f *reading) busiest() (best blame.Window) {
	var now blame.Window
	for _, p := range f.Concurrency.Phases {
		switch {
		case p.Label == "idle" || p.Label == "unknown":
			now = blame.Window{}
			continue
		case now.To == p.FromNs && now.To > now.From:
			now.To = p.ToNs
		default:
			now = blame.Window{From: p.FromNs, To: p.ToNs}
		}
		if now.To-now.From > best.To-best.From {
			best = now
		}
	}
	return best
}

// shorten makes a stretch begin where the recording does, if that had not room for the
// whole.
func (t *retelling) shorten(target *target) {
	if until := t.rec.DroppedUntil(); target.kind == stretchOf && target.From < until && until < target.To {
		target.From = until
		target.title = "its last part, as all of it did not fit into memory (--blame-memory), through the goroutine that ran last"
	}
}

// path is the critical path of the i-th target, in so many steps at most.
func (t *retelling) path(target *target, m *measuring, i, most int) (result.CriticalPath, bool) {
	walked := t.walk(target)
	if walked == nil {
		return result.CriticalPath{}, false
	}
	steps := t.ledger.Path(target.goroutine, target.From, target.To)
	p := result.CriticalPath{
		Title: target.title, Of: target.kind, Type: target.name, Goroutine: target.goroutine, Group: t.groupOf(target.goroutine),
		FromNs: target.From, ToNs: target.To, KindsNs: map[string]int64{},
		Pieces: t.set.Pieces(t.ledger, t.tables, t.ledger.SumPath(steps, target.goroutine), maxPathPieces),
	}
	for i := range steps {
		p.KindsNs[steps[i].Piece.Kind.String()] += steps[i].Ns()
	}
	p.Steps = thinned(t.steps(steps), most)
	p.RunnerUp = t.runnerUp(walked)
	m.found(t, i, target, &p)
	return p, true
}

// runnerUp is the second longest way to the last wait for several on a path.
func (t *retelling) runnerUp(steps []blame.Step) *result.RunnerUp {
	for i := len(steps) - 1; i >= 0; i-- {
		s := &steps[i]
		if !s.IsWait() {
			continue
		}
		if s.Kind == waitkind.WaitGroup {
			if g, ended, ok := t.rec.RunnerUp(s.G, s.Waker, s.From, s.To); ok {
				return &result.RunnerUp{Goroutine: g, Group: t.groupOf(g), EndedNs: ended, SlackNs: s.To - ended}
			}
		}
		if r := t.runnerUp(s.Steps); r != nil {
			return r
		}
	}
	return nil
}

// measuring is the work and span of paths, and what would follow from changes.
type measuring struct {
	numbers  []int           // of the measurement, by target; -1 for none
	stretch  []blame.Stretch // by target
	byPath   []int           // the target of each path
	works    []blame.Work    // by path
	measured []bool          // by path
}

// base asks a ledger for the work and span of what they mean something for.
func (m *measuring) base(l *blame.Ledger, targets []target) {
	for _, t := range targets {
		n, s := -1, blame.Stretch{G: t.goroutine, From: t.From, To: t.To}
		if t.kind != stretchOf {
			n = l.Measure(s, blame.Change{})
		}
		m.numbers, m.stretch = append(m.numbers, n), append(m.stretch, s)
	}
}

// found takes what was measured of the i-th target into its path, or says why it
// means nothing.
func (m *measuring) found(t *retelling, i int, target *target, p *result.CriticalPath) {
	var w blame.Work
	ok := false
	if n := m.numbers[i]; n >= 0 {
		w, ok = t.ledger.Measured(n)
	}
	m.byPath, m.works, m.measured = append(m.byPath, i), append(m.works, w), append(m.measured, false)
	switch {
	case target.kind == stretchOf:
		p.Refused = "Work and span are not told of a stretch of the trace: what began in it and what it waited for may have nothing to do with each other. Mark the work with a region or a task, and ask for that."
	case !ok && target.kind == goroutineOf:
		p.Refused = "Work and span are told of goroutines that begin and end within the trace."
	case !ok:
		p.Refused = fmt.Sprintf("Work and span are told of a %s that begins and ends on one goroutine.", target.kind)
	case w.Spans.Work == 0:
		p.Refused = "Nothing ran in it."
	case float64(w.ForeignNs) > mostlyForeign*float64(w.Ns):
		p.Refused = "For more than half of it its goroutine waited for goroutines that do not belong to it, such as a server's: how long they work for others is not known, so that a bound would be wrong."
	default:
		m.measured[len(m.measured)-1] = true
		p.Work = &result.Bounds{Work: t.set.Work(t.ledger, t.tables, w), Processors: processors(w, t.procs()), WhatIf: []result.WhatIf{}}
	}
}

// procs is the highest GOMAXPROCS of the trace.
func (f *reading) procs() int {
	n := 1
	for _, g := range f.Trace.Gomaxprocs {
		n = max(n, g.N)
	}
	return n
}

// processors are the bounds for numbers of processors.
func processors(w blame.Work, n int) []result.ProcessorBound {
	list := []int{1, 2, 4, 8, 16, 32, n}
	slices.Sort(list)
	var out []result.ProcessorBound
	for _, p := range slices.Compact(list) {
		b := result.ProcessorBound{P: p, AtLeastNs: atLeast(w.Spans, p)}
		if float64(w.Spans.Latency) <= 1.05*float64(w.Spans.CPU) {
			t1, span := float64(w.Spans.Work), float64(w.Spans.Burdened)
			b.AboutNs = max(b.AtLeastNs, int64(math.Round(t1/float64(p)+(1-1/float64(p))*burdenedFactor*span)))
		}
		out = append(out, b)
	}
	return out
}

// atLeast is how long it takes at least until a region's end on so many processors, ns:
// what led there, divided by them, or the longest chain.
func atLeast(s blame.Spans, p int) int64 {
	return max((s.Joined+int64(p)-1)/int64(p), s.Latency)
}

// whatIf reads the trace once more, with parts of each path taken for faster than
// they were.
func (a *analysis) whatIf(ctx context.Context, first *reading, m *measuring, paths []result.CriticalPath) error {
	type asked struct {
		path, number int
		change       blame.Change
		frame        *result.Frame
	}
	var all []asked
	for i := range paths {
		if m.measured[i] {
			for _, c := range candidates(paths[i].Pieces) {
				all = append(all, asked{path: i, change: c.change, frame: c.frame})
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	t, err := a.retell(ctx, first, nil, func(l *blame.Ledger) {
		for i := range all {
			all[i].number = l.Measure(m.stretch[m.byPath[all[i].path]], all[i].change)
		}
	})
	if err != nil {
		return err
	}
	for _, q := range all {
		w, ok := t.ledger.Measured(q.number)
		p := &paths[q.path]
		least := atLeast(w.Spans, first.procs())
		if !ok || least <= 0 {
			continue
		}
		out := result.WhatIf{What: changeNames[q.change.Kind], Frame: q.frame, Factor: q.change.Factor, AtLeastNs: least, SpeedUpAtMost: float64(w.Ns) / float64(least)}
		if now := float64(w.Ns) / float64(atLeast(m.works[q.path].Spans, first.procs())); out.SpeedUpAtMost >= leastSpeedUp*now {
			p.Work.WhatIf = append(p.Work.WhatIf, out)
		}
	}
	for i := range paths {
		if paths[i].Work != nil {
			slices.SortStableFunc(paths[i].Work.WhatIf, func(x, y result.WhatIf) int { return cmp.Compare(y.SpeedUpAtMost, x.SpeedUpAtMost) })
		}
	}
	return nil
}

// changeNames are what changes are called.
var changeNames = map[blame.Kind]string{blame.Code: "code", blame.LockHolder: "lock", blame.IO: "io", blame.Syscall: "syscall", blame.Timer: "timer"}

type candidate struct {
	change blame.Change
	frame  *result.Frame
}

// candidates are the changes that may matter to a path: its functions, twice as fast
// and gone, its locks gone, and what it waited for outside, twice as fast and gone.
func candidates(pieces []result.Piece) []candidate {
	var out []candidate
	counts := map[blame.Kind]int{}
	add := func(k blame.Kind, f *result.Frame, factors ...float64) {
		if counts[k] == maxCandidates || f == nil {
			return
		}
		if slices.ContainsFunc(out, func(c candidate) bool { return c.change.Kind == k && c.change.Func == f.Func }) {
			return
		}
		counts[k]++
		for _, factor := range factors {
			out = append(out, candidate{blame.Change{Kind: k, Func: f.Func, Factor: factor}, f})
		}
	}
	for _, p := range pieces {
		add(blame.LockHolder, p.HeldIn, 0)
		switch p.Kind {
		case blame.Code.String(), blame.LockHolder.String():
			add(blame.Code, p.Frame, 0.5, 0)
		case blame.IO.String():
			add(blame.IO, p.Frame, 0.5, 0)
		case blame.Syscall.String():
			add(blame.Syscall, p.Frame, 0.5, 0)
		case blame.Timer.String():
			add(blame.Timer, p.Frame, 0)
		}
	}
	return out
}
