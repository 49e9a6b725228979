package collect

import (
	"cmp"
	"maps"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// stretch is what a goroutine runs without pausing by itself: preemptions do not
// end it.
type stretch struct {
	from    int64
	ns      int64
	longest int64 // slice, ns
	harm    float64
	stack   event.StackID // where it was preempted last
}

// add adds a slice.
func (r *stretch) add(from, to int64, harm float64, st *step) {
	if r.ns == 0 {
		r.from = from
	}
	r.ns += to - from
	r.harm += harm
	r.longest = max(r.longest, to-from)
	if st.flags&stepPreempted != 0 && st.to == event.GoRunnable && st.ref > 0 {
		r.stack = event.StackID(st.ref)
	}
}

// leastLongRun is from when on a run is a long one: the scheduler's time slice.
const leastLongRun = 10_000_000

// longRuns are the long runs, those with most harm first.
type longRuns struct {
	count int64
	harm  float64
	top   []longRun
}

type longRun struct {
	stretch
	to    int64
	g     int64
	group *groupAccount
}

// add takes in a run that ended on a stack.
func (l *longRuns) add(w *swept, at int64, on event.StackID) {
	l.count++
	l.harm += w.run.harm
	if w.group == nil {
		return // whose it was is not known yet
	}
	r := longRun{stretch: *w.run, to: at, g: w.id, group: w.group}
	if r.stack == 0 {
		r.stack = on
	}
	l.top = insertTop(l.top, r, func(x, y longRun) int {
		return cmp.Or(cmp.Compare(y.harm, x.harm), cmp.Compare(y.ns, x.ns))
	})
}

// insertTop adds to a list of at most maxSpans that is in order; what is equal
// comes after.
func insertTop[T any](top []T, v T, compare func(x, y T) int) []T {
	if len(top) == maxSpans && compare(top[maxSpans-1], v) <= 0 {
		return top
	}
	i, _ := slices.BinarySearchFunc(top, v, func(x, v T) int {
		if compare(x, v) <= 0 {
			return -1
		}
		return 1
	})
	top = slices.Insert(top, i, v)
	return top[:min(len(top), maxSpans)]
}

func (l *longRuns) result(tables *event.Tables, order []int) []result.LongRun {
	var out []result.LongRun
	for _, r := range l.top {
		out = append(out, result.LongRun{
			AtNs: r.from, EndNs: r.to, RunNs: r.ns, Goroutine: r.g, Group: order[r.group.real().entry],
			HarmNs: rounded(r.harm), LongestSliceNs: r.longest, Frames: frames(tables, r.stack),
		})
	}
	return out
}

// syscallHolds are the system calls that held a P which others needed, those
// with most harm first.
type syscallHolds struct {
	top []syscallHold
	at  map[event.StackID]*heldAt
}

// heldAt sums the calls on a stack.
type heldAt struct {
	calls int64
	harm  float64
}

type syscallHold struct {
	at, ns int64
	harm   float64
	g      int64
	group  *groupAccount
	stack  event.StackID
}

// leastHoldHarm is from when on a system call counts: well above what the
// runtime's monitor leaves it at least, 20 µs. Shorter ones are work that the
// operating system does for the program.
const leastHoldHarm = 100_000

func (h *syscallHolds) add(w *swept, c *cell) {
	if w.group == nil {
		return // whose it was is not known yet
	}
	at := h.at[c.key.stack]
	if at == nil {
		if h.at == nil {
			h.at = map[event.StackID]*heldAt{}
		}
		at = new(heldAt)
		h.at[c.key.stack] = at
	}
	at.calls++
	at.harm += w.heldHarm
	h.top = insertTop(h.top, syscallHold{w.since, w.heldNs, w.heldHarm, w.id, w.group, c.key.stack}, func(x, y syscallHold) int {
		return cmp.Compare(y.harm, x.harm)
	})
}

func (h *syscallHolds) result(tables *event.Tables, order []int) []result.SyscallHold {
	var out []result.SyscallHold
	for _, t := range h.top {
		out = append(out, result.SyscallHold{
			AtNs: t.at, DurationNs: t.ns, HarmNs: rounded(t.harm), Goroutine: t.g,
			Group: order[t.group.real().entry], Frames: frames(tables, t.stack),
		})
	}
	return out
}

// maxHeldAt is how many places of such calls are listed.
const maxHeldAt = 10

// places are those with most harm.
func (h *syscallHolds) places(tables *event.Tables) []result.HeldAt {
	stacks := slices.SortedFunc(maps.Keys(h.at), func(x, y event.StackID) int {
		return cmp.Or(cmp.Compare(h.at[y].harm, h.at[x].harm), compareStacks(tables, x, y))
	})
	var out []result.HeldAt
	for _, stack := range stacks[:min(len(stacks), maxHeldAt)] {
		out = append(out, result.HeldAt{Frames: frames(tables, stack), Calls: h.at[stack].calls, HarmNs: rounded(h.at[stack].harm)})
	}
	return out
}
