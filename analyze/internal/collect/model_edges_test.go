package collect

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// TestAWaitThatEndsBehindTheWindowIsNoHiddenDelay: a sleep that ends after the window is no hidden delay within it.
func TestAWaitThatEndsBehindTheWindowIsNoHiddenDelay(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(2, 0, "main.sleeper")
	m.blocks(10_000, 2, event.ReasonSleep, atSleep...)
	m.spawns(10_000, 1, event.NoG, 0, "main.hog")
	m.preempts(100_000, 1)
	m.fires(100_000, 2, 0)
	m.starts(100_000, 2, 0)
	r := m.window(101_000, 0, 30_000, Options{})
	eq(t, "hidden delays", r.Scheduler.HiddenDelay.Count, 0)
}

// TestReadyWaitsOutsideTheWindowAreNotListed: waits for a processor outside the window are none of the worst in it.
func TestReadyWaitsOutsideTheWindowAreNotListed(t *testing.T) {
	m := newModel(t, 2)
	busyDay(m)
	r := m.window(20_000, 7000, 12_000, Options{})
	for _, x := range r.Scheduler.Worst {
		if x.DurationNs <= 0 {
			t.Errorf("a wait of no length: %+v", x)
		}
	}
}

// TestEfficiencyIsOfTheKnownTime: efficiency over the known time: one of two Ps, AverageRunning 1.
func TestEfficiencyIsOfTheKnownTime(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.gap(100, 400)
	m.goes(400, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.main"), 0)
	r := m.result(500)
	near(t, "average running", r.Concurrency.AverageRunning, 1)
	near(t, "efficiency", r.Concurrency.Efficiency, 0.5)
}

// TestAProcessorThatIdlesBehindAGap: P 1 ran before the gap and idles behind it, beside a blocked goroutine.
func TestAProcessorThatIdlesBehindAGap(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.main")
	m.has(2, 1, "main.work")
	m.gap(100, 400)
	for p, to := range []event.ProcState{event.ProcRunning, event.ProcIdle} {
		m.add(400, event.Event{Kind: event.ProcTransition, Subject: int64(p), From: uint8(event.ProcUndetermined), To: uint8(to), G: event.NoG, P: event.NoP})
	}
	m.goes(400, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.main"), 0)
	m.goes(400, 2, event.GoUndetermined, event.GoWaiting, event.NoG, event.NoP, 0, m.stack("runtime.gopark", "runtime.semacquire1", "sync.(*Mutex).Lock", "main.work"), 0)
	r := m.result(500)
	eq(t, "idle P time", r.Scheduler.PTimeNs.Idle, 100*us)
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{Sync: 100 * us})
}

// TestAProcessorThatRunsBehindAGap: the other way round: P 1 idled before the gap and runs behind it.
func TestAProcessorThatRunsBehindAGap(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.up(10, 1)
	m.down(20, 1)
	m.gap(100, 400)
	for p := range int64(2) {
		m.add(400, event.Event{Kind: event.ProcTransition, Subject: p, From: uint8(event.ProcUndetermined), To: uint8(event.ProcRunning), G: event.NoG, P: event.NoP})
	}
	m.goes(400, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.main"), 0)
	m.goes(400, 2, event.GoUndetermined, event.GoRunning, event.NoG, 1, 0, m.stack("main.work"), 0)
	m.goes(400, 3, event.GoUndetermined, event.GoRunnable, event.NoG, event.NoP, 0, m.stack("main.ready"), 0)
	r := m.result(500)
	eq(t, "ready", r.Scheduler.ReadyCauseNs, result.ReadyCause{Saturated: 100 * us})
	eq(t, "idle P time", r.Scheduler.PTimeNs.Idle, 90*us)
	eq(t, "idle while ready", r.Scheduler.IdleWhileReadyNs, 0)
}

// TestAGapIsNoIdleStretch: the longest idle stretch is no longer than the idle time.
func TestAGapIsNoIdleStretch(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.gap(100, 400)
	m.goes(400, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.main"), 0)
	r := m.result(500)
	eq(t, "idle", r.Concurrency.PartitionNs.Idle, 0)
	eq(t, "longest idle", r.Concurrency.Longest["idle"], []result.Moment{})
}

// TestAGoroutineNamedLateBehindAGapHasRunSinceItsEnd: a goroutine that is named 50 µs behind a gap has run since its end.
func TestAGoroutineNamedLateBehindAGapHasRunSinceItsEnd(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.gap(100, 400)
	m.add(410, event.Event{Kind: event.ProcTransition, Subject: 0, From: uint8(event.ProcUndetermined), To: uint8(event.ProcRunning), G: event.NoG, P: event.NoP})
	m.add(430, event.Event{Kind: event.ProcTransition, Subject: 1, From: uint8(event.ProcUndetermined), To: uint8(event.ProcIdle), G: event.NoG, P: event.NoP})
	m.up(440, 1) // something else happens meanwhile
	m.goes(450, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.main"), 0)
	r := m.result(500)
	eq(t, "running", r.Time.RunningNs, 200*us)
	eq(t, "histogram", r.Concurrency.RunningHistogramNs, []int64{0, 200 * us})
}

// TestANewGoroutineNamedLateBehindAGapHasRunSinceItsEnd: the same of one that is new behind the gap.
func TestANewGoroutineNamedLateBehindAGapHasRunSinceItsEnd(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.gap(100, 400)
	m.goes(400, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.main"), 0)
	m.down(420, 1)
	m.up(430, 1)
	m.goes(450, 2, event.GoUndetermined, event.GoRunning, event.NoG, 1, 0, m.stack("main.late"), 0)
	r := m.result(500)
	eq(t, "running", r.Time.RunningNs, 300*us)
	eq(t, "histogram", r.Concurrency.RunningHistogramNs, []int64{0, 100 * us, 100 * us})
}

// TestAProcessorThatLeavesWithGOMAXPROCSIsNotActive: runtime.GOMAXPROCS(2) by a goroutine on P 3, which the runtime moves to
// P 0 (procresize: Gomaxprocs, then ProcStop of P 3, then ProcStart of P 0).
// From then on one P of two idles beside a read.
func TestAProcessorThatLeavesWithGOMAXPROCSIsNotActive(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 3)
	m.has(1, 3, "main.main")
	m.has(2, 0, "main.read")
	m.blocks(0, 2, event.ReasonNetwork, atRead...)
	m.add(100, event.Event{Kind: event.ProcsChange, Arg: 2, G: event.NoG, P: event.NoP})
	m.yields(100, 1)
	m.down(100, 3)
	m.up(100, 0)
	m.starts(100, 1, 0)
	r := m.result(300)
	// three idle [0,100), one of two [100,300), one blocked
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{IO: 300 * us})
}

// TestNoPhaseIsShorterThanAThousandthOfTheScope: in a scope of 1.9 s no phase is shorter than a thousandth of it.
func TestNoPhaseIsShorterThanAThousandthOfTheScope(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for at := int64(1000); at < 1_900_000; at += 2000 {
		m.blocks(at, 1, event.ReasonSleep, atSleep...)
		m.fires(at+1000, 1, 0)
		m.starts(at+1000, 1, 0)
	}
	r := m.result(1_900_000)
	for _, p := range r.Concurrency.Phases {
		if p.ToNs-p.FromNs < 1_900_000*us/1000 && p.ToNs < r.Scope.ToNs {
			t.Fatalf("%d phases, one of %d ns", len(r.Concurrency.Phases), p.ToNs-p.FromNs)
		}
	}
}

// TestPreemptedLongAfterInputIsNotAfterIO: a goroutine that read, ran for 10 ms and was preempted is not "just" back
// from input.
func TestPreemptedLongAfterInputIsNotAfterIO(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.blocks(100, 1, event.ReasonNetwork, atRead...)
	m.fires(200, 1, 0)
	m.starts(200, 1, 0)
	m.preempts(10_200, 1)
	m.starts(15_200, 1, 0)
	r := m.result(16_000)
	eq(t, "origin", r.Scheduler.Worst[0].Origin, "preempted")
	eq(t, "after io", r.Scheduler.Worst[0].AfterIO, false)
}

// TestASuspensionDoesNotEndALongRun: 8 ms, suspended for a stack scan, 8 ms: no voluntary pause.
func TestASuspensionDoesNotEndALongRun(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.hog")
	m.blocks(8000, 1, event.ReasonPreempted, "runtime.preemptPark", "main.hog")
	m.wakes(8010, 1, 1, "runtime.suspendG")
	m.starts(8010, 1, 0)
	m.ends(16_010, 1)
	r := m.result(16_010)
	eq(t, "long runs", r.Scheduler.LongRunCount, 1)
}

// TestShortSyscallsAreBlocked: one P of two idles during a call of 10 µs: Y counts in A.6 (b), and
// IdleBlockedNs says ∫min(I, blocked).
func TestShortSyscallsAreBlocked(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.calls(100, 1, inRead...)
	m.returns(110, 1, event.GoRunning)
	r := m.result(200)
	eq(t, "label", r.Concurrency.PartitionNs.LatencyBound, 10*us)
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs.Sum(), 10*us)
}

// TestShortSyscallsAreNotChargedToASite: a site's idle time cannot exceed the time of its waits: one call of 30 µs,
// a hundred of 10 µs on the same stack, which are running/syscall-short.
func TestShortSyscallsAreNotChargedToASite(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.calls(0, 1, inRead...)
	m.returns(30, 1, event.GoRunning)
	for i := range int64(100) {
		m.calls(100+i*20, 1, inRead...)
		m.returns(110+i*20, 1, event.GoRunning)
	}
	r := m.result(3000)
	s := r.Sites[0]
	eq(t, "time", s.TotalNs, 30*us)
	if s.IdleBlockedNs > s.TotalNs {
		t.Errorf("%d ns idle in %d ns of waits", s.IdleBlockedNs, s.TotalNs)
	}
}

// TestHiddenDelayIsAtMostSinceAnotherWasIdle: HiddenDelay: "the upper bound of a wait is the part of it in which no
// processor was idle before it ended". Of the sleep's 20 ms the other P idled
// until a ms before the end.
func TestHiddenDelayIsAtMostSinceAnotherWasIdle(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(2, 0, "main.sleeper")
	m.blocks(6000, 2, event.ReasonSleep, atSleep...)
	m.spawns(6000, 1, event.NoG, 0, "main.hog")
	m.up(25_000, 1)
	m.spawns(25_000, 3, event.NoG, 1, "main.other")
	m.preempts(26_000, 1)
	m.fires(26_000, 2, 0)
	m.starts(26_000, 2, 0)
	r := m.result(27_000)
	eq(t, "upper", r.Scheduler.HiddenDelay.UpperNs, 1000*us)
}

// TestALongRunOfOneThatIsReadyAtTheEndCounts: a run of 15 ms whose goroutine is ready when the trace ends.
func TestALongRunOfOneThatIsReadyAtTheEndCounts(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.hog")
	m.makes(1000, 2, event.NoG, "main.victim")
	m.preempts(15_000, 1)
	m.starts(15_000, 2, 0)
	r := m.result(16_000)
	eq(t, "long runs", r.Scheduler.LongRunCount, 1)
	eq(t, "harm", r.Scheduler.LongRunHarmNs, 14_000*us)
}

// TestWhoHasRunSinceBeforeTheTraceRan: a goroutine that has run since before the trace ran while 2 was ready.
func TestWhoHasRunSinceBeforeTheTraceRan(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.a")
	m.has(2, 1, "main.hog")
	m.makes(1000, 3, 1, "main.work")
	m.blocks(3000, 1, event.ReasonSleep, atSleep...)
	m.starts(3000, 3, 0)
	r := m.result(4000)
	eq(t, "ran", len(r.Scheduler.Worst[0].Ran), 2)
}

// TestWaitsOfNewGoroutinesInALongTraceCount: after the switch to sweeping late, the waits of goroutines that are new
// count as those at the same place did before. Each round of 20 µs: a new
// goroutine runs 1 µs, reads 10 µs beside one idle P, runs 1 µs, ends.
func TestWaitsOfNewGoroutinesInALongTraceCount(t *testing.T) {
	const rounds = 80_000 // of ten steps
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for i := range int64(rounds) {
		at := i * 20
		m.up(at, 1)
		m.spawns(at, 2+i, 1, 1, "main.request")
		m.blocks(at+1, 2+i, event.ReasonNetwork, atRead...)
		m.down(at+1, 1)
		m.fires(at+11, 2+i, 0)
		m.up(at+11, 1)
		m.starts(at+11, 2+i, 1)
		m.ends(at+12, 2+i)
		m.down(at+12, 1)
	}
	r := m.result(rounds * 20)
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{IO: rounds * 10 * us})
}

// TestDelegationByNewGoroutinesInALongTraceIsSerial: delegation stays serial in a long trace: each round a new parent makes a
// child, waits for it and ends.
func TestDelegationByNewGoroutinesInALongTraceIsSerial(t *testing.T) {
	const rounds = 60_000 // of ten steps and more
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.ends(0, 1)
	for i := range int64(rounds) {
		at, parent, child := i*10, 2+2*i, 3+2*i
		m.spawns(at, parent, event.NoG, 0, "main.parent")
		m.makes(at+2, child, parent, "main.child")
		m.blocks(at+2, parent, event.ReasonSync, "sync.(*WaitGroup).Wait", "main.parent")
		m.starts(at+2, child, 0)
		m.wakes(at+8, parent, child, atDone...)
		m.ends(at+8, child)
		m.starts(at+8, parent, 0)
		m.ends(at+10, parent)
	}
	r := m.result(rounds * 10)
	eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Serial: rounds * 10 * us})
}

