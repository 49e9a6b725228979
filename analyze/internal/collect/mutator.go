package collect

import (
	"cmp"
	"math"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

// mutator follows how much of the processors the garbage collector and stops of the
// world leave to the program, for the minimum mutator utilization: the least share
// that was left in any window of a length (Cheng and Blelloch, "A parallel, real-time
// garbage collector", PLDI 2001, section 1).
//
// A mark worker and a goroutine that assists take one P each, a stopped world all.
type mutator struct {
	taken []taken
	grain int64 // taken is told in steps of so many ns; 0: as it was
}

// taken is a stretch in which a P, or with stop all, had no time for the program.
type taken struct {
	from, to int64
	stop     bool
}

// maxTaken bounds what is kept.
const maxTaken = 1 << 17

func (m *mutator) add(from, to int64, stop bool) {
	if from >= to {
		return
	}
	if m.taken = append(m.taken, taken{from, to, stop}); len(m.taken) >= maxTaken {
		m.coarsen()
	}
}

// coarsen joins stretches of Ps that began in the same step of time, one after the other
// from its beginning, and stops likewise, up to its end.
func (m *mutator) coarsen() {
	for m.grain = max(1024, 2*m.grain); ; m.grain *= 2 {
		joined := m.taken[:0:0]
		for _, stop := range []bool{true, false} {
			steps := make(map[int64]int64)
			for _, t := range m.taken {
				if t.stop == stop {
					steps[t.from/m.grain] += t.to - t.from
				}
			}
			for _, step := range sortedKeys(steps) {
				from := step * m.grain
				if stop { // not where the Ps' stretches are put
					from += max(0, m.grain-steps[step])
				}
				joined = append(joined, taken{from, from + steps[step], stop})
			}
		}
		if m.taken = joined; len(joined) < maxTaken/2 {
			return
		}
	}
}

func sortedKeys(m map[int64]int64) []int64 {
	keys := make([]int64, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// leftover is the share of the processors that was left from an instant on.
type leftover struct {
	at   int64
	left float64
}

// steps are the shares over time, from the scope's start to its end.
func (m *mutator) steps(from, to int64, procs []result.Gomaxprocs) []leftover {
	type change struct {
		at    int64
		ps    int // that the collector takes or gives back
		stops int
		procs int // GOMAXPROCS from now on, 0 for no change
	}
	changes := []change{{at: from}, {at: to}}
	for _, t := range m.taken {
		if t.stop {
			changes = append(changes, change{at: t.from, stops: 1}, change{at: t.to, stops: -1})
		} else {
			changes = append(changes, change{at: t.from, ps: 1}, change{at: t.to, ps: -1})
		}
	}
	for _, p := range procs {
		changes = append(changes, change{at: max(from, p.AtNs), procs: p.N})
	}
	slices.SortStableFunc(changes, func(x, y change) int { return cmp.Compare(x.at, y.at) })
	var out []leftover
	ps, stops, n := 0, 0, 1
	for i, c := range changes {
		ps += c.ps
		stops += c.stops
		if c.procs > 0 {
			n = c.procs
		}
		if i+1 < len(changes) && changes[i+1].at == c.at {
			continue
		}
		left := max(0, 1-float64(ps)/float64(n))
		if stops > 0 {
			left = 0
		}
		if k := len(out); k == 0 || out[k-1].left != left {
			out = append(out, leftover{min(c.at, to), left})
		}
	}
	return out
}

// curve is the minimum mutator utilization for windows of 1, 2 and 5 times each power
// of ten ns from 10 µs up to the scope, and for the whole scope. It is nil where
// nothing was taken.
func (m *mutator) curve(from, to int64, procs []result.Gomaxprocs) []result.MMU {
	if len(m.taken) == 0 || from >= to {
		return nil
	}
	steps := m.steps(from, to, procs)
	var out []result.MMU
	for decade := int64(10_000); decade < to-from; decade *= 10 {
		for _, times := range [...]int64{1, 2, 5} {
			if w := decade * times; w < to-from && w >= 4*m.grain {
				out = append(out, result.MMU{WindowNs: w, Utilization: least(steps, from, to, w)})
			}
		}
	}
	return append(out, result.MMU{WindowNs: to - from, Utilization: least(steps, from, to, to-from)})
}

// least is the least mean over windows of a length. The mean over a window that
// slides is linear between the instants at which one of its ends meets a step.
func least(steps []leftover, from, to, window int64) float64 {
	sums := make([]float64, len(steps)) // until each step
	for i := 1; i < len(steps); i++ {
		sums[i] = sums[i-1] + steps[i-1].left*float64(steps[i].at-steps[i-1].at)
	}
	// until is the sum until an instant, asked for in rising order.
	until := func() func(int64) float64 {
		i := 0
		return func(at int64) float64 {
			for i+1 < len(steps) && steps[i+1].at <= at {
				i++
			}
			return sums[i] + steps[i].left*float64(at-steps[i].at)
		}
	}
	lowest := math.Inf(1)
	begin, end := until(), until()
	try := func(at int64) {
		if at >= from && at+window <= to {
			lowest = min(lowest, (end(at+window)-begin(at))/float64(window))
		}
	}
	i, j := 0, 0 // the next step that the window's begin and its end meet
	for i < len(steps) || j < len(steps) {
		if j >= len(steps) || i < len(steps) && steps[i].at <= steps[j].at-window {
			try(steps[i].at)
			i++
		} else {
			try(steps[j].at - window)
			j++
		}
	}
	try(to - window)
	return min(1, max(0, lowest))
}
