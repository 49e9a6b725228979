package blame

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// works are the regions that were measured, one to a line:
// NAME runs×ns: work W, span C, with locks L, with latency E, burdened B.
func (x *told) works() (text string) {
	for _, w := range x.b.Works() {
		s := w.Spans
		text += fmt.Sprintf("%s %d×%s: work %s, span %s, with locks %s, with latency %s, burdened %s",
			x.tables.String(w.Name), w.Runs, x.time(w.Ns), x.time(s.Work), x.time(s.CPU), x.time(s.Locks), x.time(s.Latency), x.time(s.Burdened))
		if w.ForeignNs > 0 {
			text += ", foreign " + x.time(w.ForeignNs)
		}
		text += "\n"
	}
	return text
}

func (x *told) worked(want string) {
	x.t.Helper()
	if got, want := tidy(x.works()), tidy(want); got != want {
		x.t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// forks begins a tale in which main, in region "r" from 0 on, creates so many workers
// at an instant, from 2 on; those for which there is a P run at once, main on P 0.
func forks(t testing.TB, at int64, workers, procs int64) *tale {
	s := newTale(t, procs)
	s.has(1, 0, "main.main")
	s.region(0, 1, "r", "main.main")
	for i := range workers {
		s.makes(at, 2+i, 1, "main.worker", "main.main")
		if i+1 < procs {
			s.starts(at, 2+i, int32(i+1))
		}
	}
	return s
}

// joins lets main wait from an instant until one of the workers ends the wait.
func (s *tale) joins(from, to, last int64) {
	s.blocks(from, 1, event.ReasonSync, waits, "main.main")
	s.wakesTo(to, 1, 0, last, done, "main.worker")
}

// TestForkJoin (S04): 10 ms alone, four times 10 ms side by side, 10 ms alone. Work is
// 60, the span 30: before, one of the four, after. The burdened span has a creation and
// a wake-up of 6.25 µs more.
func TestForkJoin(t *testing.T) {
	s := forks(t, 10_000, 4, 5)
	s.joins(10_000, 20_000, 5)
	s.ends(20_000, 2, 3, 4, 5)
	s.leaves(30_000, 1, "r", "main.main")
	s.play(31_000).worked("r 1×30000: work 60000, span 30000, with locks 30000, with latency 30000, burdened 30012.5")
}

// TestForkJoinOnTooFewProcessors: the same with two of the four at a time takes 10 ms
// more, of which the span knows nothing.
func TestForkJoinOnTooFewProcessors(t *testing.T) {
	s := forks(t, 10_000, 4, 3)
	s.joins(10_000, 30_000, 5)
	s.ends(20_000, 2, 3)
	s.starts(20_000, 4, 1)
	s.starts(20_000, 5, 2)
	s.ends(30_000, 4, 5)
	s.leaves(40_000, 1, "r", "main.main")
	s.play(41_000).worked("r 1×40000: work 60000, span 30000, with locks 30000, with latency 30000, burdened 30012.5")
}

// TestTheLastToFinishIsNotTheLongest: of two workers one computes for 10, the other has
// no processor until 12 and computes for 3. It ends the wait; the chain is the other's:
// 10, and 5 that main computes then.
func TestTheLastToFinishIsNotTheLongest(t *testing.T) {
	s := forks(t, 0, 2, 2)
	s.ends(10_000, 2)
	s.starts(12_000, 3, 1)
	s.joins(0, 15_000, 3)
	s.ends(15_000, 3)
	s.leaves(20_000, 1, "r", "main.main")
	s.play(21_000).worked("r 1×20000: work 18000, span 15000, with locks 15000, with latency 15000, burdened 15006.25")
}

// TestWhoOnlyWaitsForTheLastWaitsForTheLast: the same, but main receives from the one
// that is late, and nothing says that it waits for the other.
func TestWhoOnlyWaitsForTheLastWaitsForTheLast(t *testing.T) {
	s := forks(t, 0, 2, 2)
	s.ends(10_000, 2)
	s.starts(12_000, 3, 1)
	s.blocks(0, 1, event.ReasonChanReceive, recv, "main.main")
	s.wakesTo(15_000, 1, 0, 3, send, "main.worker")
	s.ends(15_000, 3)
	s.leaves(20_000, 1, "r", "main.main")
	s.play(21_000).worked("r 1×20000: work 18000, span 8000, with locks 8000, with latency 8000, burdened 8012.5")
}

// TestAPipelinesSpan (S20): a, b and c compute 10, 30 and 10 for each of two items. a
// hands over at 10 and waits from 20 to 40 for b to take the second, b hands over at 40
// and 70, c is done at 80. The longest chain is a, b, b, c.
func TestAPipelinesSpan(t *testing.T) {
	s := forks(t, 0, 3, 4)
	s.blocks(0, 1, event.ReasonChanReceive, recv, "main.main")
	s.blocks(0, 3, event.ReasonChanReceive, recv, "main.worker")
	s.blocks(0, 4, event.ReasonChanReceive, recv, "main.worker")
	s.wakesTo(10_000, 3, 2, 2, send, "main.worker")
	s.blocks(20_000, 2, event.ReasonChanSend, send, "main.worker")
	s.wakesTo(40_000, 4, 3, 3, send, "main.worker")
	s.wakesTo(40_000, 2, 1, 3, recv, "main.worker")
	s.ends(40_000, 2)
	s.blocks(50_000, 4, event.ReasonChanReceive, recv, "main.worker")
	s.wakesTo(70_000, 4, 3, 3, send, "main.worker")
	s.ends(70_000, 3)
	s.wakesTo(80_000, 1, 0, 4, send, "main.worker")
	s.ends(80_000, 4)
	s.leaves(80_000, 1, "r", "main.main")
	// Burdened: the creation of a and the wake-ups of b and c. That of main leads to
	// nothing that runs.
	s.play(81_000).worked("r 1×80000: work 100000, span 80000, with locks 80000, with latency 80000, burdened 80025")
}

// TestALockMakesAChainOfTurns (S14): three workers hold a lock for 10 each, one after
// the other. Without the lock each is its own chain.
func TestALockMakesAChainOfTurns(t *testing.T) {
	s := forks(t, 0, 3, 4)
	s.blocks(0, 1, event.ReasonSync, waits, "main.main")
	s.blocks(0, 3, event.ReasonSync, lock, "main.worker")
	s.blocks(0, 4, event.ReasonSync, lock, "main.worker")
	for id := int64(2); id <= 3; id++ {
		s.wakesTo(10_000*(id-1), id+1, int32(id), id, unlock, "main.worker")
		s.ends(10_000*(id-1), id)
	}
	s.wakesTo(30_000, 1, 0, 4, done, "main.worker")
	s.ends(30_000, 4)
	s.leaves(30_000, 1, "r", "main.main")
	s.play(31_000).worked("r 1×30000: work 30000, span 10000, with locks 30000, with latency 30000, burdened 10012.5")
}

// TestOnlyTheLockedPartTakesTurns (S15): four workers run free for 10 and hold the lock
// for 10: 20 for each alone, 50 in turn.
func TestOnlyTheLockedPartTakesTurns(t *testing.T) {
	s := forks(t, 0, 4, 5)
	s.blocks(0, 1, event.ReasonSync, waits, "main.main")
	for id := int64(3); id <= 5; id++ {
		s.blocks(10_000, id, event.ReasonSync, lock, "main.worker")
	}
	for id := int64(2); id <= 4; id++ {
		s.wakesTo(10_000*id, id+1, int32(id), id, unlock, "main.worker")
		s.ends(10_000*id, id)
	}
	s.wakesTo(50_000, 1, 0, 5, done, "main.worker")
	s.ends(50_000, 5)
	s.leaves(50_000, 1, "r", "main.main")
	s.play(51_000).worked("r 1×50000: work 80000, span 20000, with locks 50000, with latency 50000, burdened 20012.5")
}

// TestReadersAndWritersTakeTurns (S16): a reader for 10, a writer for 5 and another
// reader for 10, each behind the one before.
func TestReadersAndWritersTakeTurns(t *testing.T) {
	s := forks(t, 0, 3, 4)
	s.blocks(0, 1, event.ReasonSync, waits, "main.main")
	s.blocks(0, 3, event.ReasonSync, wlock, "main.worker")
	s.blocks(0, 4, event.ReasonSync, rlock, "main.worker")
	s.wakesTo(10_000, 3, 2, 2, runlock, "main.worker")
	s.ends(10_000, 2)
	s.wakesTo(15_000, 4, 3, 3, wunlock, "main.worker")
	s.ends(15_000, 3)
	s.wakesTo(25_000, 1, 0, 4, done, "main.worker")
	s.ends(25_000, 4)
	s.leaves(25_000, 1, "r", "main.main")
	s.play(26_000).worked("r 1×25000: work 25000, span 10000, with locks 25000, with latency 25000, burdened 10012.5")
}

// TestWhatIsOutsideIsLatency: main reads for 10, a worker that it creates then sleeps for
// 20 and computes 5, a system call of main takes 3. Of the 38 that takes 5 is running.
func TestWhatIsOutsideIsLatency(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	s.region(0, 1, "r", "main.main")
	s.blocks(0, 1, event.ReasonNetwork, reads, "main.main")
	s.firesTo(10_000, 1, 0)
	s.makes(10_000, 2, 1, "main.worker", "main.main")
	s.starts(10_000, 2, 1)
	s.blocks(10_000, 2, event.ReasonSleep, naps, "main.worker")
	s.blocks(10_000, 1, event.ReasonChanReceive, recv, "main.main")
	s.firesTo(30_000, 2, 1)
	s.wakesTo(35_000, 1, 0, 2, send, "main.worker")
	s.ends(35_000, 2)
	s.calls(35_000, 1, "syscall.read", "main.main")
	s.returns(38_000, 1, event.GoRunning)
	s.leaves(38_000, 1, "r", "main.main")
	s.play(39_000).worked("r 1×38000: work 5000, span 5000, with locks 5000, with latency 38000, burdened 5012.5")
}

// TestReadinessIsNoSpan: main computes 5, is ready for 7 and computes 5.
func TestReadinessIsNoSpan(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.main")
	s.region(0, 1, "r", "main.main")
	s.preempts(5000, 1, "main.main")
	s.starts(12_000, 1, 0)
	s.leaves(17_000, 1, "r", "main.main")
	s.play(18_000).worked("r 1×17000: work 10000, span 10000, with locks 10000, with latency 10000, burdened 10000")
}

// TestTheBurdenIsMeasured: ten wake-ups took 9 µs each before the region begins, 9000 ns,
// which lies in the class from 8192 to 16,384 ns, of which the middle is 12,288. The
// region has a creation on the longest chain.
func TestTheBurdenIsMeasured(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	for i := range int64(10) {
		s.blocks(100*i, 1, event.ReasonSleep, naps, "main.main")
		s.fires(100*i+50, 1)
		s.starts(100*i+59, 1, 0)
	}
	s.region(1000, 1, "r", "main.main")
	s.makes(1000, 2, 1, "main.worker", "main.main")
	s.starts(1000, 2, 1)
	s.blocks(1000, 1, event.ReasonChanReceive, recv, "main.main")
	s.wakesTo(2000, 1, 0, 2, send, "main.worker")
	s.leaves(2000, 1, "r", "main.main")
	s.play(3000).worked("r 1×1000: work 1000, span 1000, with locks 1000, with latency 1000, burdened 1024.576")
}

// TestAWorkerBelongsToARegionWhileItWorksForIt: w is older than the region. main sends
// it a job at 10, which takes it 20 and is done when main receives at 30, having
// computed 5 itself; at 40 somebody else gives it another job, of 30. Of that nothing
// belongs to the region.
func TestAWorkerBelongsToARegionWhileItWorksForIt(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.main")
	s.has(2, 1, "main.w")
	s.has(3, 2, "main.foreign")
	s.blocks(0, 2, event.ReasonChanReceive, recv, "main.w")
	s.region(0, 1, "r", "main.main")
	s.wakesTo(10_000, 2, 1, 1, send, "main.main")
	s.blocks(15_000, 1, event.ReasonChanReceive, recv, "main.main")
	s.wakesTo(30_000, 1, 0, 2, send, "main.w")
	s.blocks(30_000, 2, event.ReasonChanReceive, recv, "main.w")
	s.wakesTo(40_000, 2, 1, 3, send, "main.foreign")
	s.blocks(70_000, 2, event.ReasonChanReceive, recv, "main.w")
	s.leaves(80_000, 1, "r", "main.main")
	// main 10 and 5 and 50, w 20; the chain is 10 of main, 20 of w, 50 of main.
	s.play(81_000).worked("r 1×80000: work 85000, span 80000, with locks 80000, with latency 80000, burdened 80012.5")
}

// TestWhoWaitsForARegionsLockDoesNotBelongToIt, and whom it waits for outside it is
// latency: main waits from 10 to 30 for a lock of w's, which is foreign, and lets go at
// 40 of one that w waits for.
func TestWhoWaitsForARegionsLockDoesNotBelongToIt(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	s.has(2, 1, "main.w")
	s.region(0, 1, "r", "main.main")
	s.blocks(10_000, 1, event.ReasonSync, lock, "main.main")
	s.wakesTo(30_000, 1, 0, 2, unlock, "main.w")
	s.blocks(35_000, 2, event.ReasonSync, lock, "main.w")
	s.wakesTo(40_000, 2, 1, 1, unlock, "main.main")
	s.leaves(50_000, 1, "r", "main.main")
	s.play(60_000).worked("r 1×50000: work 30000, span 30000, with locks 50000, with latency 50000, burdened 30000, foreign 20000")
}

// TestRegionsAreMeasuredOneAtATime: of a region with another one inside, and one that
// another goroutine begins meanwhile, only the first; and the next when that is over.
func TestRegionsAreMeasuredOneAtATime(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	s.has(2, 1, "main.other")
	s.region(10, 1, "outer", "main.main")
	s.region(20, 1, "inner", "main.main")
	s.region(30, 2, "beside", "main.other")
	s.leaves(40, 1, "inner", "main.main")
	s.leaves(60, 1, "outer", "main.main")
	s.region(65, 1, "next", "main.main")
	s.leaves(70, 2, "beside", "main.other")
	s.leaves(85, 1, "next", "main.main")
	s.region(90, 2, "outer", "main.other")
	s.leaves(97, 2, "outer", "main.other")
	s.play(100).worked(`
		outer 2×57: work 57, span 57, with locks 57, with latency 57, burdened 57
		next 1×20: work 20, span 20, with locks 20, with latency 20, burdened 20
	`)
}

// TestARegionThatIsNotEnded: one whose goroutine ends is not measured, and the next one
// is; one that is still open inside another ends with it.
func TestARegionThatIsNotEnded(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	s.has(2, 1, "main.other")
	s.region(10, 2, "lost", "main.other")
	s.ends(50, 2)
	s.region(60, 1, "outer", "main.main")
	s.region(70, 1, "inner", "main.main")
	s.leaves(90, 1, "outer", "main.main")
	s.region(91, 1, "next", "main.main")
	s.leaves(92, 1, "none", "main.main") // was never begun
	s.leaves(95, 1, "next", "main.main")
	s.region(96, 1, "open", "main.main")
	s.play(100).worked(`
		outer 1×30: work 30, span 30, with locks 30, with latency 30, burdened 30
		next 1×4: work 4, span 4, with locks 4, with latency 4, burdened 4
	`)
}

// TestARegionThatAWindowCutsIsNotMeasured: neither one that begins before it nor one that
// ends behind it.
func TestARegionThatAWindowCutsIsNotMeasured(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.main")
	s.region(10, 1, "before", "main.main")
	s.leaves(60, 1, "before", "main.main")
	s.region(70, 1, "within", "main.main")
	s.leaves(80, 1, "within", "main.main")
	s.region(85, 1, "behind", "main.main")
	s.leaves(120, 1, "behind", "main.main")
	s.window(150, timeline.Options{From: 50_000, To: 100_000}, nil).
		worked("within 1×10: work 10, span 10, with locks 10, with latency 10, burdened 10")
}

// TestAStretchIsMeasuredLikeARegion: of what is asked for by its goroutine and its ends,
// and with something changed: code in half the time, a lock away, waits gone.
func TestAStretchIsMeasuredLikeARegion(t *testing.T) {
	for _, c := range []struct {
		Change
		want [5]int64 // work, span, with locks, with latency, burdened
	}{
		{Change{}, [5]int64{80_000, 20_000, 50_000, 53_000, 20_012}},
		{Change{Kind: Code, Func: "main.worker", Factor: 0.5}, [5]int64{40_000, 10_000, 25_000, 28_000, 10_012}},
		{Change{Kind: Code, Func: "main.other", Factor: 0}, [5]int64{80_000, 20_000, 50_000, 53_000, 20_012}},
		{Change{Kind: LockHolder, Func: "main.unlocks"}, [5]int64{80_000, 20_000, 20_000, 20_000 + 3000, 20_012}},
		{Change{Kind: LockHolder, Func: "main.other"}, [5]int64{80_000, 20_000, 50_000, 53_000, 20_012}},
		{Change{Kind: IO, Func: "main.fetch", Factor: 0}, [5]int64{80_000, 20_000, 50_000, 50_000, 20_012}},
	} {
		s := forks(t, 0, 4, 5)
		s.blocks(0, 1, event.ReasonSync, waits, "main.main")
		for id := int64(3); id <= 5; id++ {
			s.blocks(10_000, id, event.ReasonSync, lock, "main.worker")
		}
		for id := int64(2); id <= 4; id++ {
			s.wakesTo(10_000*id, id+1, int32(id), id, unlock, "main.unlocks", "main.worker")
			s.ends(10_000*id, id)
		}
		s.wakesTo(50_000, 1, 0, 5, done, "main.worker")
		s.ends(50_000, 5)
		s.blocks(50_000, 1, event.ReasonNetwork, reads, "main.fetch", "main.main")
		s.firesTo(53_000, 1, 0)
		s.leaves(53_000, 1, "r", "main.main")
		n := 0
		x := s.window(60_000, timeline.Options{}, func(b *Ledger) { n = b.Measure(Stretch{1, 0, 53_000_000}, c.Change) })
		w, ok := x.b.Measured(n)
		if !ok {
			t.Fatal("not measured")
		}
		got := fiveOf(w.Spans)
		for i := range got {
			got[i] /= 1000
		}
		is(t, fmt.Sprintf("%+v", c.Change), got, c.want)
	}
}

// fiveOf are the work and the spans but for those without locks.
func fiveOf(s Spans) [5]int64 { return [5]int64{s.Work, s.CPU, s.Locks, s.Latency, s.Burdened} }

// TestAMeasurementThatDoesNotEndIsNone: of a goroutine that is not there, or from an
// instant at which nothing began, or until one that never came.
func TestAMeasurementThatDoesNotEndIsNone(t *testing.T) {
	for _, stretch := range []Stretch{{9, 0, 50_000}, {1, 5000, 50_000}, {1, 0, 60_000}} {
		s := newTale(t, 1)
		s.has(1, 0, "main.main")
		s.region(0, 1, "r", "main.main")
		s.leaves(50, 1, "r", "main.main")
		n := 0
		x := s.window(100, timeline.Options{}, func(b *Ledger) { n = b.Measure(stretch, Change{}) })
		if w, ok := x.b.Measured(n); ok {
			t.Errorf("%+v: measured %+v", stretch, w)
		}
		is(t, "regions measured", len(x.b.Works()), 1)
	}
}

// TestALifeIsMeasured: a stretch may be the whole of a goroutine's life.
func TestALifeIsMeasured(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	s.makes(10, 2, 1, "main.worker", "main.main")
	s.starts(20, 2, 1)
	s.ends(50, 2)
	n := 0
	x := s.window(100, timeline.Options{}, func(b *Ledger) { n = b.Measure(Stretch{2, 10_000, 50_000}, Change{}) })
	w, ok := x.b.Measured(n)
	is(t, "measured", ok, true)
	is(t, "length", w.Ns, 40_000)
	is(t, "spans", fiveOf(w.Spans), [5]int64{30_000, 30_000, 30_000, 30_000, 30_000})
}

// TestForksOfForks: random trees of goroutines that compute, create others and wait for
// them, on so many processors as make some of them wait. The chains are what the tree
// says: a creation hands the chain on, a wait that blocks takes the longest of those
// that it is for.
func TestForksOfForks(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 31))
		f := newForest(t, r, 1+r.Int64N(4))
		f.run()
		f.s.leaves(f.now, 1, "r", "main.main")
		x := f.s.play(f.now + 10)
		w := x.b.Works()
		if len(w) != 1 {
			t.Fatalf("seed %d: %d regions measured", seed, len(w))
		}
		is(t, fmt.Sprint("seed ", seed, ": work"), w[0].Spans.Work, f.work*1000)
		is(t, fmt.Sprint("seed ", seed, ": span"), w[0].Spans.CPU, f.longest*1000)
		is(t, fmt.Sprint("seed ", seed, ": with locks"), w[0].Spans.Locks, f.longest*1000)
		is(t, fmt.Sprint("seed ", seed, ": with latency"), w[0].Spans.Latency, f.longest*1000)
	}
}

