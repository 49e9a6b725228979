package collect

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// ---------------------------------------------------------------- ready work

// TestReadyTimeGoesToTheFirstCauseThatApplies: from 100 to 200 µs two goroutines
// are ready, on two Ps.
func TestReadyTimeGoesToTheFirstCauseThatApplies(t *testing.T) {
	const marker = "runtime.gcBgMarkWorker"
	user := func(m *model, p int32) { m.spawns(100, 10+int64(p), 1, p, "main.busy") }
	marks := func(m *model, p int32) { m.spawns(100, 10+int64(p), event.NoG, p, marker) }
	holds := func(m *model, p int32) { user(m, p); m.calls(100, 10+int64(p), inRead...) }
	cases := map[string]struct {
		p0, p1 func(m *model, p int32) // nil: looks for work
		idle   bool                    // P 1 is
		stop   bool
		want   result.ReadyCause
		harm   [2]int64 // of held Ps and of marking, µs
	}{
		"users on both":                   {user, user, false, false, result.ReadyCause{Saturated: 200 * us}, [2]int64{}},
		"one marks":                       {user, marks, false, false, result.ReadyCause{GC: 200 * us}, [2]int64{0, 100}},
		"both mark":                       {marks, marks, false, false, result.ReadyCause{GC: 200 * us}, [2]int64{0, 200}},
		"one held":                        {user, holds, false, false, result.ReadyCause{SyscallHeld: 200 * us}, [2]int64{100, 0}},
		"one held, one marks":             {marks, holds, false, false, result.ReadyCause{GC: 200 * us}, [2]int64{100, 100}},
		"one idle":                        {user, nil, true, false, result.ReadyCause{Dispatch: 200 * us}, [2]int64{}},
		"one idle, one held":              {holds, nil, true, false, result.ReadyCause{Dispatch: 200 * us}, [2]int64{}},
		"one idle, one marks":             {marks, nil, true, false, result.ReadyCause{Dispatch: 200 * us}, [2]int64{}},
		"one looks for work":              {user, nil, false, false, result.ReadyCause{Dispatch: 200 * us}, [2]int64{}},
		"stopped":                         {user, nil, true, true, result.ReadyCause{STW: 200 * us}, [2]int64{}},
		"stopped while one marks":         {user, marks, false, true, result.ReadyCause{STW: 200 * us}, [2]int64{}},
		"stopped while one P is held too": {user, holds, false, true, result.ReadyCause{STW: 200 * us}, [2]int64{}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, 2)
			m.up(0, 0, 1)
			m.has(1, 0, "main.main")
			for p, f := range []func(*model, int32){c.p0, c.p1} {
				if f != nil {
					f(m, int32(p))
				}
			}
			m.makes(100, 2, event.NoG, "main.work")
			m.makes(100, 3, event.NoG, "main.work")
			m.ends(100, 1)
			if c.idle {
				m.down(100, 1)
			}
			if c.stop {
				m.stops(100, 10)
				m.restarts(200, 10)
			}
			r := m.result(200)
			s := r.Scheduler
			eq(t, "cause", s.ReadyCauseNs, c.want)
			eq(t, "ready", s.ReadyNs, 200*us)
			eq(t, "capacity", s.ReadyCapacityNs, 200*us)
			eq(t, "held and GC harm", [2]int64{s.HeldHarmNs, s.GCHarmNs}, [2]int64{c.harm[0] * us, c.harm[1] * us})
		})
	}
}

// TestReadyWorkIsSomeOrFull: ready [10,40), and nobody runs [30,40); yielded
// [60,80) while nobody runs.
func TestReadyWorkIsSomeOrFull(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.makes(10, 2, 1, "main.work")
	m.ends(30, 1)
	m.starts(40, 2, 0)
	m.yields(60, 2)
	m.starts(80, 2, 0)
	r := m.result(100)
	eq(t, "some, full", [2]int64{r.Scheduler.RunnableSomeNs, r.Scheduler.RunnableFullNs}, [2]int64{50 * us, 30 * us})
	eq(t, "latency", r.Scheduler.Latency, result.Latency{Count: 1, P50Ns: 30 * us, P90Ns: 30 * us, P99Ns: 30 * us, MaxNs: 30 * us})
}

