package analyze

import (
	"cmp"
	"context"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/blame"
	"github.com/conctrace/conctrace/analyze/internal/collect"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// reading is the first of the readings that an explanation takes: it says what
// there is to tell about.
type reading struct {
	*result.Result
	set    *collect.Set
	tables *event.Tables
	scout  *scout
}

// firstReading analyses the trace, with an eye on one goroutine; event.NoG for none.
func (a *analysis) firstReading(ctx context.Context, goroutine, at int64) (*reading, error) {
	if err := a.file.Spool(spoolDir()); err != nil {
		return nil, err
	}
	first := &reading{scout: &scout{goroutine: goroutine, at: at}}
	r, set, err := a.collected(ctx, func(tables *event.Tables, set *collect.Set) timeline.Sink {
		first.tables = tables
		if goroutine == event.NoG {
			return set
		}
		return &watched{set, first.scout}
	})
	if err != nil {
		return nil, err
	}
	first.Result, first.set = r, set
	return first, nil
}

// watched lets a scout see the records that go to the collectors.
type watched struct {
	*collect.Set
	scout *scout
}

// Keep takes a batch for good.
func (w *watched) Keep(full []timeline.Record) []timeline.Record {
	w.scout.look(full)
	return w.Set.Keep(full)
}

// scout looks for the waits of one goroutine.
type scout struct {
	goroutine, at int64 // at -1: the longest
	seen          bool
	life          blame.Window      // what of its time is in the scope
	then          []timeline.Record // what it did at that instant
	waits         map[scouted][]timeline.Record
}

const (
	// maxScoutedEach is how many of a goroutine's waits are kept of each kind at each
	// place, and maxScouted how many of those there may be.
	maxScoutedEach = maxWaitStories
	maxScouted     = 1000
)

// scouted is a place at which a goroutine waits, and as what.
type scouted struct {
	kind  waitkind.Kind
	stack event.StackID
}

func (s *scout) look(batch []timeline.Record) {
	for i := range batch {
		r := &batch[i]
		if r.G != s.goroutine || r.Op != timeline.OpInterval && r.Op != timeline.OpBorn {
			continue
		}
		if !s.seen {
			s.life.From = r.Start
		}
		s.seen, s.life.To = true, max(s.life.To, r.End)
		switch {
		case r.Op != timeline.OpInterval || r.Ns() == 0:
		case s.at >= 0:
			if r.Start <= s.at && s.at < r.End {
				s.then = append(s.then, *r)
			}
		case r.Kind.Class() != waitkind.Running:
			s.add(r)
		}
	}
}

// add keeps a wait if it is one of the longest at its place.
func (s *scout) add(r *timeline.Record) {
	at := scouted{r.Kind, r.Stack}
	list, known := s.waits[at]
	if !known && len(s.waits) >= maxScouted {
		return
	}
	if s.waits == nil {
		s.waits = make(map[scouted][]timeline.Record)
	}
	list = append(list, *r)
	slices.SortStableFunc(list, longestFirst)
	s.waits[at] = list[:min(len(list), maxScoutedEach)]
}

// found are the waits that were kept, the longest first, or what the goroutine did at
// the instant that was asked for.
func (s *scout) found() []timeline.Record {
	out := slices.Clone(s.then)
	for _, list := range s.waits {
		out = append(out, list...)
	}
	slices.SortFunc(out, longestFirst)
	return out
}

func longestFirst(x, y timeline.Record) int {
	return cmp.Or(cmp.Compare(y.Ns(), x.Ns()), cmp.Compare(x.Start, y.Start))
}

// target is a part of a goroutine's time that is to be told of.
type target struct {
	title     string
	kind      string // of a wait; else what of and, of a task or region, its type
	name      string
	goroutine int64 // event.NoG: the one that ran last in the window
	blame.Window
	all *result.WaitSum
}

// retelling is a later reading, which follows single waits through the trace.
type retelling struct {
	*reading
	ledger *blame.Ledger
	rec    *blame.Recording
	tables *event.Tables
	groups []timeline.Group
}

// retell reads the trace again and records what happened during some targets. Before
// it does, set may ask the ledger for more.
func (a *analysis) retell(ctx context.Context, first *reading, targets []target, set func(*blame.Ledger)) (*retelling, error) {
	if err := a.file.Rewind(); err != nil {
		return nil, err
	}
	windows := make([]blame.Window, len(targets))
	for i, t := range targets {
		windows[i] = t.Window
	}
	bytes := a.opts.BlameBytes
	if bytes == 0 {
		bytes = blame.DefaultBytes
	}
	t := &retelling{reading: first, rec: blame.NewRecording(windows, recordingShare*bytes)}
	pass, err := a.pass(ctx, a.scope(), func(tables *event.Tables) timeline.Sink {
		t.ledger, t.tables = blame.New(blame.Options{Bytes: bytes, From: int64(a.opts.From)}, tables), tables
		t.ledger.Record(t.rec)
		if set != nil {
			set(t.ledger)
		}
		return t.ledger
	})
	if err != nil {
		return nil, err
	}
	t.groups = pass.machine.Groups()
	return t, nil
}

// recordingShare is how much more memory a recording may take than the histories,
// which sum up.
const recordingShare = 4

// groupAt is where a group is in the result, -1 if it is not.
func (t *retelling) groupAt(who blame.Ref) int { return t.set.GroupAt(t.ledger.GroupOf(who)) }

// user says whether a group is of the program's own goroutines, those that are asked
// for.
func (t *retelling) user(who blame.Ref) bool {
	at := t.groupAt(who)
	return at >= 0 && !t.Groups[at].System
}

// walk is what filled a target.
func (t *retelling) walk(target *target) []blame.Step {
	if target.goroutine == event.NoG {
		g, ok := t.rec.LastToRun(target.Window, t.user)
		if !ok {
			return nil
		}
		target.goroutine = g
	}
	return t.ledger.Walk(target.goroutine, target.From, target.To)
}

// frame is a frame as results have it, nil for none.
func (t *retelling) frame(id event.FrameID) *result.Frame {
	if id == 0 {
		return nil
	}
	f := t.tables.Frame(id)
	return &result.Frame{Func: f.Func, File: f.File, Line: f.Line}
}

func (t *retelling) frames(stack event.StackID) []result.Frame {
	var out []result.Frame
	for _, f := range t.tables.Frames(stack) {
		out = append(out, result.Frame{Func: f.Func, File: f.File, Line: f.Line})
	}
	return out
}

// steps are steps as results have them, those alike that follow each other as one.
func (t *retelling) steps(in []blame.Step) []result.Step {
	out := make([]result.Step, 0, len(in))
	for i := range in {
		s := t.step(&in[i])
		if n := len(out); n > 0 && alike(&out[n-1], &s) {
			if s.Ns() > out[n-1].Ns() { // lines: that of the longer
				out[n-1].Frame, out[n-1].Caller = s.Frame, s.Caller
			}
			out[n-1].ToNs = s.ToNs
			out[n-1].Merged = max(out[n-1].Merged, 1) + 1
			continue
		}
		out = append(out, s)
	}
	return out
}

// step is one step as results have it.
func (t *retelling) step(in *blame.Step) result.Step {
	p := &in.Piece
	s := result.Step{FromNs: in.From, ToNs: in.To, Goroutine: in.G, Group: t.groupAt(in.Who)}
	if in.Kind < waitkind.NumKinds && in.Kind.Class() != waitkind.Running {
		s.WaitKind = in.Kind.Label()
	}
	if in.IsWait() {
		t.wait(&s, in)
		return s
	}
	s.Kind, s.How, s.HeldIn = p.Kind.String(), p.How.String(), t.frame(p.HeldIn)
	s.Frame, s.Caller, s.Region = t.frame(p.Frame), t.frame(p.Caller), t.tables.String(p.Region)
	switch at := t.groupAt(p.Who); {
	case p.Who == blame.Stopped:
		s.Stopped = true
	case p.How == blame.ByCreation && p.Who >= 0:
		s.Frame = &result.Frame{Func: t.groups[t.ledger.GroupOf(p.Who)].Entry}
	case at >= 0:
		s.Antagonist = &at
	}
	return s
}

// wait fills in what is of a wait for a goroutine.
func (t *retelling) wait(s *result.Step, in *blame.Step) {
	s.Kind = "wait"
	s.Frame, s.Frames, s.WakerFrames = t.frame(t.ledger.FrameOf(in.Stack)), t.frames(in.Stack), t.frames(in.WakerOn)
	waker := in.Waker
	s.Waker = &waker
	s.Steps = t.steps(in.Steps)
	group := -1
	if who, ok := t.rec.Who(waker); ok {
		group = t.groupAt(who)
	}
	s.WakerGroup = &group
	if in.Kind != waitkind.WaitGroup {
		return
	}
	if g, ended, ok := t.rec.RunnerUp(in.G, waker, in.From, in.To); ok {
		late := in.To - ended
		s.RunnerUp, s.LateNs = &g, &late
	}
}

// alike says whether two pieces are the same but for their time and line.
func alike(x, y *result.Step) bool {
	if x.Kind == "wait" || y.Kind == "wait" {
		return false
	}
	group := func(g *int) int {
		if g == nil {
			return -1
		}
		return *g
	}
	frame := func(f *result.Frame) result.Frame {
		if f == nil {
			return result.Frame{}
		}
		return result.Frame{Func: f.Func, File: f.File}
	}
	return x.Goroutine == y.Goroutine && x.Kind == y.Kind && x.WaitKind == y.WaitKind && x.How == y.How && x.Region == y.Region &&
		frame(x.HeldIn) == frame(y.HeldIn) && x.Stopped == y.Stopped && group(x.Antagonist) == group(y.Antagonist) &&
		frame(x.Frame) == frame(y.Frame) && frame(x.Caller) == frame(y.Caller)
}

// thinned makes one step of short ones that follow each other, until there are no
// more than most in all.
func thinned(steps []result.Step, most int) []result.Step {
	for least := int64(1000); count(steps) > most; least *= 2 {
		steps = thin(steps, least)
	}
	return steps
}

func count(steps []result.Step) int {
	n := len(steps)
	for i := range steps {
		n += count(steps[i].Steps)
	}
	return n
}

// thin makes one step of several that follow each other and are shorter than least
// each. A single one loses what is below it.
func thin(steps []result.Step, least int64) []result.Step {
	var out []result.Step
	for i := 0; i < len(steps); {
		j := i
		for j < len(steps) && steps[j].Ns() < least {
			j++
		}
		switch {
		case j == i:
			s := steps[i]
			s.Steps = thin(s.Steps, least)
			out = append(out, s)
			i++
		case j == i+1 && steps[i].Kind != "wait":
			out = append(out, steps[i])
			i = j
		default:
			other := result.Step{FromNs: steps[i].FromNs, ToNs: steps[j-1].ToNs, Goroutine: steps[i].Goroutine, Group: steps[i].Group, Kind: "other"}
			for _, s := range steps[i:j] {
				other.Merged += max(1, s.Merged)
				if s.Goroutine != other.Goroutine {
					other.Goroutine, other.Group = 0, -1
				}
			}
			out = append(out, other)
			i = j
		}
	}
	return out
}

// groupIDs are what the groups of a result are called.
func groupIDs(r *result.Result) []result.GroupID {
	out := make([]result.GroupID, len(r.Groups))
	for i, g := range r.Groups {
		out[i] = result.GroupID{Name: g.Name, CreatedBy: g.CreatedBy, System: g.System}
	}
	return out
}

func about(r *result.Result) result.About {
	return result.About{File: r.Trace.File, GoVersion: r.Trace.GoVersion, DurationNs: r.Trace.DurationNs, Complete: r.Trace.Complete}
}

// groupOf is where the group of a target's goroutine is in the result.
func (t *retelling) groupOf(g int64) int {
	if who, ok := t.rec.Who(g); ok {
		return t.groupAt(who)
	}
	return -1
}
