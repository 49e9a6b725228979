package collect

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// A volley is several waits at one place that end within a moment: by one goroutine,
// as a Broadcast ends them or the closing of a channel, or by timers that are due
// together. Whoever was woken may have something to do (a burst) or not (a herd).

// aim is a volley that may be coming: the latest waits, of different goroutines and too
// few as yet.
type aim struct {
	cell  *cell
	count int
	few   [leastVolley - 1]woken // the earliest first
	into  *volley                // once it is one
}

// woken is a wait that ended.
type woken struct {
	at, g int64
	slot  int32
}

const (
	// leastVolley is how many goroutines make a volley, volleyWithin the time in which
	// one goroutine wakes them, ns, and ticksWithin that in which timers wake the first
	// of them. The others may follow until roundWithin: each processor sees to its own
	// timers when it wakes up.
	leastVolley  = 4
	volleyWithin = 100_000
	ticksWithin  = 1_000_000
	roundWithin  = 5_000_000
	// futileRun is how long a goroutine runs at most that was woken in vain, ns.
	futileRun = 10_000
)

// volleys says which waits count: a lock's waiters have their turns, and who waits for
// a WaitGroup waits for an end.
var volleys = func() (k [waitkind.NumKinds]bool) {
	k[waitkind.ChanSend], k[waitkind.ChanReceive], k[waitkind.Select], k[waitkind.Cond] = true, true, true, true
	return k
}()

// ticking says of which kinds timers end the waits.
var ticking = func() (k [waitkind.NumKinds]bool) {
	k[waitkind.Sleep], k[waitkind.TimerChannel] = true, true
	return k
}()

// volley is one volley: members have it until they wait again.
type volley struct {
	sum   *volleySum
	first int64
	last  int64
	count int64
	who   map[int64]bool // its members, by ID
}

// volley follows that a wait at a place was ended by whoever takes aim. by is the group
// of a goroutine, nil for timers.
func (a *accounting) volley(at **aim, l *life, r *timeline.Record, c *cell, by *groupAccount) {
	within := int64(volleyWithin)
	if by == nil {
		within = ticksWithin
	}
	if *at == nil {
		*at = new(aim)
	}
	aims := *at
	if by == nil && aims.into != nil {
		within = roundWithin
	}
	if aims.cell != c || aims.into != nil && (r.End-aims.into.first > within || aims.into.who[l.id]) {
		*aims = aim{cell: c}
	}
	aims.forgets(r.End-within, l.id)
	switch {
	case aims.into != nil:
		aims.into.takes(l, r.End)
	case aims.count < len(aims.few):
		aims.few[aims.count] = woken{r.End, l.id, r.Slot}
		aims.count++
	default:
		v := &volley{sum: a.patterns.volleys.of(c, by, l.account(), r), first: aims.few[0].at, last: aims.few[0].at, who: map[int64]bool{}}
		if v.sum == nil {
			return
		}
		v.sum.begins(v)
		aims.into = v
		for _, w := range aims.few {
			v.takesLate(&a.lives[w.slot], w)
		}
		v.takes(l, r.End)
	}
}

// forgets drops the waits that ended before an instant, and an earlier one of a goroutine.
func (a *aim) forgets(before, g int64) {
	kept := slices.DeleteFunc(a.few[:a.count], func(w woken) bool { return w.at < before || w.g == g })
	a.count = len(kept)
}

// counts counts a goroutine's wait in that ended at an instant.
func (v *volley) counts(g, at int64) {
	v.who[g] = true
	v.count++
	s := &v.sum.sum
	s.Woken++
	s.LengthNs += at - v.last
	v.last = at
	s.Most = max(s.Most, v.count)
}

// takes counts a goroutine in that was woken at an instant and is ready since.
func (v *volley) takes(l *life, at int64) {
	v.counts(l.id, at)
	l.volley, l.fresh, l.roused = v, true, true
}