// TestIdleProcessorsBesideReadyGoroutines: on four Ps one runs throughout; three
// are ready [100,200), one [200,300); then one that yielded [400,500). min(Q, I)
// is 3, 1 and 0.
func TestIdleProcessorsBesideReadyGoroutines(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for i := range int64(3) {
		m.makes(100, 2+i, 1, "main.work")
	}
	m.up(200, 1, 2)
	m.starts(200, 2, 1)
	m.starts(200, 3, 2)
	m.up(300, 3)
	m.starts(300, 4, 3)
	m.yields(400, 4)
	m.down(400, 3)
	m.up(500, 3)
	m.starts(500, 4, 3)
	r := m.result(600)
	s := r.Scheduler
	eq(t, "idle while ready", s.IdleWhileReadyNs, (3*100+100)*us)
	eq(t, "worst", s.IdleWhileReadyWorst, []result.Moment{{FromNs: 100 * us, ToNs: 300 * us}})
	eq(t, "cause", s.ReadyCauseNs, result.ReadyCause{Dispatch: 500 * us})
	// three new ones for 100, 100 and 200 µs; percentiles are within 1.1 %
	close1(t, "noise", s.IdleWhileReadyNoiseNs, 3*100*us, 3300)
}

// TestIdleWhileReadyListsTheThreeLongestStretches: 10, 40, 20 and 30 µs.
func TestIdleWhileReadyListsTheThreeLongestStretches(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for i, ns := range []int64{10, 40, 20, 30} {
		at := int64(i+1) * 100
		m.makes(at, int64(i)+2, 1, "main.work")
		m.up(at+ns, 1)
		m.starts(at+ns, int64(i)+2, 1)
		m.ends(at+50, int64(i)+2)
		m.down(at+50, 1)
	}
	r := m.result(600)
	eq(t, "worst", r.Scheduler.IdleWhileReadyWorst, []result.Moment{
		{FromNs: 200 * us, ToNs: 240 * us}, {FromNs: 400 * us, ToNs: 430 * us}, {FromNs: 300 * us, ToNs: 320 * us},
	})
	eq(t, "all", r.Scheduler.IdleWhileReadyNs, 100*us)
}

// TestWorstReadyWaitsSayWhoRan: on one P goroutine 2 is ready [1000,5000); a runs
// until 3500 and b from there.
func TestWorstReadyWaitsSayWhoRan(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.a")
	m.makes(1000, 2, 1, "main.work")
	m.makes(3500, 3, 1, "main.b")
	m.ends(3500, 1)
	m.starts(3500, 3, 0)
	m.ends(5000, 3)
	m.starts(5000, 2, 0)
	m.preempts(6000, 2)
	m.starts(6100, 2, 0)
	r := m.result(7000)
	id := func(name string) int { return group(t, r, name).ID }
	eq(t, "worst", r.Scheduler.Worst[:2], []result.ReadyWait{
		{AtNs: 1000 * us, DurationNs: 4000 * us, Goroutine: 2, Group: id("main.work"), Origin: "new", Ran: []result.GroupTime{{Group: id("main.a"), Ns: 2500 * us}, {Group: id("main.b"), Ns: 1500 * us}}},
		{AtNs: 6000 * us, DurationNs: 100 * us, Goroutine: 2, Group: id("main.work"), Origin: "preempted"},
	})
	eq(t, "harm of a", group(t, r, "main.a").HarmNs, 2500*us)
	eq(t, "harm of b", group(t, r, "main.b").HarmNs, 1500*us)
}

// TestReadyAfterInputIsListedApart: the socket is ready at 2000, the goroutine
// runs at 2700; its wait for a lock does not count.
func TestReadyAfterInputIsListedApart(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.serve")
	m.spawns(500, 2, 1, 1, "main.busy")
	m.blocks(1000, 1, event.ReasonNetwork, atRead...)
	m.fires(2000, 1, 1)
	m.starts(2700, 1, 0)
	m.blocks(3000, 1, event.ReasonSync, atMutex...)
	m.wakes(4000, 1, 2, atUnlock...)
	m.starts(4100, 1, 0)
	r := m.result(5000)
	g := group(t, r, "main.serve")
	eq(t, "after io", g.AfterIO, result.Latency{Count: 1, P50Ns: 700 * us, P90Ns: 700 * us, P99Ns: 700 * us, MaxNs: 700 * us})
	eq(t, "worst after io", r.Scheduler.WorstAfterIO, []result.ReadyWait{
		{AtNs: 2000 * us, DurationNs: 700 * us, Goroutine: 1, Group: g.ID, Origin: "woken", AfterIO: true, Ran: []result.GroupTime{{Group: group(t, r, "main.busy").ID, Ns: 700 * us}}},
	})
	eq(t, "after a lock", r.Scheduler.Worst[1].AfterIO, false)
}

// ---------------------------------------------------------------- idle because blocked

