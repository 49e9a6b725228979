package blame

import (
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// busy follows who has the processors.
type busy struct {
	procs   int64 // GOMAXPROCS, 0 if not told
	running int64 // goroutines
	at      int64 // ns, until when the clock counts
	clock   int64 // running goroutines, summed over the time

	on     []Ref // by P: who had it last
	recent [recentSlices]slice
	n      int
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

// change takes in that a goroutine's state changed and returns what the clock shows.
func (b *busy) change(at int64, ran, runs bool) int64 {
	if at > b.at {
		b.clock += b.running * (at - b.at)
		b.at = at
	}
	if ran && b.running > 0 {
		b.running--
	}
	if runs {
		b.running++
	}
	return b.clock
}

// had takes in who had a processor.
func (b *busy) had(p int32, who Ref, from, to int64) {
	if p < 0 {
		return
	}
	for int(p) >= len(b.on) {
		b.on = append(b.on, NoOne)
	}
	b.on[p] = who
	b.recent[b.n%recentSlices] = slice{who, from, to}
	b.n++
}

// most is who had the processors most since an instant, as far as is remembered.
func (b *busy) most(since int64) Ref {
	var sums []share
	for i := b.n - 1; i >= max(0, b.n-recentSlices); i-- {
		s := b.recent[i%recentSlices]
		if ns := s.to - max(s.from, since); ns > 0 {
			sums = addShare(sums, share{key(s.who), ns})
		}
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
// average half of them were taken. Any processor may take any goroutine that is
// ready, so that no single one is looked at; in a short wait who had the one that the
// goroutine got stands for all.
func (b *Ledger) ready(l *life, r *timeline.Record) key {
	who := NoOne
	if r.Ns() >= wakeUp {
		who = b.antagonist(l, r)
	}
	if who == NoOne && r.Kind == waitkind.Woken {
		b.wakes.add(r.Ns())
	}
	return b.pieces.readiness(who)
}

func (b *Ledger) antagonist(l *life, r *timeline.Record) Ref {
	if b.stop.from >= 0 && 2*(min(b.stopped(r.End), r.End)-max(b.stop.from, r.Start)) >= r.Ns() {
		return Stopped
	}
	clock := b.busy.clock + b.busy.running*max(0, r.End-b.busy.at)
	switch {
	case 2*(clock-l.busyAt) < max(b.busy.procs, 1)*r.Ns():
		return NoOne
	case r.Ns() >= long:
		return b.busy.most(r.Start)
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
