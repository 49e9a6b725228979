package collect

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// recent remembers who ran lately, to say who did while another waited.
type recent struct {
	lives *[]life
	now   []int32 // slots of those that run, no more than there are Ps but in damage
	ring  [recentSlices]slice
	n     int // slices put into ring so far
	seen  int // slices looked at so far, in all
}

// begins takes in that a goroutine runs.
func (r *recent) begins(l *life, slot int32, at int64) {
	l.ranFrom, l.ranAt = at, int32(len(r.now))
	r.now = append(r.now, slot)
}

const (
	// recentSlices is how many are remembered: some 50 ms of two Ps that have much to
	// do.
	recentSlices = 1 << 13
	// mostSeen bounds the slices that are looked at in all, for traces in which each
	// wait is longer than the one before; after that fewSlices are looked at each time.
	mostSeen  = 1 << 26
	fewSlices = 256
)

// slice is a stretch of a goroutine on a processor.
type slice struct {
	from, to int64
	group    *groupAccount
	p        int32
}

// ends takes in that a goroutine does not run any more.
func (r *recent) ends(l *life, rec *timeline.Record) {
	if l.ranFrom < 0 {
		return
	}
	r.ring[r.n%recentSlices] = slice{l.ranFrom, rec.End, l.account(), rec.P}
	r.n++
	last := len(r.now) - 1
	r.now[l.ranAt] = r.now[last]
	(*r.lives)[r.now[last]].ranAt = l.ranAt
	r.now = r.now[:last]
	l.ranFrom = -1
}

// lastOn is the slice that ended last on a P, at most that long before an
// instant.
func (r *recent) lastOn(p int32, at, within int64) (slice, bool) {
	for i := r.n - 1; i >= max(0, r.n-fewSlices) && p >= 0; i-- {
		s := r.ring[i%recentSlices]
		if at-s.to > within {
			break
		}
		if s.p == p {
			return s, true
		}
	}
	return slice{}, false
}

// during lists the groups that ran within a stretch that ends now, most time
// first, at most three. It reaches back as far as the ring does.
func (r *recent) during(from, to int64) []groupNs {
	var sums []groupNs
	add := func(s slice, until int64) {
		ns := min(to, until) - max(from, s.from)
		if ns <= 0 {
			return
		}
		for i := range sums {
			if sums[i].group == s.group {
				sums[i].ns += ns
				return
			}
		}
		sums = append(sums, groupNs{s.group, ns})
	}
	for _, slot := range r.now[:min(len(r.now), fewSlices)] {
		l := &(*r.lives)[slot]
		add(slice{from: l.ranFrom, group: l.account()}, to)
	}
	most := recentSlices
	if r.seen > mostSeen {
		most = fewSlices
	}
	for i := r.n - 1; i >= max(0, r.n-most); i-- {
		s := r.ring[i%recentSlices]
		if s.to <= from {
			break
		}
		add(s, s.to)
		r.seen++
	}
	slices.SortStableFunc(sums, func(x, y groupNs) int { return cmp.Compare(y.ns, x.ns) })
	return sums[:min(len(sums), maxRan)]
}

const maxRan = 3

// groupNs is some time of a group.
type groupNs struct {
	group *groupAccount
	ns    int64
}

func ran(sums []groupNs, order []int) []result.GroupTime {
	var out []result.GroupTime
	for _, s := range sums {
		id := order[s.group.real().entry]
		i := slices.IndexFunc(out, func(t result.GroupTime) bool { return t.Group == id })
		if i < 0 {
			out = append(out, result.GroupTime{Group: id, Ns: s.ns})
		} else {
			out[i].Ns += s.ns
		}
	}
	return out
}

// readyWaits are the longest waits for a processor.
type readyWaits struct {
	top   []readyWait
	least int64 // that is not long enough, ns
}

type readyWait struct {
	at, ns, g int64
	group     *groupAccount
	origin    string
	afterIO   bool
	ran       []groupNs
}

// add takes in a wait for a processor that ended, with who ran meanwhile.
func (w *readyWaits) add(r *timeline.Record, l *life, recent *recent) {
	if r.Ns() <= w.least {
		return
	}
	wait := readyWait{r.Start, r.Ns(), r.G, l.account(), r.Kind.String(), l.afterIO && r.Kind == waitkind.Woken, recent.during(r.Start, r.End)}
	w.top = insertTop(w.top, wait, func(x, y readyWait) int { return cmp.Compare(y.ns, x.ns) })
	if len(w.top) == maxSpans {
		w.least = w.top[maxSpans-1].ns
	}
}

func (w *readyWaits) result(order []int) []result.ReadyWait {
	var out []result.ReadyWait
	for _, t := range w.top {
		if t.group.real().system {
			continue // known only later
		}
		out = append(out, result.ReadyWait{
			AtNs: t.at, DurationNs: t.ns, Goroutine: t.g, Group: order[t.group.real().entry],
			Origin: t.origin, AfterIO: t.afterIO, Ran: ran(t.ran, order),
		})
	}
	return out
}