// TestIdleProcessorsAreSharedAmongTheBlocked: on four Ps main runs and three
// idle. With two blocked [100,200) each has one; with six [200,300) half of one
// each; with one of them ready [300,400) nobody.
func TestIdleProcessorsAreSharedAmongTheBlocked(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for i := range int64(6) {
		m.spawns(0, 2+i, 1, int32(1+i%3), "main.work")
	}
	m.blocks(0, 4, event.ReasonSync, atGroup...) // joins do not count
	m.blocks(100, 2, event.ReasonNetwork, atRead...)
	m.blocks(100, 3, event.ReasonSync, atMutex...)
	for i := range int64(3) {
		m.ends(200, 5+i)
	}
	m.spawns(200, 8, 1, 1, "main.more")
	m.blocks(200, 8, event.ReasonSleep, atSleep...)
	m.spawns(200, 9, 1, 1, "main.more")
	m.calls(200, 9, inRead...)
	m.spawns(200, 10, 1, 2, "main.more")
	m.blocks(200, 10, event.ReasonGCAssistWait, atAssist...)
	m.spawns(200, 11, 1, 2, "main.more")
	m.blocks(200, 11, event.ReasonSync, atMutex...)
	m.wakes(300, 11, 1, "sync.(*Mutex).Unlock", "main.release")
	r := m.result(400)
	// Ps 1 to 3 never run as such: 3 idle.
	eq(t, "by class", r.Scheduler.IdleBlockedNs, result.IdleBlocked{
		IO: 150 * us, Sync: 200 * us, Timer: 50 * us, Syscall: 50 * us, Runtime: 50 * us,
	})
	eq(t, "by group", []int64{group(t, r, "main.main").IdleBlockedNs, group(t, r, "main.work").IdleBlockedNs, group(t, r, "main.more").IdleBlockedNs}, []int64{0, 300 * us, 200 * us})
	sites := map[string]int64{}
	for _, s := range r.Sites {
		sites[s.Kind] += s.IdleBlockedNs
	}
	eq(t, "by site", sites, map[string]int64{"network": 150 * us, "mutex": 200 * us, "sleep": 50 * us, "syscall": 50 * us, "gc-assist-wait": 50 * us, "waitgroup": 0})
	for _, s := range r.Sites {
		if s.Kind == "mutex" {
			eq(t, "wakers of the lock", s.Wakers, []result.Waker{{
				Group: group(t, r, "main.main").ID, Frames: frames(m.tables, m.stack("sync.(*Mutex).Unlock", "main.release")), Waits: 1, TotalNs: 100 * us, IdleBlockedNs: 50 * us,
			}})
		}
	}
}

// TestIdleProcessorsAreNotChargedToGoroutinesAtRest.
func TestIdleProcessorsAreNotChargedToGoroutinesAtRest(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.has(2, 1, "main.listen")
	m.blocks(0, 2, event.ReasonNetwork, "internal/poll.(*FD).Accept", "net.(*netFD).accept", "main.listen")
	r := m.result(100)
	eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Serial: 100 * us})
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{})
}

// TestAWaitForOneThatWasHeldUpOutsideCountsAsThat: a selects from 100 to 400 for
// b, which has waited for something else until 300 (or until 50, before the
// select).
func TestAWaitForOneThatWasHeldUpOutsideCountsAsThat(t *testing.T) {
	cases := map[string]struct {
		begins, ends int64
		reason       event.ReasonID
		at           []string
		want         result.IdleBlocked // of the select alone, in [100,400)
		via          map[string]int64
	}{
		"the poller":       {0, 300, event.ReasonNetwork, atRead, result.IdleBlocked{IO: 300 * us}, map[string]int64{"io": 300 * us}},
		"a timer":          {0, 300, event.ReasonSleep, atSleep, result.IdleBlocked{Timer: 300 * us}, map[string]int64{"timer": 300 * us}},
		"a system call":    {0, 300, 0, inRead, result.IdleBlocked{IO: 300 * us}, map[string]int64{"io": 300 * us}},
		"before the wait":  {0, 50, event.ReasonNetwork, atRead, result.IdleBlocked{Sync: 300 * us}, nil},
		"another's unlock": {0, 300, event.ReasonSync, atMutex, result.IdleBlocked{Sync: 300 * us}, nil},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			m := newModel(t, 9) // always as many idle as are blocked
			m.up(0, 0)
			m.has(1, 0, "main.main")
			m.spawns(0, 2, 1, 1, "main.a")
			m.spawns(0, 3, 1, 2, "main.b")
			if c.reason == 0 {
				m.calls(c.begins, 3, c.at...)
				m.returns(c.ends, 3, event.GoRunning)
			} else {
				m.blocks(c.begins, 3, c.reason, c.at...)
				if c.reason == event.ReasonSync {
					m.wakes(c.ends, 3, 1, atUnlock...)
				} else {
					m.fires(c.ends, 3, 2)
				}
				m.starts(c.ends, 3, 2)
			}
			m.blocks(100, 2, event.ReasonSelect, atSelect...)
			m.wakes(400, 2, 3, atSend...)
			m.ends(400, 3)
			m.starts(400, 2, 1)
			r := m.result(400)
			for _, s := range r.Sites {
				if s.Kind == "select" {
					eq(t, "of the select", s.IdleBlockedNs, 300*us)
					eq(t, "via", s.Wakers[0].ViaNs, c.via)
					eq(t, "of its waker", s.Wakers[0].IdleBlockedNs, 300*us)
				} else { // b's own
					own := c.ends - c.begins
					switch s.Class {
					case "blocked-sync":
						c.want.Sync += own * us
					case "timer":
						c.want.Timer += own * us
					default:
						if s.Kind == "syscall" {
							c.want.Syscall += own * us
						} else {
							c.want.IO += own * us
						}
					}
				}
			}
			eq(t, "by class", r.Scheduler.IdleBlockedNs, c.want)
		})
	}
}

