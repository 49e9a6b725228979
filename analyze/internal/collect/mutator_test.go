package collect

import (
	"math"
	"testing"

	"github.com/conctrace/conctrace/analyze/result"
)

// The least share is found wherever the window has to be put for it: at a stop, across
// two of them, over overlapping work of several Ps.
func TestMinimumMutatorUtilization(t *testing.T) {
	procs := []result.Gomaxprocs{{AtNs: 0, N: 2}}
	const ms = 1_000_000
	for name, tc := range map[string]struct {
		taken  []taken
		window int64
		want   float64
	}{
		"a stop as long as the window":           {[]taken{{10 * ms, 12 * ms, true}}, 2 * ms, 0},
		"a window twice the stop":                {[]taken{{10 * ms, 12 * ms, true}}, 4 * ms, 0.5},
		"two stops in one window":                {[]taken{{10 * ms, 11 * ms, true}, {13 * ms, 14 * ms, true}}, 4 * ms, 0.5},
		"one of two Ps":                          {[]taken{{10 * ms, 20 * ms, false}}, 5 * ms, 0.5},
		"both Ps, half of the window":            {[]taken{{10 * ms, 20 * ms, false}, {15 * ms, 25 * ms, false}}, 10 * ms, 0.25},
		"more workers than Ps":                   {[]taken{{1 * ms, 2 * ms, false}, {1 * ms, 2 * ms, false}, {1 * ms, 2 * ms, false}}, ms, 0},
		"a stop at the end":                      {[]taken{{99 * ms, 100 * ms, true}}, 2 * ms, 0.5},
		"a stop at the start":                    {[]taken{{0, 1 * ms, true}}, 4 * ms, 0.75},
		"the whole scope":                        {[]taken{{20 * ms, 45 * ms, true}}, 100 * ms, 0.75},
		"a stop within a mark phase's busy time": {[]taken{{10 * ms, 20 * ms, false}, {12 * ms, 13 * ms, true}}, 10 * ms, 0.45},
	} {
		m := mutator{taken: tc.taken}
		if got := least(m.steps(0, 100*ms, procs), 0, 100*ms, tc.window); math.Abs(got-tc.want) > 1e-9 {
			t.Errorf("%s: %v of %d ns is left, want %v", name, got, tc.window, tc.want)
		}
	}
}

// The least over all windows is not more than over any of them.
func TestMinimumMutatorUtilizationAgainstEveryWindow(t *testing.T) {
	m := mutator{}
	for i := range int64(40) {
		from := i*i*7%900 + i
		m.add(from, from+i%9+1, i%5 == 0)
	}
	steps := m.steps(0, 1000, []result.Gomaxprocs{{N: 3}, {AtNs: 400, N: 4}})
	at := func(t int64) float64 {
		v := 0.0
		for _, s := range steps {
			if s.at <= t {
				v = s.left
			}
		}
		return v
	}
	for _, window := range []int64{1, 7, 50, 333, 1000} {
		want := math.Inf(1)
		for from := int64(0); from+window <= 1000; from++ {
			sum := 0.0
			for x := from; x < from+window; x++ {
				sum += at(x)
			}
			want = min(want, sum/float64(window))
		}
		if got := least(steps, 0, 1000, window); math.Abs(got-want) > 1e-9 {
			t.Errorf("window %d: %v, by trying all %v", window, got, want)
		}
	}
}

// What does not fit is joined, and what was taken in all stays: of Ps, of stops, of both.
func TestMutatorIsBounded(t *testing.T) {
	for _, stops := range []int64{0, 1, 2} {
		checkBounded(t, stops)
	}
}

// checkBounded tries more than fits, of which each second, or all, are stops.
func checkBounded(t *testing.T, stops int64) {
	t.Helper()
	m := mutator{}
	var sum int64
	for i := range int64(3 * maxTaken) {
		m.add(i*100, i*100+30, i%2 < stops)
		sum += 30
	}
	if len(m.taken) >= maxTaken {
		t.Errorf("%d stretches are kept", len(m.taken))
	}
	for _, x := range m.taken {
		sum -= x.to - x.from
	}
	if sum != 0 {
		t.Errorf("%d ns were lost", sum)
	}
	last := m.curve(0, 3*maxTaken*100, []result.Gomaxprocs{{N: 1}})
	if got := last[len(last)-1]; math.Abs(got.Utilization-0.7) > 1e-3 {
		t.Errorf("over the whole time %v is left, want 0.7", got.Utilization)
	}
}