// TestViaReachesBehindTheWindow: a wait that ends behind the window, by one that was woken by the poller
// during it but behind the window too, was a wait for that.
func TestViaReachesBehindTheWindow(t *testing.T) {
	m := newModel(t, 9)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.spawns(0, 2, 1, 1, "main.a")
	m.spawns(0, 3, 1, 2, "main.b")
	m.blocks(0, 3, event.ReasonNetwork, atRead...)
	m.blocks(100, 2, event.ReasonSelect, atSelect...)
	m.fires(550, 3, 2)
	m.starts(550, 3, 2)
	m.wakes(1000, 2, 3, atSend...)
	r := m.window(1000, 0, 500, Options{})
	eq(t, "by class", r.Scheduler.IdleBlockedNs, result.IdleBlocked{IO: (500 + 400) * us})
}

// TestMembersBehindTheWindowDoNotCount: what begins behind the window does not count in it.
func TestMembersBehindTheWindowDoNotCount(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0, 1)
	m.has(1, 0, "main.main")
	m.spawns(0, 2, 1, 1, "main.work")
	m.makes(200, 3, 1, "main.work")
	m.makes(200, 4, 1, "main.work")
	r := m.window(300, 0, 100, Options{})
	g := group(t, r, "main.work")
	eq(t, "members", g.Count, 1)
	eq(t, "most at once", g.Parallelism.MostEngaged, 1)
}