// TestViaGoesOnThroughAChain: a waits for b, which waits for c, which reads.
func TestViaGoesOnThroughAChain(t *testing.T) {
	m := newModel(t, 9)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for i, entry := range []string{"main.a", "main.b", "main.c"} {
		m.spawns(0, int64(2+i), 1, int32(1+i), entry)
	}
	m.blocks(0, 4, event.ReasonNetwork, atRead...)
	m.blocks(0, 3, event.ReasonSelect, atSelect...)
	m.blocks(0, 2, event.ReasonSelect, "runtime.selectgo", "main.x", "main.y", "main.a")
	m.fires(300, 4, 3)
	m.starts(300, 4, 3)
	m.wakes(310, 3, 4, atSend...)
	m.starts(310, 3, 2)
	m.wakes(320, 2, 3, atSend...)
	r := m.result(320)
	// with one running: three blocked for 300, two for 10, one for 10
	eq(t, "by class", r.Scheduler.IdleBlockedNs, result.IdleBlocked{IO: (300 + 310 + 320) * us})
	eq(t, "causes", r.Concurrency.InterleavedCauseNs, map[string]int64{"latency": 300 * us})
}

// ---------------------------------------------------------------- hidden delay, long runs, held Ps

// TestATimerServedLateIsAHiddenDelay: on one P a sleep of 5 ms, then the same
// that lasts 20 as another goroutine has the P.
func TestATimerServedLateIsAHiddenDelay(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(2, 0, "main.sleeper")
	m.blocks(1000, 2, event.ReasonSleep, atSleep...)
	m.down(1000, 0)
	m.up(6000, 0)
	m.fires(6000, 2, 0)
	m.starts(6000, 2, 0)
	m.makes(6500, 1, 2, "main.hog")
	m.blocks(6500, 2, event.ReasonSleep, atSleep...)
	m.starts(6500, 1, 0)
	m.preempts(26_500, 1)
	m.fires(26_500, 2, 0)
	m.starts(26_500, 2, 0)
	r := m.result(27_000)
	hog := group(t, r, "main.hog").ID
	eq(t, "hidden delay", r.Scheduler.HiddenDelay, result.HiddenDelay{
		Count: 1, LowerNs: 15_000 * us, UpperNs: 20_000 * us, LateTimers: 1,
		Worst: []result.LateWait{{
			AtNs: 6500 * us, DurationNs: 20_000 * us, Goroutine: 2, Group: group(t, r, "main.sleeper").ID, Kind: "timer/sleep",
			LowerNs: 15_000 * us, UpperNs: 20_000 * us, Frames: frames(m.tables, m.stack(atSleep...)), Ran: []result.GroupTime{{Group: hog, Ns: 20_000 * us}},
		}},
	})
}

// TestThePollerServedLateIsAHiddenDelay: a read from 6 to 26 ms of which all Ps
// are busy from 10 ms on; with another P idle it is none.
func TestThePollerServedLateIsAHiddenDelay(t *testing.T) {
	for procs, want := range map[int64]result.HiddenDelay{
		1: {Count: 1, UpperNs: 16_000 * us},
		2: {},
	} {
		m := newModel(t, procs)
		m.up(0, 0)
		m.has(2, 0, "main.reader")
		m.blocks(6000, 2, event.ReasonNetwork, atRead...)
		m.down(6000, 0)
		m.up(10_000, 0)
		m.spawns(10_000, 1, event.NoG, 0, "main.hog")
		m.preempts(26_000, 1)
		m.fires(26_000, 2, 0)
		m.starts(26_000, 2, 0)
		r := m.result(27_000)
		got := r.Scheduler.HiddenDelay
		got.Worst = nil
		eq(t, "hidden delay", got, want)
	}
}

