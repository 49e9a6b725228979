package blame

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// futile holds back the last wait of a goroutine for a sync.Cond, which may turn
// out to have ended in vain: whoever is woken looks for what it waits for, does
// not find it and waits on. Such waits are one, and what filled it is what the
// goroutine did that ended the last of them (methods.md A.2, after wPerf).
//
// Only conditions are asked about. A lock's waiter that finds the lock taken again
// has waited for two holders in turn; and a channel's operation is never in vain,
// however short what follows.
type futile struct {
	account int32
	last    timeline.Record // the last of the waits
	parts   []Wait          // all of them
	shares  []share
	ran     int64 // since then, ns
	vain    int64 // wake-ups that were for nothing
}

const (
	// futileRun is how long a goroutine that was woken in vain runs at most, ns.
	futileRun = 10_000
	// maxFutile bounds the waits that are held back.
	maxFutile = 64
)

// holdBack takes a wait for a condition that just ended.
func (b *Ledger) holdBack(l, waker *life, id int32, r *timeline.Record) {
	if l.futile != nil && l.futile.last.Stack != r.Stack {
		b.settle(l)
	}
	f := l.futile
	if f == nil {
		f = &futile{}
		l.futile = f
	} else {
		// It is the one before it that was in vain.
		f.vain++
		f.shares = f.shares[:0]
		for _, part := range f.parts {
			b.look(waker, part.From, part.To)
			f.shares = addFound(f.shares, b.found)
		}
		b.look(waker, r.Start, r.End)
	}
	f.account, f.last, f.ran = id, *r, 0
	f.parts = append(f.parts, Wait{r.Start, r.End, r.G})
	f.shares = addFound(f.shares, b.found)
}

// wasFutile follows what a goroutine does after a wait for a condition, and books
// the wait once it was not in vain.
func (b *Ledger) wasFutile(l *life, r *timeline.Record) {
	f := l.futile
	switch r.State {
	case event.GoRunning:
		f.ran += r.Ns()
	case event.GoSyscall:
		f.ran = futileRun // whatever it was for
	case event.GoWaiting:
		if r.Kind == waitkind.Mutex || r.End == f.last.End {
			break // the condition's lock, or the wait itself
		}
		b.settle(l)
		return
	}
	if next := r.Next; f.ran >= futileRun || len(f.parts) >= maxFutile || next == event.GoNotExist || next == event.GoUndetermined {
		b.settle(l)
	}
}

// settle books the wait that was held back.
func (b *Ledger) settle(l *life) {
	f := l.futile
	l.futile = nil
	acc := &b.accounts.list[f.account]
	acc.Waits++
	acc.Futile += f.vain
	for _, part := range f.parts {
		acc.Ns += part.To - part.From
	}
	first := f.parts[0]
	if whole := (Wait{first.From, f.last.End, first.G}); whole.To-whole.From > acc.Worst.To-acc.Worst.From {
		acc.Worst = whole
	}
	for _, sh := range f.shares {
		b.accounts.sums.add(f.account, sh.key, sh.ns)
	}
}
