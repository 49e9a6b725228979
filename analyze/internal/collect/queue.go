package collect

import (
	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// queue is the goroutines that wait for a lock or a channel. A trace does not say
// which: a queue is what is connected by who ends whose waits, line by line
// (methods.md 0.2.12). Lines are joined as soon as one ends a wait at the other, so
// that in a trace of which the steps are held back each queue is whole from the
// start; later, what two queues did before they were joined stays apart.
type queue struct {
	into *queue // what it was joined to

	now, most int32
	since     int64 // when now changed
	waited    int64 // ∫ now dt, ns
	busy      int64 // with somebody waiting, ns

	handOffs  int64 // waits ended by a goroutine
	inTurn    int64 // by the goroutine that had been handed it last
	taker     int64 // that one
	givenBack int64 // by goroutines whose own wait here had been ended so
	direct    int64 // of a lock in its starving mode, which goes to the first in the queue
	// handed is when the last of them was that left others waiting, or -1: the next
	// one is a service time later.
	handed  int64
	service histogram
	resume  histogram // from the hand-off until whoever got it ran

	episode convoy // under way if from >= 0
	convoys convoySum
}

// convoy is a stretch in which at least two goroutines wait, but for the moments
// until one that has let go comes back.
type convoy struct {
	from  int64 // -1 for none
	below int64 // since when fewer wait, or -1
	turns
	dip turns // since below: part of it if it goes on
}

// turns are hand-offs, and the waits of goroutines that one had released.
type turns struct{ handOffs, requeued int64 }

func (t *turns) add(o turns) {
	t.handOffs += o.handOffs
	t.requeued += o.requeued
}

// convoySum is those that were convoys.
type convoySum struct {
	count, ns, handOffs, requeued int64
	longest                       topSpans
}

const (
	// leastConvoy, leastConvoyHandOffs and leastConvoyServices are what a stretch in
	// which goroutines queue must at least have to be a convoy: its length, ns; its
	// hand-offs; and its length in median service times (methods.md A.7).
	leastConvoy         = 1_000_000
	leastConvoyHandOffs = 8
	leastConvoyServices = 10
	// convoyDip is for how long fewer may wait within one, ns: longer than a wake-up
	// takes.
	convoyDip = 200_000
)

func newQueue() *queue { return &queue{handed: -1, taker: event.NoG, episode: convoy{from: -1}} }

// root is the queue that this one became a part of, or itself.
func (q *queue) root() *queue {
	for q.into != nil {
		if q.into.into != nil {
			q.into = q.into.into
		}
		q = q.into
	}
	return q
}

// join makes two queues one.
func (q *queue) join(o *queue) {
	q, o = q.root(), o.root()
	if q == o {
		return
	}
	at := max(q.since, o.since)
	q.pass(at)
	o.pass(at)
	o.into = q
	q.now += o.now
	q.most = max(q.most, o.most, q.now)
	q.waited += o.waited
	q.busy += o.busy
	q.handOffs += o.handOffs
	q.direct += o.direct
	q.givenBack += o.givenBack
	q.inTurn += o.inTurn
	q.handed = max(q.handed, o.handed)
	q.service.merge(&o.service)
	q.resume.merge(&o.resume)
	q.convoys.merge(&o.convoys)
	q.episode.join(o.episode)
	if q.now >= 2 {
		q.queuesAgain(at)
	}
}

// join goes on with both of two that are under way.
func (c *convoy) join(o convoy) {
	switch {
	case c.from < 0:
		*c = o
	case o.from >= 0:
		if c.below >= 0 && o.below >= 0 {
			c.below = max(c.below, o.below)
		} else {
			c.below = -1
		}
		c.from = min(c.from, o.from)
		c.add(o.turns)
		c.dip.add(o.dip)
	}
}

// now is what counts at present: the dip, if it is in one.
func (c *convoy) now() *turns {
	if c.below >= 0 {
		return &c.dip
	}
	return &c.turns
}

func (c *convoySum) merge(o *convoySum) {
	c.count += o.count
	c.ns += o.ns
	c.handOffs += o.handOffs
	c.requeued += o.requeued
	c.longest.merge(&o.longest)
}

// pass books the time until an instant.
func (q *queue) pass(at int64) {
	if ns := at - q.since; ns > 0 && q.now > 0 {
		q.waited += int64(q.now) * ns
		q.busy += ns
	}
	q.since = max(q.since, at)
}

// enters counts in a goroutine that was last released by a hand-off at an instant,
// -1 for none.
func (q *queue) enters(at, released int64) {
	q.pass(at)
	q.now++
	q.most = max(q.most, q.now)
	if q.now == 2 {
		q.queuesAgain(at)
	}
	if e := &q.episode; e.from >= 0 && released >= e.from {
		e.now().requeued++
	}
}

// turn follows that a goroutine handed a lock to another. If it is one lock, it is mostly
// the one that was handed it last.
func (q *queue) turn(to, by int64) {
	if q.taker == by {
		q.inTurn++
	}
	q.taker = to
}

// hadEntered counts a goroutine in that has been waiting since an instant.
func (q *queue) hadEntered(since, at int64) {
	if q.now == 0 {
		q.busy += at - max(since, q.since)
	}
	q.pass(at)
	q.waited += at - since
	q.now++
	q.most = max(q.most, q.now)
	if q.now == 2 {
		q.queuesAgain(max(since, q.episode.below))
	}
}

// queuesAgain begins an episode, or goes on with one that paused.
func (q *queue) queuesAgain(at int64) {
	e := &q.episode
	if e.from >= 0 && e.below >= 0 && at-e.below > convoyDip {
		q.endEpisode(e.below)
	}
	if e.from < 0 {
		*e = convoy{from: at}
	}
	e.add(e.dip)
	e.below, e.dip = -1, turns{}
}

// leaves counts a goroutine out, to which another handed over or not.
func (q *queue) leaves(at int64, handed bool) {
	q.pass(at)
	q.now--
	if handed {
		q.handOffs++
		if q.handed >= 0 {
			q.service.add(at - q.handed)
		}
		q.handed = at
		q.episode.now().handOffs++ // none under way is overwritten
	}
	if q.now == 0 {
		q.handed = -1
	}
	if q.now == 1 {
		q.episode.below, q.episode.dip = at, turns{}
	}
}

// endEpisode ends a stretch in which goroutines queue, and keeps it if it was a
// convoy: long, with many hand-offs, and at least half of those who got their turn
// came back for another.
func (q *queue) endEpisode(at int64) {
	e := q.episode
	q.episode.from = -1
	ns := at - e.from
	if ns < leastConvoy || e.handOffs < leastConvoyHandOffs || e.requeued*2 < e.handOffs || ns < leastConvoyServices*q.service.percentile(0.5) {
		return
	}
	q.convoys.count++
	q.convoys.ns += ns
	q.convoys.handOffs += e.handOffs
	q.convoys.requeued += e.requeued
	q.convoys.longest.keep(maxWorst, e.from, at, event.NoG)
}

// finish ends what is open at the scope's end.
func (q *queue) finish(at int64) {
	q.pass(at)
	if e := &q.episode; e.from >= 0 {
		if e.below >= 0 {
			at = e.below
		}
		q.endEpisode(at)
	}
}

// isLock says of which kinds the waits are for a lock.
func isLock(k waitkind.Kind) bool {
	return k == waitkind.Mutex || k == waitkind.RWMutexRead || k == waitkind.RWMutexWrite
}

// isChannel says of which kinds the waits are for a channel.
func isChannel(k waitkind.Kind) bool {
	return k == waitkind.ChanSend || k == waitkind.ChanReceive || k == waitkind.Select
}

// queues says of which kinds the waits are in a queue.
var queues = func() (q [waitkind.NumKinds]bool) {
	for k := range waitkind.NumKinds {
		q[k] = isLock(k) || isChannel(k)
	}
	return q
}()

// lineOf is a line at which goroutines wait for locks, or for channels, or end such
// waits, with the one that called it: a helper that sends to whatever channel it is given
// would else make one of all.
type lineOf struct {
	lock   bool
	line   event.FrameID
	caller event.FrameID
}

// queue is the queue at the line of a stack, of a kind that has one.
func (s *stackFacts) queue(kind waitkind.Kind, stack event.StackID) *queue {
	key := lineOf{lock: isLock(kind)}
	key.line, key.caller = s.line(stack)
	q := s.queues[key]
	if q == nil {
		q = newQueue()
		s.queues[key] = q
	}
	return q
}

// line is the innermost frame of a stack that is neither the runtime's nor sync's, and
// its caller, 0 for none; of a stack without one, its outermost.
func (s *stackFacts) line(stack event.StackID) (line, caller event.FrameID) {
	ids := s.tables.Stack(stack)
	for i, id := range ids {
		if code.IsPlumbing(s.tables.Frame(id).Func) {
			continue
		}
		if i+1 < len(ids) {
			caller = ids[i+1]
		}
		return id, caller
	}
	if len(ids) > 0 {
		line = ids[len(ids)-1]
	}
	return line, 0
}

// unlocks takes a goroutine's giving way to the first in the queue of a lock that it
// just released (runtime.semrelease1 in the starving mode, after a wait of 1 ms).
func (a *accounting) unlocks(stack event.StackID) {
	if a.stacks.of(stack).handsOver {
		a.stacks.queue(waitkind.Mutex, stack).root().direct++
	}
}
