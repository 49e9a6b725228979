package html

import (
	"math/rand/v2"
	"testing"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// noisy is a log of so many intervals of random lengths, with tasks and samples.
func noisy(n int) *interval.Log {
	l := interval.New(0, 1e9)
	l.Frames = []result.Frame{{Func: "main.f"}}
	l.Stacks = append(l.Stacks, []int32{0})
	l.Cells = []interval.Cell{{Kind: waitkind.User}, {Kind: waitkind.Mutex, Stack: 1}}
	r := rand.New(rand.NewPCG(uint64(n), 1))
	for id := range int64(20) {
		g := &interval.Goroutine{ID: id + 1, Parent: -1}
		for i := range n / 20 {
			g.Intervals = append(g.Intervals, interval.Interval{Ns: 1 + r.Int64N(40_000_000_000/int64(n)), Cell: int32(i % 2), Who: -1})
		}
		l.Goroutines = append(l.Goroutines, g)
	}
	for i := range n / 10 {
		l.Tasks = append(l.Tasks, interval.Task{ID: int64(i), Parent: -1, G: 1, Start: int64(i), Ns: 1 + r.Int64N(1e6)})
		l.Samples = append(l.Samples, interval.Sample{At: int64(i), G: 1, P: 0, Stack: 1})
	}
	l.Intervals, l.Seen = int64(n), 20
	l.Total.Tasks, l.Total.Samples = int64(len(l.Tasks)), int64(len(l.Samples))
	return l
}

// A block keeps to its size without giving away more than it has to, and is left as it
// is where it fits.
func TestFit(t *testing.T) {
	whole, _, err := pack(noisy(50_000), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, share := range []float64{1, 0.8, 0.5, 0.25} {
		most := int(share * float64(len(whole.text)))
		l := noisy(50_000)
		got, err := fit(l, most, "")
		if err != nil {
			t.Fatal(err)
		}
		if len(got.text) > most {
			t.Errorf("%.0f %%: %d bytes, there is room for %d", 100*share, len(got.text), most)
		}
		if len(got.text)*2 < most {
			t.Errorf("%.0f %%: only %d bytes of %d are used", 100*share, len(got.text), most)
		}
		if whole := share == 1; whole != (l.BelowNs == 0) || whole != (got.kept.Sentence == "") {
			t.Errorf("%.0f %%: below %d ns, %q", 100*share, l.BelowNs, got.kept.Sentence)
		}
	}
}

// Where nothing helps the smallest is taken, and it ends.
func TestFitWithoutRoom(t *testing.T) {
	l := noisy(5000)
	for _, g := range l.Goroutines {
		for i := range g.Intervals {
			g.Intervals[i].Keep = true // the report points to all of them
		}
	}
	whole, _, err := pack(noisy(5000), "")
	if err != nil {
		t.Fatal(err)
	}
	got, err := fit(l, 10, "")
	if err != nil {
		t.Fatal(err)
	}
	if got.text == "" || len(got.text) > len(whole.text) {
		t.Errorf("%d bytes, the whole has %d", len(got.text), len(whole.text))
	}
	if got.kept.Kept != 5000 {
		t.Errorf("%d of 5000 intervals are left, though the report points to all", got.kept.Kept)
	}
}
