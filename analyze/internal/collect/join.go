package collect

import (
	"cmp"
	"math"

	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
)

// fork is the goroutines that one has created since it last waited for such, until all
// have ended and somebody who waited for them goes on: a fork-join. Those that outlive
// that have not been waited for.
type fork struct {
	begun          int64         // when the first was created, whether or not it is waited for
	from, lastBorn int64         // the first and the last creation of those that have ended
	group          *groupAccount // of the first member that ended
	mixed          bool          // members are of several groups
	cut            bool          // a part of it is not in the scope, or in a gap
	alive          int64
	ended          int64
	ran, mostRan   int64 // of those that have ended, ns
	ends           int64 // sum of the ends, each since begun
	last, second   int64 // the latest two ends
	lastGroup      *groupAccount
	lastG          int64

	joined int64 // when the wait for them ended, -1 before
	waited int64 // for how long it lasted
	cell   *cell // where
	booked bool
}

const (
	// leastFork is how many goroutines make one.
	leastFork = 2
	// lateEnd is by how much later than the join a member may end that has told that
	// it is done, ns.
	lateEnd = 1_000_000
)

// forks follows that a goroutine created another.
func (a *accounting) forks(l, child *life, r *timeline.Record) {
	f := l.fork
	if f == nil || f.joined >= 0 || f.ended > 0 && f.alive == 0 {
		if f != nil {
			a.patterns.joins.close(f, a.patterns.procs)
		}
		f = &fork{begun: r.Start, from: math.MaxInt64, joined: -1}
		l.fork = f
	}
	f.cut = f.cut || r.Has(timeline.FlagOutside)
	f.alive++
	child.member = f
}

// endsAsMember follows that a member ended.
func (a *accounting) endsAsMember(l *life, at int64) {
	f := l.member
	l.member = nil
	f.alive--
	if f.joined >= 0 && at-f.joined > lateEnd || f.booked {
		return
	}
	if f.joined >= 0 {
		at = min(at, f.joined)
	}
	f.add(l, at)
	if f.joined >= 0 && f.alive == 0 {
		a.patterns.joins.close(f, a.patterns.procs)
	}
}

// add takes in the end of a member.
func (f *fork) add(l *life, at int64) {
	g := l.account()
	switch {
	case f.group == nil:
		f.group = g
	case f.group != g:
		f.mixed = true
	}
	f.ended++
	born := at
	if l.seen {
		born = l.first
	}
	f.from, f.lastBorn = min(f.from, born), max(f.lastBorn, born)
	f.ran += l.busyAll
	f.mostRan = max(f.mostRan, l.busyAll)
	f.ends += at - f.begun
	if at >= f.last {
		f.last, f.second, f.lastGroup, f.lastG = at, f.last, g, l.id
	} else {
		f.second = max(f.second, at)
	}
}

// joins follows that a wait for a WaitGroup was ended by a member of a fork.
// Whoever waited has created them, or is one of them itself.
func (f *fork) joins(l *life, r *timeline.Record, c *cell) {
	if f.joined < 0 && (l.fork == f || l.member == f) {
		f.joined, f.waited, f.cell = r.End, r.Ns(), c
	}
}

// joinSums are the fork-joins by the place at which they were waited for.
type joinSums struct {
	bounded[*cell, joinSum]
}

type joinSum struct {
	cell   *cell
	group  *groupAccount
	sum    result.Join
	lastBy map[*groupAccount]int64 // whose goroutines were last
	worst  topSpans
}

// close books a fork to which nothing more comes, if it was waited for.
func (s *joinSums) close(f *fork, procs int32) {
	if f.booked || f.cut || f.ended < leastFork || f.cell == nil || f.waited <= 0 || f.joined <= f.from {
		return
	}
	f.booked = true
	sum := s.find(f.cell, func() joinSum { return joinSum{cell: f.cell, group: f.group, lastBy: map[*groupAccount]int64{}} })
	if sum == nil {
		return
	}
	length := f.joined - f.from
	width := min(f.ended, int64(max(1, procs)))
	out := &sum.sum
	out.Count++
	out.Members += f.ended
	out.Ns += length
	out.WaitNs += f.waited
	out.RunMeanNs += f.ran / f.ended
	out.RunMaxNs += f.mostRan
	gap := max(0, f.last-max(f.second, f.from, f.joined-f.waited))
	out.LastGapNs += gap
	if gap >= lateEnd && gap*5 >= f.waited {
		out.Late++
	}
	tail := f.joined - f.begun - f.ends/f.ended
	out.TailNs += tail
	// What even shares of the work would save, as far as one ran for longer than the
	// others.
	saving := max(0, min(tail, f.mostRan-f.ran/f.ended, length-f.ran/width))
	out.UnevenNs += saving
	if saving >= lateEnd && saving*10 >= length {
		out.Uneven++
	}
	if f.mixed {
		out.Mixed++
	}
	if f.lastBorn-f.from <= max(length/10, lateEnd) {
		out.AtOnce++
	}
	sum.lastBy[f.lastGroup]++
	sum.worst.keep(maxWorst, max(f.second, f.from), f.last, f.lastG)
}

// result is the joins with most time waited for the last member first.
func (s *joinSums) result(end *End, at siteIndex) []result.Join {
	out := []result.Join{}
	for _, sum := range s.list {
		r := sum.sum
		if r.Site = at.of(sum.cell.real()); r.Site < 0 {
			continue
		}
		r.Group = end.order[sum.group.real().entry]
		r.LastGroup = sum.mostlyLast(end)
		r.At = sum.worst.moments(maxWorst)
		out = append(out, r)
	}
	return ranked(out, func(r result.Join) int64 { return r.LastGapNs + r.UnevenNs }, func(x, y result.Join) int {
		return cmp.Or(cmp.Compare(x.Site, y.Site), cmp.Compare(x.Group, y.Group))
	})
}

// mostlyLast is the group whose goroutines were most often the last.
func (s *joinSum) mostlyLast(end *End) int {
	counts := map[int]int64{}
	for g, n := range s.lastBy {
		counts[end.order[g.real().entry]] += n
	}
	best := -1
	for g, n := range counts {
		if best < 0 || n > counts[best] || n == counts[best] && g < best {
			best = g
		}
	}
	return best
}