// TestALongRunGoesOnAcrossPreemptionsAndHasItsHarm: on one P a hog runs [0,8) and
// [9,16) ms, preempted in between for goroutine 2, which was ready from 2 on.
func TestALongRunGoesOnAcrossPreemptionsAndHasItsHarm(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.hog")
	m.makes(2000, 2, event.NoG, "main.victim")
	m.preempts(8000, 1)
	m.starts(8000, 2, 0)
	m.ends(9000, 2)
	m.starts(9000, 1, 0)
	m.blocks(16_000, 1, event.ReasonSleep, atSleep...)
	m.fires(16_100, 1, 0)
	m.starts(16_100, 1, 0)
	m.blocks(26_099, 1, event.ReasonSleep, atSleep...) // 9.999 ms are not long
	r := m.result(27_000)
	s := r.Scheduler
	eq(t, "long runs", s.LongRuns, []result.LongRun{{
		AtNs: 0, EndNs: 16_000 * us, RunNs: 15_000 * us, Goroutine: 1, Group: group(t, r, "main.hog").ID, HarmNs: 6000 * us,
		LongestSliceNs: 8000 * us, Frames: frames(m.tables, m.stack("runtime.asyncPreempt2", "main.spin")),
	}})
	eq(t, "count and harm", [2]int64{s.LongRunCount, s.LongRunHarmNs}, [2]int64{1, 6000 * us})
	eq(t, "harm of the hog's group", group(t, r, "main.hog").HarmNs, 6000*us)
	eq(t, "harm of the victim's", group(t, r, "main.victim").HarmNs, 1000*us)
}

// TestYieldingEndsALongRun: 6 ms, Gosched, 6 ms.
func TestYieldingEndsALongRun(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.hog")
	m.yields(6000, 1)
	m.starts(6000, 1, 0)
	m.ends(12_000, 1)
	eq(t, "long runs", m.result(12_000).Scheduler.LongRunCount, 0)
}

// TestALongRunWithAnIdleProcessorHarmsNobody: a goroutine is ready throughout,
// but another P is idle.
func TestALongRunWithAnIdleProcessorHarmsNobody(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.hog")
	m.makes(0, 2, 1, "main.victim")
	r := m.result(20_000)
	eq(t, "long runs", r.Scheduler.LongRunCount, 1)
	eq(t, "harm", r.Scheduler.LongRunHarmNs, 0)
	eq(t, "idle while ready", r.Scheduler.IdleWhileReadyNs, 20_000*us)
}

// TestASystemCallThatHoldsItsProcessorHarmsTheReady: on one P goroutine 1 is in a
// call from 1 to 8 ms, its P is taken away at 5; goroutine 2 is ready from 2.
func TestASystemCallThatHoldsItsProcessorHarmsTheReady(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.raw")
	m.calls(1000, 1, inRead...)
	m.makes(2000, 2, event.NoG, "main.work")
	m.down(5000, 0)
	m.up(5000, 0)
	m.starts(5000, 2, 0)
	m.returns(8000, 1, event.GoRunnable)
	m.ends(9000, 2)
	m.starts(9000, 1, 0)
	r := m.result(10_000)
	s := r.Scheduler
	eq(t, "holds", s.SyscallHolds, []result.SyscallHold{{
		AtNs: 1000 * us, DurationNs: 4000 * us, HarmNs: 3000 * us, Goroutine: 1, Group: group(t, r, "main.raw").ID, Frames: frames(m.tables, m.stack(inRead...)),
	}})
	eq(t, "harm by place", s.HeldAt, []result.HeldAt{{Frames: frames(m.tables, m.stack(inRead...)), Calls: 1, HarmNs: 3000 * us}})
	eq(t, "harm", s.HeldHarmNs, 3000*us)
	// 1 [0,1) alone; [1,2) held; [2,5) stalled; [5,8) runs beside a call; [8,9)
	// the only P taken.
	eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{
		Serial: 2000 * us, LatencyBound: 1000 * us, Stalled: 3000 * us, Interleaved: 4000 * us,
	})
	eq(t, "interleaved", r.Concurrency.InterleavedCauseNs, map[string]int64{"latency": 3000 * us, "capacity": 1000 * us})
	eq(t, "cause", s.ReadyCauseNs, result.ReadyCause{SyscallHeld: 3000 * us, Saturated: 1000 * us})
	eq(t, "syscall-return", s.LatencyByOrigin["syscall-return"].MaxNs, 1000*us)
}