// forest runs a random tree of goroutines, each of which has children that it waits for
// all at once, in a model of its own.
type forest struct {
	s       *tale
	r       *rand.Rand
	now     int64
	free    []int32
	trees   []*tree
	ready   []*tree
	work    int64
	longest int64
	next    int64
}

type tree struct {
	id       int64
	parent   *tree
	p        int32
	left     int64 // until it does something
	todo     int   // things that it does
	alive    int   // children
	waits    bool
	chain    int64
	children int64 // the longest chain of a child that has ended
	depth    int
}

func newForest(t *testing.T, r *rand.Rand, procs int64) *forest {
	f := &forest{s: newTale(t, procs), r: r, next: 1}
	for p := range int32(procs - 1) {
		f.free = append(f.free, p+1)
	}
	f.s.has(1, 0, "main.main")
	f.s.region(0, 1, "r", "main.main")
	f.trees = []*tree{{id: 1, left: 1 + r.Int64N(100), todo: 6}}
	return f
}

func (f *forest) running() (out []*tree) {
	for _, t := range f.trees {
		if !t.waits && t.p >= 0 {
			out = append(out, t)
		}
	}
	return out
}

// run runs until the root has done all of its things and nobody else is left.
func (f *forest) run() {
	for {
		for len(f.ready) > 0 && len(f.free) > 0 {
			t := f.ready[0]
			f.ready = f.ready[1:]
			t.p, f.free = f.free[len(f.free)-1], f.free[:len(f.free)-1]
			f.s.starts(f.now, t.id, t.p)
		}
		run := f.running()
		step := run[0].left
		for _, t := range run {
			step = min(step, t.left)
		}
		f.now += step
		for _, t := range run {
			t.left -= step
			t.chain += step
			f.work += step
			f.longest = max(f.longest, t.chain)
		}
		for _, t := range run {
			if t.left == 0 && f.acts(t) {
				return
			}
		}
	}
}

