package timeline

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestTableAgainstAMap plays births and deaths of IDs of every shape into a
// table and a map, and asks both for those that live and those that do not.
func TestTableAgainstAMap(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 5))
	shapes := map[string]func() int64{
		"dense":     func() int64 { return rng.Int64N(300) },
		"blocks":    func() int64 { return rng.Int64N(100)<<20 | rng.Int64N(16) },
		"multiples": func() int64 { return rng.Int64N(2000) << 40 },
		"extremes":  func() int64 { return []int64{0, -1, math.MaxInt64, math.MinInt64}[rng.IntN(4)] + rng.Int64N(3) },
		"anything":  rng.Int64,
	}
	for name, id := range shapes {
		// Factors that scatter badly make IDs collide: 1 puts all small IDs
		// into one place.
		for _, factor := range []uint64{1, 1<<32 | 1, rng.Uint64() | 1} {
			table := newGoroutineTable()
			table.factor = factor
			living := map[int64]*goroutine{}
			for range 20_000 {
				id := id()
				if got := table.get(id); got != living[id] {
					t.Fatalf("%s, factor %x: %d is %p, want %p", name, factor, id, got, living[id])
				}
				if g := living[id]; g == nil && len(living) < 500 {
					living[id] = table.add(id)
				} else if g != nil && rng.IntN(2) == 0 {
					table.remove(g)
					delete(living, id)
				}
			}
			checkLive(t, &table, living)
		}
	}
}

func checkLive(t *testing.T, table *goroutineTable, living map[int64]*goroutine) {
	t.Helper()
	live := table.live()
	if len(live) != len(living) || table.n != len(living) {
		t.Errorf("%d and %d live, want %d", len(live), table.n, len(living))
	}
	for _, g := range live {
		if living[g.id] != g {
			t.Errorf("%d lives, and should not", g.id)
		}
	}
}

// TestTableGrowsWithTheLiving: neither large IDs nor the dead take room.
func TestTableGrowsWithTheLiving(t *testing.T) {
	table := newGoroutineTable()
	for i := range int64(100_000) {
		table.remove(table.add(i << 30))
	}
	if len(table.entries) != minEntries || table.slots != 1 {
		t.Errorf("%d entries, %d slots for one goroutine at a time", len(table.entries), table.slots)
	}
	for i := range int64(100_000) {
		table.add(i)
	}
	if n := len(table.entries); n > 100_000*8 {
		t.Errorf("%d entries for 100000 goroutines", n)
	}
}
