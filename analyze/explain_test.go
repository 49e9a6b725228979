package analyze_test

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
)

func explained(t *testing.T, path string, q analyze.Question) *result.Explanation {
	t.Helper()
	e, err := analyze.Explain(context.Background(), analyze.File(path), analyze.Options{}, q)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func pathsOf(t *testing.T, path string, q analyze.PathQuestion) *result.PathReport {
	t.Helper()
	r, err := analyze.Path(context.Background(), analyze.File(path), analyze.Options{}, q)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestStoriesAndPathsAreWhole asks about a finding, the place with most waiting, and the
// critical paths of a stretch and of a region or task, of every trace: steps follow each
// other without a gap at every level, and pieces and kinds sum to the whole.
func TestStoriesAndPathsAreWhole(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		r := analysed(t, path, analyze.Options{})
		for i, f := range r.Findings {
			if f.Explain != "" {
				checkStories(t, explained(t, path, analyze.Question{Finding: i + 1}))
				break
			}
		}
		if len(r.Sites) > 0 && r.Sites[0].Waits > 0 && len(r.Sites[0].Frames) > 0 {
			checkStories(t, explained(t, path, analyze.Question{Site: regexp.MustCompile(regexp.QuoteMeta(r.Sites[0].Frames[0].Func))}))
		}
		questions := []analyze.PathQuestion{{}}
		ofType := func(s result.Span) *regexp.Regexp { return regexp.MustCompile("^" + regexp.QuoteMeta(s.Type) + "$") }
		switch {
		case len(r.Tasks) > 0 && r.Tasks[0].Complete > 0:
			questions = append(questions, analyze.PathQuestion{Task: ofType(r.Tasks[0])})
		case len(r.Regions) > 0 && r.Regions[0].Complete > 0:
			questions = append(questions, analyze.PathQuestion{Region: ofType(r.Regions[0])})
		}
		for _, q := range questions {
			p, err := analyze.Path(context.Background(), analyze.File(path), analyze.Options{}, q)
			if err != nil && q == (analyze.PathQuestion{}) {
				continue // nothing was in progress
			}
			if err != nil {
				t.Fatal(err)
			}
			checkPaths(t, p)
		}
	})
}

func checkStories(t *testing.T, e *result.Explanation) {
	t.Helper()
	if len(e.Stories) == 0 {
		t.Errorf("%s: no story", e.Question)
	}
	for _, s := range e.Stories {
		checkSteps(t, s.Steps, s.FromNs, s.ToNs)
		is(t, "pieces of a story", pieceSum(t, s.Pieces), s.ToNs-s.FromNs)
	}
}

// checkSteps holds steps to following each other from one instant to another.
func checkSteps(t *testing.T, steps []result.Step, from, to int64) {
	t.Helper()
	for _, s := range steps {
		if s.FromNs != from || s.ToNs <= s.FromNs {
			t.Fatalf("a step from %d to %d follows at %d", s.FromNs, s.ToNs, from)
		}
		if s.Kind == "wait" {
			checkSteps(t, s.Steps, s.FromNs, s.ToNs)
		}
		from = s.ToNs
	}
	if from != to {
		t.Errorf("the steps end at %d, not at %d", from, to)
	}
}

func checkPaths(t *testing.T, r *result.PathReport) {
	t.Helper()
	for _, p := range r.Paths {
		checkSteps(t, p.Steps, p.FromNs, p.ToNs)
		is(t, "kinds of a path", sumOf(p.KindsNs), p.ToNs-p.FromNs)
		is(t, "pieces of a path", pieceSum(t, p.Pieces), p.ToNs-p.FromNs)
		is(t, "either bounds or why there are none", (p.Work != nil) != (p.Refused != ""), true)
		if p.Work == nil {
			continue
		}
		is(t, "measured length", p.Work.Ns, p.ToNs-p.FromNs)
		within(t, "T∞ with latency", p.Work.SpanLatencyNs, p.Work.SpanLocksNs, p.Work.Ns)
		for _, b := range p.Work.Processors {
			within(t, "bound", b.AtLeastNs, p.Work.SpanLatencyNs, math.MaxInt64)
		}
		for _, w := range p.Work.WhatIf {
			within(t, "speed-up", w.SpeedUpAtMost, 1, math.Inf(1))
		}
	}
}

