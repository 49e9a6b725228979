package collect

import (
	"math/bits"

	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// tally is goroutine time by kind, with the marks that stand beside it.
type tally struct {
	kinds    [waitkind.NumKinds]int64
	atRest   [waitkind.NumKinds]int64
	inferred int64
	stw      int64
}

func (t *tally) add(r *timeline.Record) {
	t.kinds[r.Kind] += r.Ns()
	if r.Flags&(timeline.FlagInferred|timeline.FlagSTW) != 0 {
		t.mark(r)
	}
}

// mark books what stands beside the kinds.
func (t *tally) mark(r *timeline.Record) {
	if r.Has(timeline.FlagInferred) {
		t.inferred += r.Ns()
	}
	if r.Has(timeline.FlagSTW) {
		t.stw += r.Ns()
	}
}

func (t *tally) merge(o *tally) {
	for k := range t.kinds {
		t.kinds[k] += o.kinds[k]
		t.atRest[k] += o.atRest[k]
	}
	t.inferred += o.inferred
	t.stw += o.stw
}

// runTally is the tally of one run of a task or region. There are many runs, each
// with time of few kinds, so it knows which.
type runTally struct {
	kinds    [waitkind.NumKinds]int64
	has      uint64 // bit k: kinds[k] is not zero
	inferred int64
	stw      int64
}

const _ = uint(64 - waitkind.NumKinds) // the bits suffice

func (t *runTally) empty() bool { return t.has == 0 }

// reset makes the tally empty.
func (t *runTally) reset() {
	for set := t.has; set != 0; set &= set - 1 {
		t.kinds[bits.TrailingZeros64(set)] = 0
	}
	t.has, t.inferred, t.stw = 0, 0, 0
}

// add books an interval that has a length.
func (t *runTally) add(r *timeline.Record) {
	t.kinds[r.Kind] += r.Ns()
	t.has |= 1 << r.Kind
	if r.Has(timeline.FlagInferred) {
		t.inferred += r.Ns()
	}
	if r.Has(timeline.FlagSTW) {
		t.stw += r.Ns()
	}
}

func (t *runTally) merge(o *runTally) {
	for set := o.has; set != 0; set &= set - 1 {
		k := bits.TrailingZeros64(set)
		t.kinds[k] += o.kinds[k]
	}
	t.has |= o.has
	t.inferred += o.inferred
	t.stw += o.stw
}

// addTo adds the tally to a greater one.
func (t *runTally) addTo(sum *tally) {
	for set := t.has; set != 0; set &= set - 1 {
		k := bits.TrailingZeros64(set)
		sum.kinds[k] += t.kinds[k]
	}
	sum.inferred += t.inferred
	sum.stw += t.stw
}

// time is the tally as it goes into the result.
func (t *tally) time() result.Time {
	out := result.Time{InferredNs: t.inferred, STWNs: t.stw, Kinds: map[string]int64{}}
	classes := [waitkind.NumClasses]*int64{
		waitkind.Running:     &out.RunningNs,
		waitkind.Runnable:    &out.RunnableNs,
		waitkind.BlockedSync: &out.BlockedSyncNs,
		waitkind.BlockedIO:   &out.BlockedIONs,
		waitkind.Timer:       &out.TimerNs,
		waitkind.Runtime:     &out.RuntimeNs,
		waitkind.Unknown:     &out.UnknownNs,
	}
	for k, ns := range t.kinds {
		kind := waitkind.Kind(k)
		*classes[kind.Class()] += ns
		out.LifetimeNs += ns
		if ns > 0 {
			out.Kinds[kind.Label()] = ns
		}
		if rest := t.atRest[k]; rest > 0 {
			out.AtRestNs += rest
			if out.AtRestKinds == nil {
				out.AtRestKinds = map[string]int64{}
			}
			out.AtRestKinds[kind.Label()] = rest
		}
	}
	return out
}
