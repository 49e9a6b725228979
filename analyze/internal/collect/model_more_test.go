package collect

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// TestAChangeOfGOMAXPROCSIsWeighedByTime: one runs on one P of one [0,100), of
// four [100,200), two run on two of four [200,300), on two of two [300,400).
func TestAChangeOfGOMAXPROCSIsWeighedByTime(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	procs := func(at, n int64) {
		m.add(at, event.Event{Kind: event.ProcsChange, Arg: n, G: event.NoG, P: event.NoP})
	}
	procs(100, 4)
	m.up(200, 1)
	m.spawns(200, 2, 1, 1, "main.work")
	procs(300, 2)
	r := m.result(400)
	c := r.Concurrency
	near(t, "efficiency", c.Efficiency, (1+1+2+2)/(1+4+4+2.0))
	near(t, "demand", c.EfficiencyDemand, (1+1+2+2)/(1+4+4+2.0))
	near(t, "supply", c.EfficiencySupply, 1)
	eq(t, "bands", c.BandsNs, result.Bands{Ideal: 200 * us, Poor: 200 * us}) // 1/1 and 2/2; 1/4 and 2/4
	eq(t, "parallel", c.ParallelKindNs, map[string]int64{"partial": 100 * us, "full": 100 * us})
	near(t, "serial work", c.SerialWork, 2.0/6)
	near(t, "Amdahl", c.AmdahlBound, 1/(1.0/3+2.0/3/(11.0/4)))
	eq(t, "processors", r.Scheduler.PTimeNs.Sum(), 1100*us)
	eq(t, "idle", r.Scheduler.PTimeNs.Idle, 500*us)
}

// TestSupplyIsWhatOfTheDemandWasServed: on two Ps one runs and two are ready for
// 300 µs, then two run for 100.
func TestSupplyIsWhatOfTheDemandWasServed(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.makes(0, 2, 1, "main.work")
	m.makes(0, 3, 1, "main.work")
	m.ends(300, 1)
	m.starts(300, 2, 0)
	m.up(300, 1)
	m.starts(300, 3, 1)
	c := m.result(400).Concurrency
	near(t, "demand", c.EfficiencyDemand, 1)
	near(t, "supply", c.EfficiencySupply, 500.0/800)
	near(t, "efficiency", c.Efficiency, 500.0/800)
	eq(t, "excess", c.ExcessDemandNs, 300*us)
	near(t, "average demand", c.AverageDemand, (300*3+100*2)/400.0)
	near(t, "Karp–Flatt", c.KarpFlatt, (1/1.25-1/2.0)/(1-1/2.0))
}

// TestBandsTurnAtTheirBounds, of twenty Ps: 10 are poor, 11 to 17 good, 18 ideal.
func TestBandsTurnAtTheirBounds(t *testing.T) {
	m := newModel(t, 20)
	for p := range int32(20) {
		m.up(0, p)
		m.has(int64(p)+1, p, "main.main")
	}
	for i := range int64(20) {
		m.ends(100*(i+1), i+1) // 20 − i run until then
	}
	r := m.result(2100)
	eq(t, "bands", r.Concurrency.BandsNs, result.Bands{Ideal: 300 * us, OK: 700 * us, Poor: 1000 * us, Idle: 100 * us})
}

// TestS07SequentialReadsAreTheSoleThingInProgress: five times a request of 100 µs
// and a read of 10 ms.
func TestS07SequentialReadsAreTheSoleThingInProgress(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for i := range int64(5) {
		at := i * 10_200
		m.calls(at+100, 1, "syscall.write", "internal/poll.(*FD).Write", "main.main")
		m.returns(at+200, 1, event.GoRunning)
		m.blocks(at+200, 1, event.ReasonNetwork, atRead...)
		m.fires(at+10_200, 1, 0)
		m.starts(at+10_200, 1, 0)
	}
	r := m.result(5 * 10_200)
	c := r.Concurrency
	eq(t, "sole", c.SoleIONs, 5*10_100*us)
	eq(t, "cause", c.LatencyCauseNs, map[string]int64{"io": 50_000 * us, "syscall": 500 * us})
	if len(c.SequentialIO) != 1 {
		t.Fatalf("%d goroutines with sequential waits", len(c.SequentialIO))
	}
	q := c.SequentialIO[0]
	eq(t, "longest", q.LongestNs, 10_000*us)
	eq(t, "in a row", q.MostInARow, 5)
	eq(t, "waits and time", [2]int64{q.Waits, q.TotalNs}, [2]int64{5, 50_000 * us})
}