// TestAStoryGoesBackToTheCause (S33): the asker waits for the relay, and the relay for
// the lock that another goroutine has.
func TestAStoryGoesBackToTheCause(t *testing.T) {
	e := explained(t, filepath.Join(recordings, "s33-transitive-wait.trace"), analyze.Question{Site: regexp.MustCompile("asker")})
	s := e.Stories[0]
	is(t, "all waits there", s.All.Waits, 8)
	wait := s.Steps[0]
	is(t, "what the asker waits for", wait.WaitKind, "blocked-sync/chan-receive")
	is(t, "who ended it", e.Groups[*wait.WakerGroup].Name, "main.relay")
	lock := wait.Steps[0]
	is(t, "what the relay waits for", lock.WaitKind, "blocked-sync/mutex")
	is(t, "who has the lock", e.Groups[*lock.WakerGroup].Name, "main.lockHolder")
	is(t, "what that one does", lock.Steps[0].Kind+" "+lock.Steps[0].Frame.Func, "lock-holder main.lockHolder")
}

// TestAStoryBeginsWithTheCreator (S34): before the goroutine that ended the wait was
// there, main prepared it.
func TestAStoryBeginsWithTheCreator(t *testing.T) {
	e := explained(t, filepath.Join(recordings, "s34-waits-for-creator.trace"), analyze.Question{Site: regexp.MustCompile("resultWaiter")})
	wait := e.Stories[0].Steps[0]
	first := wait.Steps[0]
	is(t, "who", e.Groups[first.Group].Name, "main.main")
	is(t, "in what", first.Caller.Func, "main.prepareRequest")
	last := wait.Steps[len(wait.Steps)-1]
	is(t, "who at the end", e.Groups[last.Group].Name, "main.answerRequest")
}

// TestAGoroutinesInstant tells what a goroutine did at an instant, and its longest
// waits.
func TestAGoroutinesInstant(t *testing.T) {
	path := filepath.Join(recordings, "s33-transitive-wait.trace")
	w := explained(t, path, analyze.Question{Site: regexp.MustCompile("asker")}).Stories[0]
	at := time.Duration(w.FromNs+w.ToNs) / 2
	s := explained(t, path, analyze.Question{Goroutine: w.Goroutine, At: &at}).Stories
	is(t, "stories", len(s), 1)
	is(t, "the same wait", fmt.Sprint(s[0].FromNs, s[0].ToNs, s[0].Kind), fmt.Sprint(w.FromNs, w.ToNs, w.Kind))
	s = explained(t, path, analyze.Question{Goroutine: w.Goroutine}).Stories
	is(t, "its longest", fmt.Sprint(s[0].FromNs, s[0].ToNs), fmt.Sprint(w.FromNs, w.ToNs))
}

// TestWhatALockCosts (S14): three goroutines that do nothing but hold one lock in turn
// could be twice as fast on two processors without it, and no faster with more. What
// they do under it cannot be bounded by the lock.
func TestWhatALockCosts(t *testing.T) {
	p := pathsOf(t, filepath.Join(recordings, "s14-lock-hand-offs.trace"), analyze.PathQuestion{Region: regexp.MustCompile("s14")}).Paths[0]
	var lock, code float64
	for _, w := range p.Work.WhatIf {
		switch {
		case w.What == "lock" && strings.Contains(w.Frame.Func, "Post"):
			lock = w.SpeedUpAtMost
		case w.What == "code" && w.Factor == 0.5 && strings.Contains(w.Frame.Func, "Post"):
			code = w.SpeedUpAtMost
		}
	}
	within(t, "without the lock", lock, 1.9, 2.1)
	within(t, "twice as fast under it", code, 1.8, 2.2)
	within(t, "parallelism", p.Work.Parallelism(), 2.9, 3.05)
	for _, b := range p.Work.Processors {
		within(t, fmt.Sprintf("on %d processors", b.P), float64(b.AtLeastNs), 0.95*float64(p.Work.Ns), 1.01*float64(p.Work.Ns))
	}
}