// acts lets a goroutine do the next thing, and says whether it was the root's last.
func (f *forest) acts(t *tree) bool {
	t.left = 1 + f.r.Int64N(100)
	switch t.todo--; {
	case t.todo > 0 && t.depth < 4 && f.r.IntN(3) > 0:
		f.next++
		child := &tree{id: f.next, parent: t, p: -1, left: 1 + f.r.Int64N(100), todo: f.r.IntN(5), chain: t.chain, depth: t.depth + 1}
		f.s.makes(f.now, child.id, t.id, "main.worker", "main.main")
		f.trees = append(f.trees, child)
		f.ready = append(f.ready, child)
		t.alive++
	case t.alive > 0:
		f.s.blocks(f.now, t.id, event.ReasonSync, waits, "main.worker")
		f.free = append(f.free, t.p)
		t.waits, t.p = true, -1
	case t.todo > 0:
	case t.parent == nil:
		return true
	default:
		f.dies(t)
	}
	return false
}

func (f *forest) dies(t *tree) {
	up := t.parent
	up.children = max(up.children, t.chain)
	if up.alive--; up.alive == 0 && up.waits {
		f.s.wakes(f.now, up.id, t.id, done, "main.worker")
		up.waits = false
		up.chain = max(up.chain, up.children)
		f.ready = append(f.ready, up)
	}
	f.s.ends(f.now, t.id)
	f.free = append(f.free, t.p)
	t.p = -1
	for i, o := range f.trees {
		if o == t {
			f.trees = append(f.trees[:i], f.trees[i+1:]...)
			break
		}
	}
}

