package collect

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// patterns are what goroutines do again and again (methods.md A.7): a file each. Each
// follows its pattern from the same few moments of a goroutine's life, which
// accounting tells them: it was woken, it got a processor, it waits, it ended.
type patterns struct {
	rallies rallySums
	volleys volleySums
	joins   joinSums
	loops   yieldSums
	procs   int32 // GOMAXPROCS
}

// maxPatterns is how many of each are listed.
const maxPatterns = 20

// changed is a change of GOMAXPROCS.
func (a *accounting) changed(r *timeline.Record) { a.patterns.procs = int32(r.Value) }

// notWithin is what a record has whose end is not within the scope.
const notWithin = timeline.FlagOutside | timeline.FlagCensoredEnd

// wakes follows that a goroutine ended a wait of another at a place.
func (a *accounting) wakes(l, by *life, r *timeline.Record, c *cell) {
	if r.Flags&notWithin != 0 {
		return
	}
	if r.Kind == waitkind.WaitGroup && by.member != nil {
		by.member.joins(l, r, c)
	}
	if volleys[r.Kind] && a.stacks.of(r.OtherStack).wakesAll {
		a.volley(&by.aim, l, r, c, by.account())
	}
	switch {
	case c.queue == nil:
	case r.Kind == waitkind.Mutex:
		c.queue.root().turn(l.id, by.id)
	case isChannel(r.Kind):
		l.takes(by, c.queue)
	}
	if rallies[r.Kind] {
		a.rally(l, by, r, c)
	}
}

// takes follows that a goroutine got something at a channel from another, which gives
// something back if it got it there itself and has given nothing since.
func (l *life) takes(by *life, q *queue) {
	if by.took != nil && by.took.root() == q.root() {
		q.root().givenBack++
		by.took = nil
	}
	l.took = q
}

// runs follows that a goroutine has run.
func (a *accounting) runs(l *life, r *timeline.Record) {
	l.busy += r.Ns()
	l.busyAll += r.Ns()
	if r.Next == r.State {
		l.split += r.Ns()
	} else {
		l.split = 0
	}
	if r.Then != waitkind.Yielded || !l.selected || r.Flags&notWithin != 0 {
		return
	}
	switch on := a.stacks.of(r.Stack); {
	case on.handsOver:
		a.unlocks(r.Stack)
	case on.yields:
		a.patterns.loops.yields(l, r)
	}
}

// waitsAgain follows the end of a wait at a place, before which the goroutine had
// waited at another. A lock on the way to where it goes counts for nothing.
func (l *life) waitsAgain(before, c *cell, r *timeline.Record) {
	if l.roused {
		if isLock(r.Kind) {
			return
		}
		l.waitsAfterVolley(c)
	}
	if r.Kind == waitkind.Sleep && before == c {
		c.sleepsAgain(l, r)
	}
	l.busy, l.called = 0, false
	if l.aim != nil {
		*l.aim = aim{} // what it does next is another
	}
}

// loses follows that a goroutine goes into a gap of the trace: what it was in is over,
// and how it came to what it does behind it is not known.
func (a *accounting) loses(l *life) {
	a.endRally(l)
	l.volley, l.fresh, l.roused, l.aim = nil, false, false, nil
	l.stimulus, l.called, l.took = event.NoG, true, nil
	for _, f := range []*fork{l.fork, l.member} {
		if f != nil {
			f.cut = true
		}
	}
}

// dies follows the end of a goroutine.
func (a *accounting) dies(l *life, r *timeline.Record) {
	a.endRally(l)
	l.volley, l.fresh, l.roused = nil, false, false
	if l.member != nil {
		a.endsAsMember(l, r.At)
	}
	if l.fork != nil {
		a.patterns.joins.close(l.fork, a.patterns.procs)
	}
	if l.born && l.selected && r.Flags&notWithin == 0 {
		l.account().runsOfLives().add(l.busyAll)
	}
}

// finishPatterns writes what was found. It is called when the places have their
// numbers in the result.
func (a *accounting) finishPatterns(end *End, r *result.Result) {
	for i := range a.lives {
		l := &a.lives[i]
		a.endRally(l)
		if l.fork != nil {
			a.patterns.joins.close(l.fork, a.patterns.procs)
		}
	}
	at := siteIndexes(end)
	p := &r.Patterns
	p.PingPongs = a.patterns.rallies.result(end, at)
	p.Volleys = a.patterns.volleys.result(end, at)
	p.Joins = a.patterns.joins.result(end, at)
	p.YieldLoops = a.patterns.loops.result(end)
	p.SleepLoops = a.sleepLoops(end, at)
	p.Stages = stages(r)
}

// siteIndex finds a place among those of the result, -1 if it is not listed.
type siteIndex map[cellKey]int

func siteIndexes(end *End) siteIndex {
	out := make(siteIndex, len(end.sites))
	for i, key := range end.sites {
		out[key] = i
	}
	return out
}

func (s siteIndex) of(c *cell) int {
	if c == nil {
		return -1
	}
	if i, ok := s[cellKey{kind: c.key.kind, stack: c.key.stack}]; ok {
		return i
	}
	return -1
}

// bounded is what is summed by a key, in the order in which the keys came: no more than
// maxPairs, whatever a trace holds.
type bounded[K comparable, V any] struct {
	known map[K]*V
	list  []*V
}

// maxPairs bounds the pairs of places or groups that are told apart.
const maxPairs = 10_000

// find is the sum of a key, begun if there is none yet; nil if there are too many.
func (b *bounded[K, V]) find(key K, begin func() V) *V {
	sum := b.known[key]
	if sum == nil && len(b.list) < maxPairs {
		if b.known == nil {
			b.known = map[K]*V{}
		}
		sum = new(V)
		*sum = begin()
		b.known[key] = sum
		b.list = append(b.list, sum)
	}
	return sum
}

// ranked are the largest of a list, at most so many.
func ranked[T any](list []T, size func(T) int64, tie func(x, y T) int) []T {
	slices.SortFunc(list, func(x, y T) int { return cmp.Or(cmp.Compare(size(y), size(x)), tie(x, y)) })
	return list[:min(len(list), maxPatterns)]
}