// TestPreemptedWhereItWasSuspendedBefore: reason "preempted" on one stack is a suspension at a block and a
// preemption at a stop: the cache of kinds (timeline/kinds.go, kindCache.lookup)
// answers both from one entry. Suspended 10 µs, then preempted 30 µs.
func TestPreemptedWhereItWasSuspendedBefore(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.hog")
	m.blocks(100, 1, event.ReasonPreempted, "runtime.asyncPreempt2", "main.spin")
	m.wakes(110, 1, 1, "runtime.suspendG")
	m.starts(110, 1, 0)
	m.preempts(200, 1)
	m.starts(230, 1, 0)
	r := m.result(300)
	eq(t, "kinds", r.Time.Kinds, map[string]int64{"running/user": 260 * us, "runtime/suspended": 10 * us, "runnable/preempted": 30 * us})
}

// TestDemandBeyondTheProcessorsWithoutReadyWork: ExcessDemandNs is ∫max(0, D−N), EfficiencyDemand ∫min(D,N)/∫N, also while
// more run than there are Ps and none is ready: GOMAXPROCS falls to 1 beside two
// that run (a trace whose first GOMAXPROCS is lost, or Ps that leave late).
func TestDemandBeyondTheProcessorsWithoutReadyWork(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.main")
	m.has(2, 1, "main.work")
	m.add(100, event.Event{Kind: event.ProcsChange, Arg: 1, G: event.NoG, P: event.NoP})
	c := m.result(200).Concurrency
	eq(t, "excess", c.ExcessDemandNs, 100*us)
	near(t, "demand", c.EfficiencyDemand, 1)
}

// More goroutines that run at once than any machine has processors, as only damage
// gives, are counted like others, and kept in little.
func TestThousandsThatRunAtOnce(t *testing.T) {
	s := newScript(t, 2)
	const n = 3 * maxTable
	for i := range int64(n) {
		s.old(0, 1+i, event.GoRunning, "main.work")
	}
	set := New(Options{}, s.tables)
	r := s.through(set, 100)
	if len(r.Concurrency.RunningHistogramNs) != n+1 || r.Concurrency.RunningHistogramNs[n] != 100*us {
		t.Errorf("%d entries, the last %v", len(r.Concurrency.RunningHistogramNs), r.Concurrency.RunningHistogramNs[len(r.Concurrency.RunningHistogramNs)-1])
	}
	if len(set.sweep.table) > maxTable {
		t.Errorf("%d rows", len(set.sweep.table))
	}
}