// TestS08TheSameReadsAtOnceAreLatencyBound: five goroutines read for 10 ms, main
// waits for them all.
func TestS08TheSameReadsAtOnceAreLatencyBound(t *testing.T) {
	m := newModel(t, 8)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	for i := range int64(5) {
		m.spawns(0, 2+i, 1, int32(1+i), "main.work")
		m.blocks(0, 2+i, event.ReasonNetwork, atRead...)
	}
	m.blocks(0, 1, event.ReasonSync, atGroup...)
	m.down(0, 0)
	for i := range int64(5) {
		m.fires(w, 2+i, int32(1+i))
		m.starts(w, 2+i, int32(1+i))
		if i == 4 {
			m.wakes(w, 1, 6, atDone...)
		}
		m.ends(w, 2+i)
	}
	r := m.result(w)
	eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{LatencyBound: w * us})
	eq(t, "cause", r.Concurrency.LatencyCauseNs, map[string]int64{"io": w * us})
	near(t, "engaged", r.Concurrency.AverageEngaged, 5)
	eq(t, "sole", r.Concurrency.SoleIONs, 0)
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{IO: 5 * w * us})
	p := group(t, r, "main.work").Parallelism
	eq(t, "workers", [2]any{p.CF, p.MostEngaged}, [2]any{1.0, 5})
	near(t, "Amdahl without running", r.Concurrency.AmdahlBound, 0)
	near(t, "Karp–Flatt without running", r.Concurrency.KarpFlatt, 0)
}

// TestHarmToOthersLeavesOutTheOwnGroup: on one P a worker runs 300 µs, another of
// its group and one of another are ready.
func TestHarmToOthersLeavesOutTheOwnGroup(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.makes(0, 2, 1, "main.work")
	m.makes(0, 3, 1, "main.work")
	m.makes(0, 4, 1, "main.other")
	m.ends(0, 1)
	m.starts(0, 2, 0)
	m.ends(300, 2)
	m.starts(300, 3, 0)
	m.ends(400, 3)
	m.starts(400, 4, 0)
	r := m.result(500)
	g := group(t, r, "main.work")
	eq(t, "harm", g.HarmNs, (2*300+100)*us)
	eq(t, "harm to others", g.HarmOthersNs, 400*us)
	eq(t, "others", group(t, r, "main.other").HarmNs, 0)
}

// TestHarmIsSharedByThoseThatRan: on three Ps two run, the third marks; three are
// ready for 100 µs.
func TestHarmIsSharedByThoseThatRan(t *testing.T) {
	m := newModel(t, 3)
	m.up(0, 0, 1, 2)
	m.has(1, 0, "main.a")
	m.has(2, 1, "main.b")
	m.has(9, 2, "runtime.gcBgMarkWorker")
	for i := range int64(3) {
		m.makes(0, 10+i, 1, "main.work")
	}
	r := m.result(100)
	eq(t, "harm", []int64{group(t, r, "main.a").HarmNs, group(t, r, "main.b").HarmNs}, []int64{150 * us, 150 * us})
	eq(t, "GC harm", r.Scheduler.GCHarmNs, 100*us)
	eq(t, "cause", r.Scheduler.ReadyCauseNs, result.ReadyCause{GC: 300 * us})
}

// TestHandingAMutexOverIsYielding: the runtime says preempted, but the goroutine
// gave its P to the next owner.
func TestHandingAMutexOverIsYielding(t *testing.T) {
	m := newModel(t, 1)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	st := m.stack("runtime.goyield", "runtime.semrelease1", "sync.runtime_Semrelease", "sync.(*Mutex).Unlock", "main.main")
	m.goes(6000, 1, event.GoRunning, event.GoRunnable, 1, 0, event.ReasonPreempted, st, st)
	m.starts(6100, 1, 0)
	r := m.result(13_000)
	eq(t, "yielded", r.Time.Kinds["runnable/yielded"], 100*us)
	eq(t, "latency", r.Scheduler.Latency.Count, 0)
	eq(t, "long runs", r.Scheduler.LongRunCount, 0)
	eq(t, "idle while ready", r.Scheduler.IdleWhileReadyNs, 0)
}

// TestAStoppedWorldHasNoIdleProcessors: 100 µs in which the world is stopped, one
// is blocked and three Ps are given up.
func TestAStoppedWorldHasNoIdleProcessors(t *testing.T) {
	m := newModel(t, 4)
	m.up(0, 0)
	m.has(1, 0, "main.main")
	m.has(2, 1, "main.read")
	m.blocks(0, 2, event.ReasonNetwork, atRead...)
	m.stops(100, 1)
	m.restarts(200, 1)
	r := m.result(300)
	eq(t, "idle blocked", r.Scheduler.IdleBlockedNs, result.IdleBlocked{IO: 200 * us})
	eq(t, "processors", r.Scheduler.PTimeNs, result.PTime{User: 300 * us, STW: 300 * us, Idle: 600 * us})
	eq(t, "stopped", r.Time.STWNs, 100*us)
}

// TestOnlyPairsThatRanTogetherOverlap: one after the other.
func TestOnlyPairsThatRanTogetherOverlap(t *testing.T) {
	m := newModel(t, 2)
	m.up(0, 0, 1)
	m.has(1, 0, "main.a")
	m.spawns(100, 2, 1, 1, "main.b")
	m.ends(100, 1)
	m.spawns(200, 3, 2, 0, "main.c")
	m.ends(200, 2)
	r := m.result(300)
	eq(t, "overlaps", r.Concurrency.Overlaps, nil)
	eq(t, "partition", r.Concurrency.PartitionNs, result.Partition{Serial: 300 * us})
}
