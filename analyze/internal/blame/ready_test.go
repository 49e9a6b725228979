package blame

import (
	"fmt"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// readiness tells of the tale's goroutine 9, which is woken at one instant and runs
// at another, on P 0, and then sends to goroutine 8, which waits since 0: what filled
// that since the wake-up, but for the 5 that goroutine 9 ran.
func readiness(s *tale, woken, runs int64) string {
	s.t.Helper()
	s.had(8, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.waiter")
	s.had(9, event.GoWaiting, "runtime.gopark", "runtime.netpollblock", "main.ready")
	s.fires(woken, 9)
	s.starts(runs, 9, 0)
	s.wakes(runs+5, 8, 9, send, "main.ready")
	x := s.play(runs + 10_000)
	return x.path(8, woken, runs+5)
}

// TestAShortReadinessIsNobodys: below 20 µs it is the time that waking takes, whoever
// had the processor.
func TestAShortReadinessIsNobodys(t *testing.T) {
	for _, c := range []struct {
		ns   int64
		want string
	}{{19_999, ""}, {20_000, " for main.x"}} {
		s := newTale(t, 1)
		s.unit = 1
		s.has(1, 0, "main.x")
		s.ends(100_000, 1)
		want := fmt.Sprintf("(%d scheduler%s, 5 code main.ready)", c.ns, c.want)
		is(t, "path", readiness(s, 100_000-c.ns, 100_000), want)
	}
}

// TestWhoHadTheProcessorForHalfOfTheTime: goroutine 9 is ready for 100, of which x has
// the only processor for 50; or for 49, after which it stood idle.
func TestWhoHadTheProcessorForHalfOfTheTime(t *testing.T) {
	for until, want := range map[int64]string{150: " for main.x", 149: ""} {
		s := newTale(t, 1)
		s.has(1, 0, "main.x")
		s.ends(until, 1)
		is(t, "path", readiness(s, 100, 200), "(100 scheduler"+want+", 5 code main.ready)")
	}
}

// TestBackToBackTheLastOneStandsForAll: in a short wait, x and then y have the
// processor.
func TestBackToBackTheLastOneStandsForAll(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.x")
	s.had(2, event.GoRunnable, "main.y")
	s.blocks(150, 1, event.ReasonChanReceive, recv, "main.x")
	s.starts(151, 2, 0)
	s.ends(199, 2)
	is(t, "path", readiness(s, 100, 200), "(100 scheduler for main.y, 5 code main.ready)")
}

// TestWhoHadMostInALongWait: of 3 ms, x had the only processor for 1, y for 1.5 and z
// for the last half.
func TestWhoHadMostInALongWait(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.x")
	s.had(2, event.GoRunnable, "main.y")
	s.had(3, event.GoRunnable, "main.z")
	s.ends(2000, 1)
	s.starts(2000, 2, 0)
	s.ends(3500, 2)
	s.starts(3500, 3, 0)
	s.ends(4000, 3)
	is(t, "path", readiness(s, 1000, 4000), "(3000 scheduler for main.y, 5 code main.ready)")
}

// TestAStopOfTheWorldKeepsAProcessorFromAll: goroutine 9 is ready for 100, the world
// stopped for 50 of them, or for 49, though x has the processor all along; once by a
// stop that is over and once by one that lasts longer than the wait.
func TestAStopOfTheWorldKeepsAProcessorFromAll(t *testing.T) {
	for _, c := range []struct {
		from, to int64
		want     string
	}{
		{110, 160, " stopped"}, {110, 159, " for main.x"}, {50, 150, " stopped"}, {50, 149, " for main.x"},
		{150, 300, " stopped"}, {151, 300, " for main.x"}, {10, 90, " for main.x"}, {100, 200, " stopped"},
	} {
		s := newTale(t, 1)
		s.has(1, 0, "main.x")
		s.had(7, event.GoRunnable, "main.stopper")
		s.starts(0, 7, 3) // on a P that is not to be: it stops the world all the same
		s.stops(c.from, c.to, 7, "runtime.stopTheWorldGC", "main.stopper")
		s.ends(200, 1)
		is(t, fmt.Sprint("stopped from ", c.from, " to ", c.to), readiness(s, 100, 200), "(100 scheduler"+c.want+", 5 code main.ready)")
	}
}

// TestReadinessInAWindowIsWhatOfItIsThere: of 100 in which x has the processor only
// the last 30 lie in the window.
func TestReadinessInAWindowIsWhatOfItIsThere(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.x")
	s.had(8, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.waiter")
	s.had(9, event.GoWaiting, "runtime.gopark", "runtime.netpollblock", "main.ready")
	s.fires(100, 9)
	s.ends(200, 1)
	s.starts(200, 9, 0)
	s.wakes(205, 8, 9, send, "main.ready")
	x := s.window(300, timeline.Options{From: 170_000, To: 250_000}, nil)
	is(t, "path", x.path(8, 170, 205), "(30 scheduler for main.x, 5 code main.ready)")
}

// TestAProcessorThatStoodFreeIsNobodys: P 0 of two stands free, x has the other one.
// z had P 0 a second ago. Nobody kept it from goroutine 9.
func TestAProcessorThatStoodFreeIsNobodys(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 1, "main.x")
	s.has(2, 0, "main.z")
	s.ends(10, 2)
	is(t, "path", readiness(s, 1_000_000, 1_000_100), "(100 scheduler, 5 code main.ready)")
}

// TestWhoeverStillRunsCounts: of 7 ms, the hog has one of two processors all along,
// and goes on; x has the other for 3 and y for 4.
func TestWhoeverStillRunsCounts(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 1, "main.hog")
	s.has(2, 0, "main.x")
	s.had(3, event.GoRunnable, "main.y")
	s.ends(8000, 2)
	s.starts(8000, 3, 0)
	s.ends(12_000, 3)
	is(t, "path", readiness(s, 5000, 12_000), "(7000 scheduler for main.hog, 5 code main.ready)")
}

// TestASystemCallThatLostItsProcessorDoesNotKeepIt: c is in a system call from 100 to
// 9900 and loses the processor at 150, which x and then y have for 5 ms each.
func TestASystemCallThatLostItsProcessorDoesNotKeepIt(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.c")
	s.up(50, 0)
	s.had(2, event.GoRunnable, "main.x")
	s.had(3, event.GoRunnable, "main.y")
	s.calls(100, 1, "syscall.read", "main.c")
	s.down(150, 0)
	s.up(151, 0)
	s.starts(200, 2, 0)
	s.ends(5300, 2)
	s.starts(5300, 3, 0)
	s.returns(9900, 1, event.GoRunnable)
	s.ends(10_000, 3)
	s.starts(10_400, 1, 0)
	is(t, "path", readiness(s, 200, 10_000), "(9800 scheduler for main.x, 5 code main.ready)")
}

// TestASystemCallThatKeepsItsProcessorKeepsIt: c is in a system call on the only
// processor, which nobody takes from it.
func TestASystemCallThatKeepsItsProcessorKeepsIt(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.c")
	s.calls(100, 1, "syscall.read", "main.c")
	s.returns(500, 1, event.GoRunning)
	s.ends(501, 1)
	is(t, "path", readiness(s, 110, 502), "(392 scheduler for main.c, 5 code main.ready)")
}

// TestAnAssistKeepsAProcessor: of 6 ms x has the processor for 1, then y, which is
// within a mark assist for all of its 5.
func TestAnAssistKeepsAProcessor(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.x")
	s.had(2, event.GoWaiting, "runtime.gopark", "runtime.netpollblock", "main.y")
	s.ranges(10, 2, event.RangeActive, event.RangeMarkAssist)
	s.fires(900, 2)
	s.ends(2000, 1)
	s.starts(2000, 2, 0)
	s.preempts(7000, 2, "main.y")
	is(t, "path", readiness(s, 1000, 7000), "(6000 scheduler for main.y, 5 code main.ready)")
}

// TestARunThatIsCutIsNotCountedTwice: goroutine 9 is ready for 4 ms, all of which y has
// one of two processors. Of the other z has the first ms and x the rest, and runs on; a
// region that it begins cuts its run.
func TestARunThatIsCutIsNotCountedTwice(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.y")
	s.has(2, 1, "main.z")
	s.had(3, event.GoRunnable, "main.x")
	s.ends(2000, 2)
	s.starts(2000, 3, 1)
	s.region(4900, 3, "r", "main.x")
	s.ends(5000, 1)
	is(t, "path", readiness(s, 1000, 5000), "(4000 scheduler for main.y, 5 code main.ready)")
}