// TestNoLockIsBlamedThatCostsNothing (S33): without the lock the round would take as
// long, as main waits for its holder anyway.
func TestNoLockIsBlamedThatCostsNothing(t *testing.T) {
	p := pathsOf(t, filepath.Join(recordings, "s33-transitive-wait.trace"), analyze.PathQuestion{Region: regexp.MustCompile("s33")}).Paths[0]
	for _, w := range p.Work.WhatIf {
		if w.What == "lock" {
			t.Errorf("without the lock in %s at most %.2f times as fast", w.Frame.Func, w.SpeedUpAtMost)
		}
	}
}

// TestTheForkJoinsPath (S04): 20 ms alone, 20 ms beside others, 20 ms alone; the path
// leads through the last of four, and how much later that one was is told.
func TestTheForkJoinsPath(t *testing.T) {
	p := pathsOf(t, filepath.Join(recordings, "s04-fork-join.trace"), analyze.PathQuestion{Region: regexp.MustCompile("s04-fork-join")}).Paths[0]
	if p.RunnerUp == nil || p.RunnerUp.SlackNs <= 0 {
		t.Errorf("runner-up %+v", p.RunnerUp)
	}
	within(t, "T1/T∞", p.Work.Parallelism(), 1.9, 2.1)
	if c := p.Work.Chain; len(c) < 2 || c[0].Caller == nil || c[1].Caller == nil || c[0].Caller.Func != "main.serialPart" || c[1].Caller.Func != "main.forkedPart" {
		t.Errorf("the longest chain consists of %+v", c)
	}
}

// TestServersAreRefused: a request that waits for a pool has no work and span of its
// own, and neither has a stretch of the trace.
func TestServersAreRefused(t *testing.T) {
	for _, q := range []analyze.PathQuestion{{}, {Task: regexp.MustCompile("^request$")}} {
		for _, p := range pathsOf(t, "../testdata/traces/go1.26/server.trace", q).Paths {
			if p.Work != nil || p.Refused == "" {
				t.Errorf("%s: %+v", q, p.Work)
			}
		}
	}
}

// TestQuestionsWithoutAnAnswer say what there is instead.
func TestQuestionsWithoutAnAnswer(t *testing.T) {
	late := time.Hour
	const path = "../testdata/traces/go1.26/server.trace"
	for _, c := range []struct {
		q    analyze.Question
		says string
	}{
		{analyze.Question{Goroutine: 999_999}, "is not in the trace: conctrace analyze --goroutines"},
		{analyze.Question{Goroutine: 1, At: &late}, "was not there at 1h0m0s"},
		{analyze.Question{Task: regexp.MustCompile("nothing")}, `there are "request"`},
		{analyze.Question{Region: regexp.MustCompile("nothing")}, `there are "fetch"`},
		{analyze.Question{Site: regexp.MustCompile("nothing")}, "conctrace analyze lists the places"},
		{analyze.Question{Finding: 99}, "the findings are 1 to 2"},
	} {
		_, err := analyze.Explain(context.Background(), analyze.File(path), analyze.Options{}, c.q)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.q, err)
		}
	}
	if _, err := analyze.Path(context.Background(), analyze.File(path), analyze.Options{}, analyze.PathQuestion{Goroutine: 999_999}); err == nil || !strings.Contains(err.Error(), "is not in the trace") {
		t.Errorf("path of no goroutine: %v", err)
	}
}

// TestAnswersAreTheSameAgain: nothing depends on the order of a map.
func TestAnswersAreTheSameAgain(t *testing.T) {
	const path = "../testdata/traces/go1.26/server.trace"
	q, pq := analyze.Question{Finding: 1}, analyze.PathQuestion{Task: regexp.MustCompile("request")}
	first, again := asJSON(t, explained(t, path, q)), asJSON(t, explained(t, path, q))
	if string(first) != string(again) {
		t.Error("explained twice, told differently")
	}
	first, again = asJSON(t, pathsOf(t, path, pq)), asJSON(t, pathsOf(t, path, pq))
	if string(first) != string(again) {
		t.Error("the path followed twice is another")
	}
}