// ---------------------------------------------------------------- phases, stretches

// TestALabelThatFlickersIsSmoothed: ten ms in which 100 µs of each are parallel.
func TestALabelThatFlickersIsSmoothed(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.main")
	for i := range int64(10) {
		m.spawns(i*1000+300, 2+i, 1, 1, "main.short")
		m.ends(i*1000+400, 2+i)
	}
	m.spawns(10_000, 50, 1, 1, "main.long")
	r := m.result(15_000)
	eq(t, "phases", r.Concurrency.Phases, []result.Phase{
		{FromNs: 0, ToNs: 10_000 * us, Label: "serial"}, {FromNs: 10_000 * us, ToNs: 15_000 * us, Label: "parallel"},
	})
	eq(t, "parallel", r.Concurrency.PartitionNs.Parallel, 6000*us)
	eq(t, "longest parallel", r.Concurrency.Longest["parallel"][:2], []result.Moment{{FromNs: 10_000 * us, ToNs: 15_000 * us}, {FromNs: 300 * us, ToNs: 400 * us}})
	eq(t, "how many", len(r.Concurrency.Longest["parallel"]), 10)
	eq(t, "longest serial", r.Concurrency.Longest["serial"][0], result.Moment{FromNs: 400 * us, ToNs: 1300 * us})
}

// TestPhasesOfALongTrace: serial until 1 s, all wait until 2, serial until 3, and
// a flicker at 1.5 s; then once more, which doubles the stretches again.
func TestPhasesOfALongTrace(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	const s = 1_000_000
	want := []result.Phase{}
	for i := range int64(2) {
		at := i * 3 * s
		m.blocks(at+s, 1, event.ReasonSleep, atSleep...)
		m.fires(at+s+s/2, 1, 0)
		m.starts(at+s+s/2, 1, 0)
		m.blocks(at+s+s/2+900, 1, event.ReasonSleep, atSleep...)
		m.fires(at+2*s, 1, 0)
		m.starts(at+2*s, 1, 0)
		want = append(want, result.Phase{FromNs: at * us, ToNs: (at + s) * us, Label: "serial"}, result.Phase{FromNs: (at + s) * us, ToNs: (at + 2*s) * us, Label: "latency-bound"})
		if i == 0 {
			continue
		}
		want[2].FromNs = 2 * s * us
		want = append(want, result.Phase{FromNs: (at + 2*s) * us, ToNs: (at + 3*s) * us, Label: "serial"})
	}
	r := m.result(6 * s)
	eq(t, "phases", r.Concurrency.Phases, want)
	eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Serial: (4*s + 1800) * us, LatencyBound: (2*s - 1800) * us})
}

// ---------------------------------------------------------------- windows, the runtime, gaps, long traces

// busyDay plays a bit of everything in 20 ms.
func busyDay(m *model) {
	m.up(0, 0, 1)
	m.has(1, 0, "main.main")
	m.has(2, 1, "main.work")
	m.blocks(2000, 1, event.ReasonNetwork, atRead...) // 2 runs beside a read
	m.down(2000, 0)
	m.makes(5000, 3, 2, "main.more") // ready beside an idle P until 6
	m.up(6000, 0)
	m.starts(6000, 3, 0) // 2 and 3 run
	m.fires(8000, 1, 0)  // 1 is ready until 11
	m.calls(10_000, 2, inRead...)
	m.preempts(11_000, 3)
	m.starts(11_000, 1, 0)
	m.returns(13_000, 2, event.GoRunning)
	m.blocks(14_000, 2, event.ReasonSync, atMutex...)
	m.down(14_000, 1)
	m.blocks(15_000, 1, event.ReasonSleep, atSleep...)
	m.starts(15_500, 3, 0)
	m.fires(18_000, 1, 0)
	m.up(18_500, 1)
	m.starts(18_500, 1, 1)
}

