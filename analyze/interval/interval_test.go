package interval

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/waitkind"
)

// logOf is a log of one goroutine that runs and waits in turn, for so many ns each.
func logOf(to int64, lengths ...int64) (*Log, *Goroutine) {
	l := New(0, to)
	l.Cells = []Cell{{Kind: waitkind.User}, {Kind: waitkind.Mutex}}
	g := &Goroutine{ID: 1, Parent: -1}
	at := int64(0)
	for i, ns := range lengths {
		l.Add(g, Interval{Ns: ns, Cell: int32(i % 2), Who: int64(i % 2)}, at)
		at += ns
	}
	l.Goroutines = []*Goroutine{g}
	return l, g
}

// lengths of a goroutine's intervals, negative where they stand for merged ones.
func lengths(l *Log, g *Goroutine) (out []int64) {
	for _, iv := range g.Intervals {
		ns := iv.Ns
		if l.Cells[iv.Cell].Merged {
			ns = -ns
		}
		out = append(out, ns)
	}
	return out
}

func equal(x, y []int64) bool {
	if len(x) != len(y) {
		return false
	}
	for i := range x {
		if x[i] != y[i] {
			return false
		}
	}
	return true
}

// Short intervals that follow each other become one; long ones stay where they are.
func TestCoarsenMergesWhatIsShort(t *testing.T) {
	l, g := logOf(1_000_000, 100e3, 5e3, 7e3, 200e3, 3e3, 9e3, 4e3, 300e3)
	if entries := l.Coarsen(10e3); entries != 5 {
		t.Errorf("%d entries are left", entries)
	}
	if got, want := lengths(l, g), []int64{100e3, -12e3, 200e3, -16e3, 300e3}; !equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	var ns, count int64
	for _, sum := range l.Rest {
		ns += sum.Ns
		count += sum.Count
	}
	if ns != 28e3 || count != 5 {
		t.Errorf("%d ns of %d intervals are in the bins, want 28,000 of 5", ns, count)
	}
	if mid := g.Intervals[1]; mid.Who != 2 || l.Cells[mid.Cell].Kind != waitkind.User {
		t.Errorf("the first stand-in is for %d intervals, mostly %v; want 2, mostly running", mid.Who, l.Cells[mid.Cell].Kind)
	}
	l.Coarsen(150e3)
	if got, want := lengths(l, g), []int64{-112e3, 200e3, -16e3, 300e3}; !equal(got, want) {
		t.Errorf("coarser: %v, want %v", got, want)
	}
}

// What a report points to stays; a goroutine of which nothing does goes.
func TestCoarsenKeepsWhatIsPointedTo(t *testing.T) {
	l, g := logOf(1000, 5, 6, 7)
	g.Intervals[1].Keep = true
	other := &Goroutine{ID: 2, Start: 500}
	l.Add(other, Interval{Ns: 8, Cell: 0}, 500)
	l.Goroutines = append(l.Goroutines, other)
	l.Coarsen(100)
	if got, want := lengths(l, g), []int64{-5, 6, -7}; !equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
	if len(l.Goroutines) != 1 {
		t.Errorf("%d goroutines are left, want the one with something to tell", len(l.Goroutines))
	}
	if l.Kept() != 1 {
		t.Errorf("%d intervals are told one by one, want 1", l.Kept())
	}
}

// An interval is booked in each bin for its part of it, and counted where it begins.
func TestMergedTimeIsBookedByBin(t *testing.T) {
	l := New(1000, 1000+512*10) // bins of 10 ns
	l.Cells = []Cell{{Kind: waitkind.User, System: true}}
	l.BelowNs = 100
	g := new(Goroutine)
	l.Add(g, Interval{Ns: 25, Who: 3}, 1005)
	want := map[RestKey]RestSum{{0, 0}: {5, 1}, {1, 0}: {10, 0}, {2, 0}: {10, 0}}
	if len(l.Rest) != len(want) {
		t.Errorf("%v, want %v", l.Rest, want)
	}
	for key, sum := range want {
		if l.Rest[key] != sum {
			t.Errorf("bin %d: %v, want %v", key.Bin, l.Rest[key], sum)
		}
		if got := l.ProcRest[ProcKey{key.Bin, 3}]; got.System != sum.Ns || got.User != 0 {
			t.Errorf("bin %d of P 3: %v, want %d of the runtime's", key.Bin, got, sum.Ns)
		}
	}
	l.Others(3, 1005, 25)
	if got := l.ProcRest[ProcKey{1, 3}]; got.Other != 10 || got.System != 10 {
		t.Errorf("with others, bin 1 of P 3: %v", got)
	}
	l.Widen()
	if got := l.Rest[RestKey{0, 0}]; got != (RestSum{15, 1}) || l.BinNs != 20 || l.Bins() != 256 {
		t.Errorf("wider: %v in %d bins of %d ns", got, l.Bins(), l.BinNs)
	}
}

// Buckets are powers of two and their quarters.
func TestLengthsHaveBuckets(t *testing.T) {
	for ns, want := range map[int64]uint8{0: 0, 1: 0, 2: 4, 3: 6, 4: 8, 1024: 40, 1 << 40: 160} {
		if got := bucketOf(ns); got != want {
			t.Errorf("%d ns are in bucket %d, want %d", ns, got, want)
		}
	}
}

// The instant between two sides of a coroutine is no wait that anyone measures, and
// what is at rest is in no distribution.
func TestSomeHaveNoLength(t *testing.T) {
	l := New(0, 1000)
	l.Cells = []Cell{{Kind: waitkind.Woken, Switch: true}, {Kind: waitkind.Select, Rule: "ticker"}}
	l.BelowNs = 100
	l.Add(new(Goroutine), Interval{Ns: 1}, 10)
	l.Add(new(Goroutine), Interval{Ns: 1, Cell: 1}, 10)
	if len(l.Lengths) != 0 || len(l.Rest) != 2 {
		t.Errorf("lengths %v, bins %v", l.Lengths, l.Rest)
	}
}

// Of a long list the longest stay, in their order.
func TestLongest(t *testing.T) {
	list := []Region{{Ns: 5}, {Ns: 9}, {Ns: 5}, {Ns: 1}, {Ns: 5}, {Ns: 7}}
	var got []int64
	for _, r := range Longest(list, 4, func(r *Region) int64 { return r.Ns }) {
		got = append(got, r.Ns)
	}
	if !equal(got, []int64{5, 9, 5, 7}) {
		t.Errorf("%v", got)
	}
}
