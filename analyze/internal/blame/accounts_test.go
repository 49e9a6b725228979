package blame

import (
	"math/rand/v2"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// TestSumsAreSums holds the table of sums against a map, as it grows.
func TestSumsAreSums(t *testing.T) {
	type place struct {
		id int32
		k  key
	}
	r := rand.New(rand.NewPCG(5, 6))
	table, want := newSumTable(), map[place][2]int64{}
	for range 200_000 {
		p := place{r.Int32N(300), key(r.Int32N(200))}
		ns, own := 1+r.Int64N(1000), r.IntN(2)
		k := p.k
		if own == 1 {
			k |= inherited
		}
		table.add(p.id, k, ns)
		sum := want[p]
		sum[own] += ns
		want[p] = sum
	}
	n := 0
	for _, e := range table.entries {
		if e.ns == [2]int64{} {
			continue
		}
		n++
		if got := want[place{e.id, e.key}]; got != e.ns {
			t.Fatalf("%+v: want %v", e, got)
		}
	}
	is(t, "entries", n, len(want))
	is(t, "entries as counted", table.n, n)
	if n*2 > len(table.entries) {
		t.Errorf("%d of %d entries are taken", n, len(table.entries))
	}
}

// TestTheMedianWakeUp: the middle of the class, a power of two, in which it lies; what is
// given for fewer than eight is not measured.
func TestTheMedianWakeUp(t *testing.T) {
	for _, c := range []struct {
		wakes []int64
		want  int64
	}{
		{nil, defaultBurden},
		{[]int64{100, 100, 100, 100, 100, 100, 100}, defaultBurden},
		{[]int64{100, 100, 100, 100, 100, 100, 100, 100}, 96}, // of 64 to 128
		{[]int64{64, 64, 64, 64, 64, 64, 64, 127}, 96},
		{[]int64{1, 1, 1, 1, 5000, 5000, 5000, 5000}, 3}, // four of eight are half
		{[]int64{1, 1, 1, 5000, 5000, 5000, 5000, 5000}, 6144},
		{[]int64{0, 0, 0, 0, 0, 0, 0, 0}, 3},
		{[]int64{19_999, 19_999, 19_999, 19_999, 19_999, 19_999, 19_999, 19_999}, 24_576},
	} {
		var w wakeCosts
		for _, ns := range c.wakes {
			w.add(ns)
		}
		if got := w.median(); got != c.want {
			t.Errorf("%v: got %d, want %d", c.wakes, got, c.want)
		}
	}
}

// TestTheRunnerUpIsOneThatWasWaitedFor (S27, twice at once): two parents with three
// workers each from the same go statement. The first waits from 100 to 900 for its own,
// of which the one before the last ended at 301. That one of the other's ended at 881
// has nothing to do with it.
func TestTheRunnerUpIsOneThatWasWaitedFor(t *testing.T) {
	s := newTale(t, 8)
	s.has(1, 0, "main.parent")
	s.has(2, 1, "main.parent")
	for i := range int64(6) {
		s.makes(10+i, 3+i, 1+i/3, "main.worker", "main.parent")
		s.starts(20, 3+i, int32(2+i))
	}
	s.blocks(100, 1, event.ReasonSync, waits, "main.parent")
	s.ends(201, 3)
	s.ends(301, 4)
	s.ends(881, 6)
	s.wakesTo(900, 1, 0, 5, done, "main.worker")
	s.ends(901, 5)
	s.play(1000).want(`
		main.parent waitgroup in main.parent by main.worker: 1×800 late 1×599
			800|0 code main.worker
	`)
}

// TestAWalkHasNoMoreStepsThanItMay: of a goroutine that sleeps 150,000 times.
func TestAWalkHasNoMoreStepsThanItMay(t *testing.T) {
	s := newTale(t, 1)
	s.has(1, 0, "main.main")
	const n = 150_000
	for i := range int64(n) {
		s.blocks(2*i+1, 1, event.ReasonSleep, naps, "main.main")
		s.firesTo(2*i+2, 1, 0)
	}
	x := s.told(2*n+10, timeline.Options{}, nil)
	steps := x.b.Walk(1, 0, 2*n*1000)
	x.follow(steps, 0, 2*n*1000)
	if len(steps) > maxSteps+1 {
		t.Errorf("%d steps", len(steps))
	}
}