// takesLate counts in one of the first, which may have had its processor before there
// were enough of them, or have waited for something else since, or be gone.
func (v *volley) takesLate(l *life, w woken) {
	switch {
	case l.id != w.g || l.woken != w.at:
		v.counts(w.g, w.at)
	case l.served < 0:
		v.takes(l, w.at)
	default:
		v.counts(w.g, w.at)
		l.volley, l.roused = v, true
		v.serves(w.at, l.served)
	}
}

// readyInVolley follows the end of the time for which a member waited for a processor,
// by its getting one or by the scope's end.
func (l *life) readyInVolley(r *timeline.Record) {
	l.fresh = false
	if r.Next != event.GoRunning || r.Flags&notWithin != 0 {
		l.volley.sum.sum.ReadyNs += r.Ns()
		return
	}
	l.volley.serves(r.Start, r.End)
}

// serves counts a member that was ready since an instant and got its processor at
// another.
func (v *volley) serves(ready, at int64) {
	s := v.sum
	s.sum.ReadyNs += at - ready
	s.sum.LongestDrainNs = max(s.sum.LongestDrainNs, at-v.first)
	s.worst.spans = slices.DeleteFunc(s.worst.spans, func(t topSpan) bool { return t.from == v.first })
	s.worst.keep(maxWorst, v.first, at, event.NoG)
}

// waitsAfterVolley follows that a member waits again: in vain was it woken if it hardly
// ran, did nothing that shows, and waits for the same.
func (l *life) waitsAfterVolley(c *cell) {
	v := l.volley
	l.fresh, l.roused = false, false
	if was := v.sum.cell.real(); l.busy < futileRun && !l.called && !l.gave && c.key.kind == was.key.kind && c.key.stack == was.key.stack {
		v.sum.sum.Futile++
		v.sum.sum.FutileRunNs += l.busy
	}
}

// volleySums are the volleys at a place, by who ended them.
type volleySums struct {
	bounded[volleyKey, volleySum]
}

type volleyKey struct {
	cell  *cell
	group *groupAccount
}

type volleySum struct {
	cell    *cell
	group   *groupAccount // nil for timers
	waiters *groupAccount // whose goroutines are woken
	stack   event.StackID // of whoever ended the first
	sum     result.Volley
	worst   topSpans

	last      int64 // when the last one began
	gaps      int64
	gapNs     int64
	gapSquare float64
}

// begins counts a volley, and the time since the one before.
func (s *volleySum) begins(v *volley) {
	if s.sum.Count > 0 {
		gap := v.first - s.last
		s.gaps++
		s.gapNs += gap
		s.gapSquare += float64(gap) * float64(gap)
	}
	s.last = v.first
	s.sum.Count++
}

// of finds the sum of the volleys that a group ends at a place; nil if there are too
// many.
func (s *volleySums) of(c *cell, by, waiters *groupAccount, r *timeline.Record) *volleySum {
	return s.find(volleyKey{c, by}, func() volleySum {
		return volleySum{cell: c, group: by, waiters: waiters, stack: r.OtherStack}
	})
}

// result is the volleys with most waiting for a processor first.
func (s *volleySums) result(end *End, at siteIndex) []result.Volley {
	out := []result.Volley{}
	for _, sum := range s.list {
		r := sum.sum
		if r.Site = at.of(sum.cell.real()); r.Site < 0 {
			continue
		}
		r.WakerGroup = -1
		if sum.group != nil {
			r.WakerGroup = end.order[sum.group.real().entry]
			r.WakerFrames = frames(end.Tables, sum.stack)
		}
		r.Waiters = min(sum.cell.real().members, int64(sum.waiters.real().count)) // one that roams counts again at a place
		if sum.gaps > 0 {
			mean := float64(sum.gapNs) / float64(sum.gaps)
			r.PeriodNs = int64(mean)
			r.PeriodSpread = spread(sum.gaps, mean, sum.gapSquare)
		}
		r.At = sum.worst.moments(maxWorst)
		out = append(out, r)
	}
	return ranked(out, func(r result.Volley) int64 { return r.ReadyNs }, func(x, y result.Volley) int {
		return cmp.Or(cmp.Compare(x.Site, y.Site), cmp.Compare(x.WakerGroup, y.WakerGroup), cmp.Compare(y.Woken, x.Woken))
	})
}
