package blame

import (
	"fmt"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// paths are the critical paths, one to a line:
// KIND NAME runs×ns: pieces; typical ns; slowest ns, ns, ...
func (x *told) paths() (text string) {
	for _, p := range x.b.Paths() {
		kind := "region"
		if p.Task {
			kind = "task"
		}
		var slowest []string
		for _, r := range p.Slowest {
			slowest = append(slowest, x.time(r.ns()))
		}
		text += fmt.Sprintf("%s %s %d×%s: %s; typical %s; slowest %s\n", kind, x.tables.String(p.Name), p.Runs, x.time(p.Ns),
			strings.Join(x.shares(p.Shares), ", "), x.time(p.Typical.ns()), strings.Join(slowest, ", "))
	}
	return text
}

func (x *told) follows(want string) {
	x.t.Helper()
	if got, want := tidy(x.paths()), tidy(want); got != want {
		x.t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// TestAPathIsWhatFilledTheTime: of a region of main from 10 to 100, in which it runs 20,
// waits 30 for a worker that it creates and that is ready for 5 of them and then runs,
// reads for 10 and runs 30.
func TestAPathIsWhatFilledTheTime(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	s.region(10, 1, "r", "main.main")
	s.makes(30, 2, 1, "main.worker", "main.main")
	s.blocks(30, 1, event.ReasonChanReceive, recv, "main.main")
	s.starts(35, 2, 1)
	s.wakesTo(60, 1, 0, 2, send, "main.worker")
	s.blocks(70, 1, event.ReasonNetwork, reads, "main.main")
	s.firesTo(80, 1, 0)
	s.leaves(100, 1, "r", "main.main")
	s.play(200).follows("region r 1×90: 50|0 code main.main, 0|25 code main.worker, 10|0 io main.main, 0|5 scheduler; typical 90; slowest 90")
}

// TestATaskMayEndElsewhere: main begins a task at 10, creates a worker at 40, which is
// ready for 5, runs and ends the task at 100: until 40 its path is main's.
func TestATaskMayEndElsewhere(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	s.annotates(10, 1, event.TaskBegin, 7, "job", "main.main")
	s.makes(40, 2, 1, "main.worker", "main.main")
	s.starts(45, 2, 1)
	s.annotates(100, 2, event.TaskEnd, 7, "", "main.worker")
	s.annotates(110, 2, event.TaskEnd, 7, "", "main.worker") // again
	s.annotates(120, 2, event.TaskEnd, 8, "", "main.worker") // of which nothing is known
	x := s.play(200)
	x.follows("task job 1×90: 55|0 code main.worker, 30|0 code main.main, 5|0 scheduler; typical 90; slowest 90")
	is(t, "ended by", x.b.Paths()[0].Typical.G, 2)
	is(t, "task", x.b.Paths()[0].Typical.Task, 7)
}

// TestRegionsWithinRegions: an end ends the innermost of its name, and with it what was
// not ended within; one that was never begun ends nothing.
func TestRegionsWithinRegions(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.main")
	s.region(10, 1, "a", "main.main")
	s.region(20, 1, "b", "main.main")
	s.region(30, 1, "a", "main.main")
	s.leaves(40, 1, "c", "main.main")
	s.leaves(50, 1, "a", "main.main") // since 30
	s.region(60, 1, "c", "main.main")
	s.leaves(70, 1, "b", "main.main") // since 20, and c with it
	s.leaves(80, 1, "c", "main.main")
	s.leaves(90, 1, "a", "main.main") // since 10
	s.leaves(95, 1, "a", "main.main")
	s.play(200).follows(`
		region a 2×100: 100|0 code main.main; typical 20; slowest 80, 20
		region b 1×50: 50|0 code main.main; typical 50; slowest 50
	`)
}

// TestTheTenSlowestAreKept: of 30 runs of 1, 2, ... 30, begun with the 7th, and the
// typical one is of about the median length.
func TestTheTenSlowestAreKept(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.main")
	at := int64(10)
	for i := range int64(30) {
		ns := (i*7+6)%30 + 1
		s.region(at, 1, "r", "main.main")
		s.leaves(at+ns, 1, "r", "main.main")
		at += ns + 1
	}
	x := s.play(at + 100)
	p := x.b.Paths()[0]
	is(t, "runs", p.Runs, 30)
	for i, r := range p.Slowest {
		is(t, "slowest", r.ns(), int64(30-i)*1000)
	}
	is(t, "slowest", len(p.Slowest), MaxSlowest)
	if ns := p.Typical.ns(); ns < 12_500 || ns > 18_500 { // within a class: a quarter of a power of two
		t.Errorf("typical: %d", ns)
	}
}

// TestEqualRunsAreKeptInOrder: the first of those that are equally long.
func TestEqualRunsAreKeptInOrder(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.main")
	for i := range int64(15) {
		s.region(10*i, 1, "r", "main.main")
		s.leaves(10*i+5, 1, "r", "main.main")
	}
	for i, r := range s.play(1000).b.Paths()[0].Slowest {
		is(t, "begins", r.From, int64(i)*10_000)
	}
}

// TestPathsInAWindow: what begins before the window or ends behind it has no path.
func TestPathsInAWindow(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.main")
	s.annotates(5, 1, event.TaskBegin, 1, "early", "main.main")
	s.region(10, 1, "outer", "main.main")
	s.annotates(55, 1, event.TaskBegin, 2, "late", "main.main")
	s.region(60, 1, "inner", "main.main")
	s.leaves(70, 1, "inner", "main.main")
	s.annotates(75, 1, event.TaskEnd, 1, "", "main.main")
	s.leaves(120, 1, "outer", "main.main")
	s.annotates(130, 1, event.TaskEnd, 2, "", "main.main")
	s.window(200, timeline.Options{From: 50_000, To: 100_000}, nil).
		follows("region inner 1×10: 10|0 code main.main; typical 10; slowest 10")
}
