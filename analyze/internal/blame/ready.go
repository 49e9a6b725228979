package blame

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// busy follows who has the processors.
type busy struct {
	procs int64 // GOMAXPROCS, 0 if not told
	at    int64 // ns, until when the clock counts
	clock int64 // processors that goroutines have, summed over the time
	taken int64 // how many that are now: by those that run, and by those in a system call

	running []*life // now
	calls   []*life // by P: the goroutine that has it in a system call, or nil
	on      []Ref   // by P: who had it last
	recent  [recentSlices]slice
	n       int
}

// slice is a stretch of a goroutine with a processor.
type slice struct {
	who      Ref
	from, to int64
}

const (
	recentSlices = 64
	// wakeUp is how short a wait for a processor is no more than the time that
	// waking somebody up takes, ns.
	wakeUp = 20_000
	// long is from when on it is worth looking who had the processors most, ns.
	long = 1_000_000
)

// advance lets the clock count until an instant.
func (b *busy) advance(at int64) {
	if at > b.at {
		b.clock += b.taken * (at - b.at)
		b.at = at
	}
}

// changes takes in that a goroutine goes from one state to another, on a P if that is
// known.
func (b *busy) changes(l *life, at int64, to event.GoState, p int32) {
	b.advance(at)
	switch l.state {
	case event.GoRunning:
		b.stops(l)
	case event.GoSyscall:
		b.loses(l.callOn, l)
	}
	switch to {
	case event.GoRunning:
		l.runAt, l.runIndex = at, len(b.running)
		b.running = append(b.running, l)
		b.taken++
	case event.GoSyscall:
		if l.callOn = p; p >= 0 {
			b.sees(p)
			b.loses(p, b.calls[p])
			b.calls[p] = l
			b.taken++
		}
	}
	l.busyAt = b.clock
}

// stops takes in that a goroutine does not run any more.
func (b *busy) stops(l *life) {
	last := len(b.running) - 1
	if l.runIndex > last || b.running[l.runIndex] != l {
		return
	}
	b.running[l.runIndex] = b.running[last]
	b.running[l.runIndex].runIndex = l.runIndex
	b.running[last] = nil
	b.running = b.running[:last]
	b.taken--
}

// loses takes in that a goroutine in a system call no longer has its P.
func (b *busy) loses(p int32, l *life) {
	if l != nil && p >= 0 && int(p) < len(b.calls) && b.calls[p] == l {
		b.calls[p] = nil
		b.taken--
	}
}

// idles takes in that a P was taken from whoever had it in a system call.
func (b *busy) idles(p int32, at int64) {
	if p >= 0 && int(p) < len(b.calls) && b.calls[p] != nil {
		b.advance(at)
		b.loses(p, b.calls[p])
	}
}

func (b *busy) sees(p int32) {
	for int(p) >= len(b.on) {
		b.on = append(b.on, NoOne)
		b.calls = append(b.calls, nil)
	}
}

// had takes in who had a processor.
func (b *busy) had(p int32, who Ref, from, to int64) {
	if p < 0 || to <= from {
		return
	}
	b.sees(p)
	b.on[p] = who
	b.recent[b.n%recentSlices] = slice{who, from, to}
	b.n++
}

// most is who had the processors most in a wait that ends now, as far as is
// remembered.
func (b *busy) most(from, to int64) Ref {
	var sums []share
	add := func(who Ref, since, until int64) {
		if ns := until - max(from, since); ns > 0 {
			sums = addShare(sums, share{key(who), ns})
		}
	}
	for _, l := range b.running {
		add(l.ref, l.runAt, to)
	}
	for i := b.n - 1; i >= max(0, b.n-recentSlices); i-- {
		s := b.recent[i%recentSlices]
		add(s.who, s.from, s.to)
	}
	best := share{ns: -1}
	for _, s := range sums {
		if s.ns > best.ns || s.ns == best.ns && s.key < best.key {
			best = s
		}
	}
	if best.ns < 0 {
		return NoOne
	}
	return Ref(best.key)
}

// ready is the piece of a wait for a processor that ends now: who had them, if on
// average less than half of one was free. Any processor may take any goroutine that is
// ready, so that no single one is looked at; in a short wait who had the one that the
// goroutine got stands for all.
func (b *Ledger) ready(l *life, r *timeline.Record) key {
	who := NoOne
	if r.Ns() >= wakeUp {
		if b.blind {
			return unresolvedKey // some that may have had them are not followed
		}
		who = b.antagonist(l, r)
	}
	if who == NoOne && r.Kind == waitkind.Woken && !r.Has(timeline.FlagSwitch) {
		b.wakes.add(r.Ns())
	}
	return b.pieces.readiness(who)
}

func (b *Ledger) antagonist(l *life, r *timeline.Record) Ref {
	if b.stop.from >= 0 && 2*(min(b.stopped(r.End), r.End)-max(b.stop.from, r.Start)) >= r.Ns() {
		return Stopped
	}
	b.busy.advance(r.End)
	switch free := max(b.busy.procs, 1)*r.Ns() - (b.busy.clock - l.busyAt); {
	case 2*free > r.Ns():
		return NoOne
	case r.Ns() >= long:
		return b.busy.most(r.Start, r.End)
	case r.P >= 0 && int(r.P) < len(b.busy.on):
		return b.busy.on[r.P]
	}
	return NoOne
}

// stopped is the end of the last stop of the world, or now while it lasts.
func (b *Ledger) stopped(now int64) int64 {
	if b.stop.to < 0 {
		return now
	}
	return b.stop.to
}
