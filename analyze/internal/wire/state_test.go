package wire

import (
	"math/rand/v2"
	"testing"
)

// TestGoroutineTable against a map, with IDs that lie together, apart, and all on
// one slot.
func TestGoroutineTable(t *testing.T) {
	for name, id := range map[string]func(int) int64{
		"counted up":    func(i int) int64 { return int64(i) },
		"far apart":     func(i int) int64 { return int64(i) * 1_000_003 },
		"on one slot":   func(i int) int64 { return int64(i) << 32 },
		"two to a slot": func(i int) int64 { return int64(i/2)<<40 | int64(i%2) },
	} {
		t.Run(name, func(t *testing.T) {
			random := rand.New(rand.NewPCG(7, 7))
			table, want := newGoroutines(), map[int64]int32{}
			for range 50_000 {
				id := id(random.IntN(5000))
				place, there := want[id]
				if got := table.find(id); there && got != place || !there && got != noGoroutine {
					t.Fatalf("goroutine %d is at %d, want %d (%t)", id, got, place, there)
				}
				if !there {
					want[id] = table.add(id)
				} else if random.IntN(3) > 0 {
					table.remove(place)
					delete(want, id)
				}
			}
			if len(table.list) > 5000 {
				t.Errorf("%d places for 5000 goroutines", len(table.list))
			}
			table.clear()
			for id := range want {
				if table.find(id) != noGoroutine {
					t.Fatalf("goroutine %d is there after clear", id)
				}
			}
			if crowded := name == "on one slot" || name == "two to a slot"; crowded != (table.mul != 1) {
				t.Errorf("the multiplier is %d", table.mul)
			}
		})
	}
}

// TestFrontierKeepsTheReferencesTies: the heap is x/exp/trace's comparison by
// comparison, so that of equal times the same is first.
func TestFrontierKeepsTheReferencesTies(t *testing.T) {
	random := rand.New(rand.NewPCG(2, 2))
	var ours frontier
	var reference []*cursor
	for i := range 9 {
		c := &cursor{time: int64(random.IntN(3)), pos: i}
		ours.push(c)
		reference = referencePush(reference, c)
	}
	for step := range 20_000 {
		i := random.IntN(len(ours))
		if step%2 == 0 {
			i = 0
		}
		ours[i].cursor.time += int64(random.IntN(3))
		ours.update(i)
		referenceUpdate(reference, i)
		for j := range ours {
			if ours[j].cursor != reference[j] {
				t.Fatalf("step %d: %d is cursor %d, want %d", step, j, ours[j].pos, reference[j].pos)
			}
		}
	}
	for len(ours) > 0 {
		i := random.IntN(len(ours))
		ours.remove(i)
		reference = referenceRemove(reference, i)
		for j := range ours {
			if ours[j].cursor != reference[j] {
				t.Fatalf("%d left: %d is cursor %d, want %d", len(ours), j, ours[j].pos, reference[j].pos)
			}
		}
	}
}

// What follows states the reference's heap in the plainest way: a parent is
// never later than its children; of two earlier children the left one moves up
// unless the right one is earlier still; only what is out of order moves.
func referencePush(h []*cursor, c *cursor) []*cursor {
	h = append(h, c)
	referenceUp(h, len(h)-1)
	return h
}

func referenceUp(h []*cursor, i int) bool {
	moved := false
	for i > 0 && h[(i-1)/2].time > h[i].time {
		h[(i-1)/2], h[i] = h[i], h[(i-1)/2]
		i, moved = (i-1)/2, true
	}
	return moved
}

func referenceDown(h []*cursor, i int) {
	for {
		best := i
		for _, child := range []int{2*i + 1, 2*i + 2} {
			if child < len(h) && h[child].time < h[best].time {
				best = child
			}
		}
		if best == i {
			return
		}
		h[i], h[best] = h[best], h[i]
		i = best
	}
}

func referenceUpdate(h []*cursor, i int) {
	if !referenceUp(h, i) {
		referenceDown(h, i)
	}
}

func referenceRemove(h []*cursor, i int) []*cursor {
	for i > 0 {
		h[(i-1)/2], h[i] = h[i], h[(i-1)/2]
		i = (i - 1) / 2
	}
	h[0] = h[len(h)-1]
	h = h[:len(h)-1]
	referenceDown(h, 0)
	return h
}