// TestWhatRunsOnWhenARegionEndsCountsUntilThen: main creates a worker at 10 and ends its
// region at 50, while that runs on. Work is 50 and 40, and the worker's chain 10 and 40.
func TestWhatRunsOnWhenARegionEndsCountsUntilThen(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	s.region(0, 1, "r", "main.main")
	s.makes(10, 2, 1, "main.worker", "main.main")
	s.starts(10, 2, 1)
	s.blocks(15, 1, event.ReasonSleep, naps, "main.main")
	s.firesTo(45, 1, 0)
	s.leaves(50, 1, "r", "main.main")
	s.ends(100, 2)
	s.play(110).worked("r 1×50: work 60, span 20, with locks 20, with latency 50, burdened 20")
}

// TestAMarkAssistIsWork: T1 is the time in which goroutines of the region run (methods.md
// A.9; R of A.1 is the raw state), of which a mark assist is a part.
func TestAMarkAssistIsWork(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.main")
	s.region(0, 1, "r", "main.main")
	s.assists(10, 40, 1, "runtime.mallocgc", "main.main")
	s.leaves(100, 1, "r", "main.main")
	s.play(110).worked("r 1×100: work 100, span 100, with locks 100, with latency 100, burdened 100")
}

// TestNativeCodeIsWork: what the pieces call code, C code and system calls of under 20 µs,
// is running time (methods.md A.2), and not a wait for what is outside.
func TestNativeCodeIsWork(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.main")
	s.region(0, 1, "r", "main.main")
	s.calls(10, 1, "runtime.cgocall", "main.main")
	s.returns(40, 1, event.GoRunning)
	s.calls(50, 1, "syscall.write", "main.main")
	s.returns(60, 1, event.GoRunning)
	s.leaves(100, 1, "r", "main.main")
	s.play(110).worked("r 1×100: work 100, span 100, with locks 100, with latency 100, burdened 100")
}

// TestACoroutineSwitchIsNoWakeUp: the nanosecond of readiness by which the format tells a
// coroutine switch does not say what waking somebody up costs.
func TestACoroutineSwitchIsNoWakeUp(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.main")
	s.goes(1, 2, event.GoNotExist, event.GoWaiting, 1, 0, 0, s.stack("runtime.corostart"), s.stack("iter.Pull", "main.main"))
	for i := range int64(10) {
		s.switches(10+20*i, 2, 1)
		s.switches(20+20*i, 1, 2)
	}
	s.region(1000, 1, "r", "main.main")
	s.makes(1000, 3, 1, "main.worker", "main.main")
	s.starts(1000, 3, 1)
	s.blocks(1000, 1, event.ReasonChanReceive, recv, "main.main")
	s.wakesTo(2000, 1, 0, 3, send, "main.worker")
	s.leaves(2000, 1, "r", "main.main")
	s.play(3000).worked("r 1×1000: work 1000, span 1000, with locks 1000, with latency 1000, burdened 1012.5")
}