// TestAWindowIsThePartOfTheWhole: [7,12) ms of it: 2 and 3 run [7,10), 1 ready
// from 8; 3 alone [10,11) while 2 is in a call and 1 is ready; 1 [11,12) while 3
// is ready.
func TestAWindowIsThePartOfTheWhole(t *testing.T) {
	m := newModel(t, 2)
	busyDay(m)
	r := m.window(20_000, 7000, 12_000, Options{})
	c, s := r.Concurrency, r.Scheduler
	eq(t, "histogram", c.RunningHistogramNs, []int64{0, 2000 * us, 3000 * us})
	eq(t, "partition", c.PartitionNs, result.Partition{Parallel: 3000 * us, Interleaved: 2000 * us})
	eq(t, "parallel", c.ParallelKindNs, map[string]int64{"full": 1000 * us, "saturated": 2000 * us})
	eq(t, "interleaved", c.InterleavedCauseNs, map[string]int64{"capacity": 2000 * us})
	eq(t, "ready", s.ReadyCauseNs, result.ReadyCause{Saturated: 2000 * us, SyscallHeld: 2000 * us})
	eq(t, "some, full", [2]int64{s.RunnableSomeNs, s.RunnableFullNs}, [2]int64{4000 * us, 0})
	eq(t, "main", group(t, r, "main.main").Parallelism.CriticalityNs, 1000*us)
	eq(t, "phases", c.Phases, []result.Phase{{FromNs: 7000 * us, ToNs: 10_000 * us, Label: "parallel"}, {FromNs: 10_000 * us, ToNs: 12_000 * us, Label: "interleaved"}})
	eq(t, "longest", c.Longest["parallel"], []result.Moment{{FromNs: 7000 * us, ToNs: 10_000 * us}})
	near(t, "average demand", c.AverageDemand, (1*2+2*3+2*2)/5.0)
	eq(t, "held harm", s.HeldHarmNs, 2000*us)
}

// TestWindowsThatTouchAddUp cuts the same at every ms and half.
func TestWindowsThatTouchAddUp(t *testing.T) {
	m := newModel(t, 2)
	busyDay(m)
	whole := m.result(20_000)
	for cut := int64(500); cut < 20_000; cut += 500 {
		var got [8]int64
		for _, half := range [][2]int64{{0, cut}, {cut, 0}} {
			m := newModel(t, 2)
			busyDay(m)
			r := m.window(20_000, half[0], half[1], Options{})
			for i, ns := range numbers(r) {
				got[i] += ns
			}
		}
		if got != numbers(whole) {
			t.Errorf("cut at %d µs: %v, whole %v", cut, got, numbers(whole))
		}
	}
}

// numbers are those of a result that add up over windows, where nothing is at
// rest.
func numbers(r *result.Result) [8]int64 {
	c, s := &r.Concurrency, &r.Scheduler
	h := append(c.RunningHistogramNs, 0, 0, 0)
	return [8]int64{h[0], h[1], h[2], s.RunnableSomeNs, s.RunnableFullNs, s.ReadyNs, s.IdleBlockedNs.Sum(), s.IdleWhileReadyNs}
}

// TestTheRuntimesGoroutinesChangeNoNumberOfTheUsers plays the same with and
// without some that wait, wake each other and are ready.
func TestTheRuntimesGoroutinesChangeNoNumberOfTheUsers(t *testing.T) {
	play := func(system bool) *result.Result {
		m := newModel(t, 2)
		busyDay(m)
		if system {
			m.old(0, 90, event.GoWaiting, "runtime.gopark", "runtime.bgsweep")
			m.old(0, 92, event.GoRunnable, "runtime.bgscavenge")
			m.g(3000, 90, event.GoWaiting, event.GoRunnable, 2, 0, 0, m.stack("runtime.ready"))
			m.makes(4000, 94, 2, "runtime/trace.Start.func1")
			m.makes(4000, 96, event.NoG, "runtime.gcBgMarkWorker")
			m.makes(4000, 98, event.NoG, "runtime/pprof.profileWriter")
		}
		return m.result(20_000)
	}
	with, without := play(true), play(false)
	eq(t, "system goroutines", with.Scope.SystemGoroutines, 5)
	with.Scope, with.SystemTime = without.Scope, without.SystemTime
	with.Groups = with.Groups[:len(without.Groups)]
	eq(t, "result", with, without)
}

// TestTheRuntimesRunningTakesProcessorsOnly: a mark worker on the second P makes
// what was partial full, and its idle time unavailable.
func TestTheRuntimesRunningTakesProcessorsOnly(t *testing.T) {
	play := func(system bool) *result.Result {
		m := newModel(t, 3)
		m.up(0, 0, 1)
		m.has(1, 0, "main.main")
		m.has(2, 1, "main.work")
		m.has(3, 2, "main.read")
		m.blocks(0, 3, event.ReasonNetwork, atRead...)
		if system {
			m.up(0, 2)
			m.has(90, 2, "runtime.gcBgMarkWorker")
		}
		m.ends(100, 2)
		return m.result(300)
	}
	for _, system := range []bool{false, true} {
		r := play(system)
		eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Parallel: 100 * us, Interleaved: 200 * us})
		eq(t, "histogram", r.Concurrency.RunningHistogramNs, []int64{0, 200 * us, 100 * us})
		kind, idle := "partial", 300*us // P 1 goes on to look for work
		if system {
			kind, idle = "full", 0
		}
		eq(t, "kind", r.Concurrency.ParallelKindNs, map[string]int64{kind: 100 * us})
		eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{IO: int64(idle)})
	}
}

