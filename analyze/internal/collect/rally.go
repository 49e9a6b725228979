package collect

import (
	"cmp"

	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// rally is two goroutines that wake each other in turns: a ping-pong. Both lives point
// to it.
type rally struct {
	next     int64 // the goroutine whose turn it is to wake the other
	last     int64 // the other
	from, at int64
	hops     int64
	ran      int64 // of the time from hop to hop, with one of them at work
	overlap  int64 // in which both ran
	cells    [2]*cell
	groups   [2]*groupAccount
	over     bool
}

const (
	// mostRallyRun is how long a side runs at most before it hands over, ns, and
	// leastRally how many hand-overs make a ping-pong (methods.md A.7).
	mostRallyRun = 50_000
	leastRally   = 10
	// mostParking is how long it takes at most to block after a wake-up, ns.
	mostParking = 10_000
)

// rallies says in which waits goroutines may hand over to each other in turns. A lock
// has a queue, and a coroutine is meant to.
var rallies = func() (k [waitkind.NumKinds]bool) {
	k[waitkind.ChanSend], k[waitkind.ChanReceive], k[waitkind.Select], k[waitkind.Cond] = true, true, true, true
	return k
}()

// rally follows that a goroutine woke another. It is a hand-over in turn if the other
// had woken it before, and it did little in between.
func (a *accounting) rally(l, by *life, r *timeline.Record, c *cell) {
	if by.stimulus != l.id {
		return
	}
	ry := by.rally
	if ry == nil || ry != l.rally || ry.over {
		a.endRally(l)
		a.endRally(by)
		ry = &rally{next: by.id, last: l.id}
		l.rally, by.rally = ry, ry
	}
	ran := by.busy
	if by.ranFrom >= 0 {
		ran += r.End - by.ranFrom - by.split
	}
	if ran >= mostRallyRun || ry.next == by.id && ry.hops > 0 && r.Start-ry.at >= mostRallyRun {
		a.patterns.rallies.book(ry)
		ry.hops, ry.next, ry.last = 0, l.id, by.id
		return
	}
	if ry.next != by.id || ry.hops == 0 {
		a.patterns.rallies.book(ry)
		ry.next, ry.last = by.id, l.id
		ry.begins(r)
	}
	ry.hop(l, by, r, c, ran)
}

// begins makes this hand-over the first.
func (ry *rally) begins(r *timeline.Record) {
	ry.from, ry.at = r.Start, r.Start // since the other waits
	ry.hops, ry.ran, ry.overlap = 0, 0, 0
}

func (ry *rally) hop(l, by *life, r *timeline.Record, c *cell, ran int64) {
	// Handing over takes from the wake-up until the other runs. If the one goes on for
	// longer than it takes to block meanwhile, that is work.
	elapsed := r.End - ry.at
	still := min(max(0, min(by.ranFrom, r.Start)-ry.at), mostParking)
	gap := max(0, by.ranFrom-max(r.Start, ry.at))
	ry.ran += elapsed - min(still+gap, elapsed-min(ran, elapsed))
	if by.ranFrom >= 0 && by.ranFrom < r.Start {
		ry.overlap += r.Start - max(by.ranFrom, ry.at)
	}
	side := ry.hops & 1
	ry.cells[side], ry.groups[side] = c, l.account()
	ry.hops++
	ry.at = r.End
	ry.next, ry.last = l.id, by.id
}

// endRally ends what a goroutine was in.
func (a *accounting) endRally(l *life) {
	ry := l.rally
	if ry == nil {
		return
	}
	l.rally = nil
	if !ry.over {
		a.patterns.rallies.book(ry)
		ry.over = true
	}
}

// rallySums are the rallies of two groups at two places.
type rallySums struct {
	bounded[[2]*cell, rallySum]
}

type rallySum struct {
	cells  [2]*cell
	groups [2]*groupAccount
	sum    result.PingPong
	worst  topSpans
}

func (s *rallySums) book(ry *rally) {
	if ry.hops < leastRally || ry.cells[0] == nil || ry.cells[1] == nil {
		return
	}
	key := ry.cells
	if turned := [2]*cell{key[1], key[0]}; s.known[turned] != nil {
		key = turned
	}
	sum := s.find(key, func() rallySum { return rallySum{cells: key, groups: ry.groups} })
	if sum == nil {
		return
	}
	sum.sum.Rallies++
	sum.sum.HandOvers += ry.hops
	sum.sum.Ns += ry.at - ry.from
	sum.sum.RunningNs += ry.ran
	sum.sum.OverlapNs += ry.overlap
	sum.worst.keep(maxWorst, ry.from, ry.at, ry.last)
}

// result is the pairs with most time between their runs first.
func (s *rallySums) result(end *End, at siteIndex) []result.PingPong {
	out := []result.PingPong{}
	for _, sum := range s.list {
		r := sum.sum
		r.Groups = []int{end.order[sum.groups[0].real().entry], end.order[sum.groups[1].real().entry]}
		r.Sites = []int{at.of(sum.cells[0].real()), at.of(sum.cells[1].real())}
		if r.Sites[0] > r.Sites[1] {
			r.Sites[0], r.Sites[1] = r.Sites[1], r.Sites[0]
			r.Groups[0], r.Groups[1] = r.Groups[1], r.Groups[0]
		}
		r.At = sum.worst.moments(maxWorst)
		if r.Sites[0] >= 0 {
			out = append(out, r)
		}
	}
	return ranked(out, func(r result.PingPong) int64 { return r.Ns - r.RunningNs }, func(x, y result.PingPong) int {
		return cmp.Or(cmp.Compare(x.Sites[0], y.Sites[0]), cmp.Compare(x.Sites[1], y.Sites[1]))
	})
}
