package analyze

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/conctrace/conctrace/analyze/internal/blame"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
)

// Question says what Explain is to tell about: exactly one of its fields but At.
type Question struct {
	// Goroutine tells about the longest waits of a goroutine or, with At, about what
	// it did at that instant after the trace's start. 0 is none.
	Goroutine int64
	At        *time.Duration
	// Task and Region tell about the slowest and a typical one of those whose type
	// matches.
	Task, Region *regexp.Regexp
	// Site tells about the longest waits at places of which a function matches.
	Site *regexp.Regexp
	// Finding tells about the moments of a finding, from 1.
	Finding int
}

// How many stories an answer has.
const (
	maxWaitStories = 3
	maxTypeStories = 2 // types of tasks or regions
	maxSites       = 3
	maxStorySteps  = 2000
	maxStoryPieces = 12
)

// Explain tells what single waits, tasks or regions were about: who ended them, what
// that one did meanwhile, what it waited for, and so on back (methods.md A.8). It
// reads the trace twice; standard input is kept in a file for that.
//
// Beside the errors of Analyze it returns one if there is nothing like what is asked
// for.
func Explain(ctx context.Context, src Source, o Options, q Question) (*result.Explanation, error) {
	a := analysis{src: src, opts: o}
	if err := a.begin(ctx); err != nil {
		return nil, err
	}
	defer a.close()
	goroutine, at := event.NoG, int64(-1)
	if q.Goroutine != 0 {
		goroutine = q.Goroutine
		if q.At != nil {
			at = int64(*q.At)
		}
	}
	first, err := a.firstReading(ctx, goroutine, at)
	if err != nil {
		return nil, err
	}
	out := &result.Explanation{SchemaVersion: result.SchemaVersion, Trace: about(first.Result), Question: q.String(), Groups: groupIDs(first.Result), Notes: []string{}}
	targets, err := first.targets(q, out)
	if err != nil {
		return nil, fmt.Errorf("explain %s: %w", src.name, err)
	}
	t, err := a.retell(ctx, first, targets, nil)
	if err != nil {
		return nil, err
	}
	out.Stories = t.stories(targets)
	out.Notes = append(out.Notes, t.notes(targets)...)
	return out, nil
}

// String is the question in words.
func (q Question) String() string {
	switch {
	case q.Goroutine != 0 && q.At != nil:
		return fmt.Sprintf("what goroutine %d did at %v", q.Goroutine, *q.At)
	case q.Goroutine != 0:
		return fmt.Sprintf("the longest waits of goroutine %d", q.Goroutine)
	case q.Task != nil:
		return fmt.Sprintf("tasks whose type matches %q", q.Task)
	case q.Region != nil:
		return fmt.Sprintf("regions whose type matches %q", q.Region)
	case q.Site != nil:
		return fmt.Sprintf("waits in functions that match %q", q.Site)
	}
	return fmt.Sprintf("finding %d", q.Finding)
}

// targets are what a question is about. What they leave out goes into the notes.
func (f *reading) targets(q Question, out *result.Explanation) ([]target, error) {
	switch {
	case q.Goroutine != 0:
		return f.ofGoroutine(q)
	case q.Task != nil:
		return f.ofTypes("task", q.Task, &out.Notes)
	case q.Region != nil:
		return f.ofTypes("region", q.Region, &out.Notes)
	case q.Site != nil:
		return f.ofSites(q.Site, out)
	}
	return f.ofFinding(q.Finding, out)
}