// TestAGapIsUnknown: serial [0,100), nothing known [100,400), serial [400,500).
func TestAGapIsUnknown(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.gap(100, 400)
	m.add(400, event.Event{Kind: event.ProcTransition, Subject: 0, From: uint8(event.ProcUndetermined), To: uint8(event.ProcRunning), G: event.NoG, P: event.NoP})
	m.goes(400, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.main"), 0)
	r := m.result(500)
	c := r.Concurrency
	eq(t, "partition", c.PartitionNs, result.Partition{Serial: 200 * us, Unknown: 300 * us})
	eq(t, "histogram", c.RunningHistogramNs, []int64{0, 200 * us})
	eq(t, "bands", c.BandsNs, result.Bands{Poor: 200 * us})
	near(t, "average running", c.AverageRunning, 1)
	near(t, "average engaged", c.AverageEngaged, 1)
	eq(t, "unknown", r.Time.UnknownNs, 300*us)
}

// TestGapsShowInThePhases: 10 ms each of serial, nothing, serial.
func TestGapsShowInThePhases(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.gap(10_000, 20_000)
	m.goes(20_000, 1, event.GoUndetermined, event.GoRunning, event.NoG, 0, 0, m.stack("main.main"), 0)
	r := m.result(30_000)
	eq(t, "phases", r.Concurrency.Phases, []result.Phase{
		{FromNs: 0, ToNs: 10_000 * us, Label: "serial"}, {FromNs: 10_000 * us, ToNs: 20_000 * us, Label: "unknown"}, {FromNs: 20_000 * us, ToNs: 30_000 * us, Label: "serial"},
	})
}

// TestALongTraceIsSweptAsAShortOne: two goroutines alternate on a lock for more
// steps than are held back. In each round of 10 µs: both run [0,4), 1 waits
// [4,8) while 2 runs, 1 is ready [8,10) while 2 runs and the other P is idle.
func TestALongTraceIsSweptAsAShortOne(t *testing.T) {
	const rounds = 140_000 // of five steps
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.a")
	m.has(2, 1, "main.b")
	m.preempts(1, 2) // or it would not be known to run before its end
	m.starts(1, 2, 1)
	for i := range int64(rounds) {
		at := i * 10
		m.blocks(at+4, 1, event.ReasonSync, atMutex...)
		m.down(at+4, 0)
		m.wakes(at+8, 1, 2, atUnlock...)
		m.up(at+10, 0)
		m.starts(at+10, 1, 0)
	}
	if steps := 5 * rounds; steps < 600_000 || steps < maxKept {
		t.Fatal("too short")
	}
	r := m.result(rounds * 10)
	const n = rounds * us
	c, s := r.Concurrency, r.Scheduler
	eq(t, "histogram", c.RunningHistogramNs, []int64{0, 6 * n, 4 * n})
	eq(t, "partition", c.PartitionNs, result.Partition{Parallel: 4 * n, Interleaved: 6 * n})
	eq(t, "interleaved", c.InterleavedCauseNs, map[string]int64{"dependency": 4 * n, "dispatch": 2 * n})
	eq(t, "parallel", c.ParallelKindNs, map[string]int64{"full": 4 * n})
	eq(t, "ready", s.ReadyCauseNs, result.ReadyCause{Dispatch: 2 * n})
	eq(t, "idle while ready", s.IdleWhileReadyNs, 2*n)
	eq(t, "idle blocked", s.IdleBlockedNs, result.IdleBlocked{Sync: 4 * n})
	close1(t, "criticality of a", group(t, r, "main.a").Parallelism.CriticalityNs, 2*n, 1)
	close1(t, "criticality of b", group(t, r, "main.b").Parallelism.CriticalityNs, 8*n, 1)
	eq(t, "b alone", group(t, r, "main.b").Parallelism.AloneNs, 4*n)
	eq(t, "site", r.Sites[0].IdleBlockedNs, 4*n)
	near(t, "engaged", c.AverageEngaged, 2)
	eq(t, "overlap", c.Overlaps[0].Ns, 4*n)
	eq(t, "warnings", r.Trace.Warnings, nil)
}
