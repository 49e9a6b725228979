package collect

import (
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// Who waits longest is asked again whenever a longer wait ends, for each of
// thousands in a row: what that looks at must not grow with the goroutines that
// live, only with those that run.
func TestOnlyThoseThatRunAreAskedFor(t *testing.T) {
	s := newScript(t, 2)
	s.old(0, 1, event.GoRunning, "main.main")
	const n = 500
	for i := range int64(n) {
		s.spawn(1+i, 2+i, 1, "main.worker")
	}
	for i := range int64(n) {
		s.run(1000+10*i, 2+i)
		s.end(1009+10*i, 2+i)
	}
	set := New(Options{}, s.tables)
	r := s.through(set, 10_000)
	if got := set.sweep.recent.now; len(got) > 1 {
		t.Errorf("%d goroutines are thought to run at the end", len(got))
	}
	if len(r.Scheduler.Worst) != maxSpans || !slices.IsSortedFunc(r.Scheduler.Worst, func(x, y result.ReadyWait) int { return int(y.DurationNs - x.DurationNs) }) {
		t.Errorf("worst: %+v", r.Scheduler.Worst)
	}
	for _, w := range r.Scheduler.Worst {
		if len(w.Ran) != 2 || w.Ran[0].Ns > w.DurationNs {
			t.Errorf("ran meanwhile: %+v", w)
		}
	}
}