// ofGoroutine are the longest waits of a goroutine, those at rest left out, or what
// it did at an instant.
func (f *reading) ofGoroutine(q Question) ([]target, error) {
	if !f.scout.seen {
		return nil, fmt.Errorf("goroutine %d is not in the trace: conctrace analyze --goroutines lists those that are", q.Goroutine)
	}
	found := f.scout.found()
	if q.At != nil && len(found) == 0 {
		return nil, fmt.Errorf("goroutine %d was not there at %v", q.Goroutine, *q.At)
	}
	var out []target
	resting := 0
	for i := range found {
		r := &found[i]
		if q.At == nil && f.atRest(r) {
			resting++
			continue
		}
		title := "what it did then"
		if q.At == nil {
			title = ordinal(len(out)) + " wait of the goroutine"
		}
		out = append(out, target{title: title, kind: r.Kind.Label(), goroutine: r.G, Window: blame.Window{From: r.Start, To: r.End}})
		if len(out) == maxWaitStories {
			break
		}
	}
	if len(out) == 0 && resting > 0 {
		return nil, fmt.Errorf("all waits of goroutine %d are at rest, idle by design: ask for one with --at", q.Goroutine)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("goroutine %d did not wait", q.Goroutine)
	}
	return out, nil
}

// atRest says whether a wait is one that a rule found to be idle by design.
func (f *reading) atRest(r *timeline.Record) bool {
	at := f.set.GroupAt(r.Group)
	if at < 0 {
		return false
	}
	frames := f.tables.Frames(r.Stack)
	return slices.ContainsFunc(f.Groups[at].AtRest, func(rest result.AtRest) bool {
		return rest.Kind == r.Kind.Label() && slices.EqualFunc(rest.Frames, frames, func(x result.Frame, y event.Frame) bool {
			return x.Func == y.Func && x.File == y.File && x.Line == y.Line
		})
	})
}

// ordinal names a place among the longest, from 0.
func ordinal(i int) string {
	names := [...]string{"the longest", "the second longest", "the third longest"}
	if i < len(names) {
		return names[i]
	}
	return fmt.Sprintf("the %dth longest", i+1)
}

// ofTypes are the slowest and a typical one of the tasks or regions whose type
// matches.
func (f *reading) ofTypes(of string, re *regexp.Regexp, notes *[]string) ([]target, error) {
	var out []target
	types, spans := 0, f.Regions
	if of == "task" {
		spans = f.Tasks
	}
	for _, span := range spans { // most time first
		if !re.MatchString(span.Type) {
			continue
		}
		i := slices.IndexFunc(f.set.Paths(), func(p blame.Path) bool {
			return p.Task == (of == "task") && f.tables.String(p.Name) == span.Type
		})
		if i < 0 {
			continue
		}
		if types++; types > maxTypeStories {
			continue
		}
		out = append(out, runs(f.set.Paths()[i], of, span.Type)...)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("no %s that began and ended within the trace has a type that matches %q%s", of, re, f.known(spans, of))
	}
	if types > maxTypeStories {
		*notes = append(*notes, fmt.Sprintf("%d types of %ss match; these are the ones with most time.", types, of))
	}
	return out, nil
}

// known lists the types that there are.
func (f *reading) known(spans []result.Span, of string) string {
	text := "; there are "
	const most = 10
	for i, s := range spans[:min(len(spans), most)] {
		if i > 0 {
			text += ", "
		}
		text += fmt.Sprintf("%q", s.Type)
	}
	if len(spans) == 0 {
		return "; the trace has no " + of + "s"
	}
	return text
}

// runs are the slowest run of a path and a typical one.
func runs(p blame.Path, of, name string) []target {
	targetOf := func(title string, r blame.Run) target {
		return target{title: title, kind: of, name: name, goroutine: r.G, Window: blame.Window{From: r.From, To: r.To}}
	}
	if p.Runs == 1 {
		return []target{targetOf("the only one", p.Slowest[0])}
	}
	out := []target{targetOf(fmt.Sprintf("the slowest of %d", p.Runs), p.Slowest[0])}
	if t := p.Typical; t.From != p.Slowest[0].From || t.G != p.Slowest[0].G {
		out = append(out, targetOf(fmt.Sprintf("a typical one of %d", p.Runs), t))
	}
	return out
}

