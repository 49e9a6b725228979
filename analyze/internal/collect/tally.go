package collect

import (
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
	ns := r.Ns()
	t.kinds[r.Kind] += ns
	if r.Has(timeline.FlagInferred) {
		t.inferred += ns
	}
	if r.Has(timeline.FlagSTW) {
		t.stw += ns
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
