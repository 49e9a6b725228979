package pprof

import (
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// chainID names what lies behind a wait: who ended it, what that one had waited for
// meanwhile, and so on. 0 is nothing.
type chainID int32

const (
	// manyChains stands for chains that are too many to be told apart.
	manyChains chainID = 1
	// maxDepth is how many wakers a chain has.
	maxDepth = 4
	// maxChains bounds the different chains that are held.
	maxChains = 200_000
)

// link is one waker.
type link struct {
	stack   int32   // of the waker when it ended the wait
	group   int     // of the waker
	culprit int32   // frame that most of such waits consisted of, -1 for none
	via     int32   // cell of the wait of the waker that next is about, -1 for none
	next    chainID // what lies behind that
	depth   int8
}

// chains are the chains that came up.
type chains struct {
	links []link
	ids   map[link]chainID
}

func newChains() chains { return chains{make([]link, manyChains+1), map[link]chainID{}} }

// waited is the last wait of a goroutine.
type waited struct {
	end   int64
	cell  int32
	chain chainID
}

// of is what a stretch's stack has below its own. A wait for a processor has who made
// the goroutine ready, and nothing behind that: it is the processor that it waits for.
func (c *chains) of(col *Collector, l *life, s *interval.Stretch, class waitkind.Class) chainID {
	if col.opts.Stack == Blocked || class == waitkind.Running {
		return 0
	}
	var id chainID
	if s.Waker >= 0 {
		at := link{stack: s.WakerStack, group: s.WakerGroup, culprit: s.Culprit, via: -1}
		if waker := col.live(s.WakerSlot, s.Waker); waker != nil && col.opts.Stack == Chain && class != waitkind.Runnable {
			at = c.behind(at, &waker.waited, s.Start)
		}
		id = c.id(at)
	}
	if class.Waiting() {
		l.waited = waited{s.End, s.Cell, id}
	}
	return id
}

// live is the goroutine of that number on a slot, nil if it is not one that is asked for.
func (c *Collector) live(slot int32, g int64) *life {
	if slot < 0 || int(slot) >= len(c.lives) || c.lives[slot].g != g {
		return nil
	}
	return &c.lives[slot]
}

// behind adds what the waker itself waited for since the wait began. Its length is
// bounded: what lies behind the last waker is left out.
func (c *chains) behind(at link, w *waited, since int64) link {
	if w.end <= since {
		return at
	}
	at.via, at.culprit = w.cell, -1
	at.next = c.cut(w.chain, maxDepth-1)
	if at.next != 0 {
		at.depth = c.links[at.next].depth + 1
	}
	return at
}

// cut is a chain of so many wakers at most.
func (c *chains) cut(id chainID, most int8) chainID {
	switch l := c.links[id]; {
	case id == 0 || most == 0:
		return 0
	case l.depth < most:
		return id
	default:
		l.next = c.cut(l.next, most-1)
		l.depth = 0
		if l.next != 0 {
			l.depth = c.links[l.next].depth + 1
		}
		return c.id(l)
	}
}

func (c *chains) id(l link) chainID {
	if id, ok := c.ids[l]; ok {
		return id
	}
	if len(c.links) >= maxChains {
		return manyChains
	}
	id := chainID(len(c.links))
	c.links = append(c.links, l)
	c.ids[l] = id
	return id
}