// ofSites are the longest waits at the places of which a function matches.
func (f *reading) ofSites(re *regexp.Regexp, out *result.Explanation) ([]target, error) {
	var targets []target
	matching, resting := 0, 0
	for i := range f.Sites { // most time first
		s := &f.Sites[i]
		if !slices.ContainsFunc(s.Frames, func(fr result.Frame) bool { return re.MatchString(fr.Func) }) {
			continue
		}
		if s.Waits == 0 || len(s.Worst) == 0 {
			resting++
			continue
		}
		if matching++; matching > maxSites {
			continue
		}
		w := s.Worst[0]
		title := "the only wait there"
		if s.Waits > 1 {
			title = fmt.Sprintf("the longest of %d waits there", s.Waits)
		}
		targets = append(targets, target{
			title: title, kind: s.Class + "/" + s.Kind, goroutine: w.Goroutine, Window: blame.Window{From: w.FromNs, To: w.ToNs},
			all: &result.WaitSum{Waits: s.Waits, TotalNs: s.TotalNs, Pieces: s.Pieces},
		})
	}
	if matching > maxSites {
		out.Notes = append(out.Notes, fmt.Sprintf("%s; these are the ones with most waiting.", more(matching-maxSites)))
	}
	switch {
	case len(targets) == 0 && resting > 0:
		return nil, fmt.Errorf("what waits in functions that match %q is at rest, idle by design", re)
	case len(targets) == 0:
		return nil, fmt.Errorf("no goroutine waited in a function that matches %q: conctrace analyze lists the places where they did", re)
	}
	return targets, nil
}

func more(n int) string {
	if n == 1 {
		return "One more place matches"
	}
	return fmt.Sprintf("%d more places match", n)
}

// ofFinding are the moments of a finding.
func (f *reading) ofFinding(n int, out *result.Explanation) ([]target, error) {
	switch {
	case len(f.Findings) == 0:
		return nil, fmt.Errorf("there is no finding to explain")
	case n < 1 || n > len(f.Findings):
		return nil, fmt.Errorf("there is no finding %d: the findings are 1 to %d", n, len(f.Findings))
	}
	finding := &f.Findings[n-1]
	out.Question = fmt.Sprintf("finding %d, %s: %s", n, finding.Title, finding.Sentence)
	var targets []target
	for i, m := range finding.At {
		g := m.Goroutine
		title := fmt.Sprintf("moment %d of %d", i+1, len(finding.At))
		if g == 0 {
			g = event.NoG
			title += ", through the goroutine that ran last in it"
		}
		if m.ToNs > m.FromNs {
			targets = append(targets, target{title: title, kind: "moment", goroutine: g, Window: blame.Window{From: m.FromNs, To: m.ToNs}})
		}
	}
	if len(targets) == 0 {
		return nil, fmt.Errorf("finding %d, %s, speaks of no single moment", n, finding.Title)
	}
	return targets, nil
}

// stories tells of the targets.
func (t *retelling) stories(targets []target) []result.Story {
	out := []result.Story{}
	for i := range targets {
		target := &targets[i]
		steps := t.walk(target)
		if steps == nil {
			continue
		}
		s := result.Story{
			Title: target.title, Goroutine: target.goroutine, Group: t.groupOf(target.goroutine), FromNs: target.From, ToNs: target.To,
			Kind: target.kind, Name: target.name, All: target.all, Steps: thinned(t.steps(steps), maxStorySteps),
		}
		sums := t.ledger.Sum(steps)
		if len(steps) == 1 && steps[0].IsWait() {
			s.Kind, s.Frames = steps[0].Kind.Label(), t.frames(steps[0].Stack)
			sums = t.ledger.Sum(steps[0].Steps)
		} else if len(steps) == 1 {
			s.Frames = t.frames(steps[0].Stack)
		}
		s.Pieces = t.set.Pieces(t.ledger, t.tables, sums, maxStoryPieces)
		out = append(out, s)
	}
	return out
}

// notes say what the recording could not keep.
func (t *retelling) notes(targets []target) []string {
	var out []string
	if until := t.rec.DroppedUntil(); slices.ContainsFunc(targets, func(x target) bool { return x.From < until }) {
		out = append(out, fmt.Sprintf("What was before %v did not fit into memory and is unresolved: raise --blame-memory.", time.Duration(until)))
	}
	return out
}
