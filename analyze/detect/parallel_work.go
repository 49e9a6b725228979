package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var notEnoughParallelWork = Detector{
	Name:  "not-enough-parallel-work",
	Title: "Not enough parallel work for the processors",
	Doc: "Regions that compute on several goroutines have a chain of running that is too long for the work in them to keep the processors busy: at most so many on average, " +
		"however many there are. Never more than medium, and low on two processors, as running time is longer where others have the core.",
	whole:  true,
	remedy: "Split the longest chain: smaller pieces, several at a time where one follows the other now, and less to do before and after the parallel part.",
	caveat: "The chain is that of this run. What is one after the other by nature stays so.",
	Scale:  Scale{"share of the processors that the work cannot keep busy", Share, 0.25, 0.6},
	Bounds: []Threshold{leastParallel, mostOutside, mostLocked, leastMeasured, leastRegionTime, mostBusy},
	find:   findNotEnoughParallelWork,
}

var (
	leastParallel   = Threshold{"least-parallel", 1.05, Number, "work divided by the longest chain: below it nothing is parallel"}
	mostOutside     = Threshold{"most-outside", 0.2, Share, "share of the length that locks and the outside may add to the chain"}
	mostLocked      = Threshold{"most-locked", 0.1, Share, "the same of locks alone"}
	leastMeasured   = Threshold{"least-measured", 0.5, Share, "share of the regions' time that was measured"}
	leastRegionTime = Threshold{"least-time", 0.2, Share, "share of the time in such regions"}
	mostBusy        = Threshold{"most-busy", 0.8, Share, "share of the processors that run goroutines"}
)

// findNotEnoughParallelWork looks at regions that compute: those that mostly wait for
// locks or for the outside have another problem, and where several regions run at
// once, or others keep the processors busy, none has to be parallel by itself.
func findNotEnoughParallelWork(e *evidence) []candidate {
	n := e.procs()
	if n < 1.5 || e.Concurrency.AverageRunning > e.limit(mostBusy)*n {
		return nil
	}
	var out []candidate
	for i := range e.Regions {
		r := &e.Regions[i]
		w := r.Work
		if w == nil || r.Path == nil || w.Parallelism() < e.limit(leastParallel) || w.Parallelism() >= n ||
			share(w.SpanLatencyNs-w.SpanNs, w.Ns) > e.limit(mostOutside) || share(w.SpanLocksNs-w.SpanNs, w.Ns) > e.limit(mostLocked) || share(w.Ns, r.Path.Ns) < e.limit(leastMeasured) || e.ofLength(r.Path.Ns) < e.limit(leastRegionTime) || e.ofLength(r.Path.Ns) > 1 {
			continue
		}
		c := candidate{value: 1 - w.Parallelism()/n}
		switch {
		case e.Concurrency.AverageEngaged < 2.5, n < 2.5:
			c.atMost = "low" // two that hand over to each other, or one processor that is not used
		default:
			c.atMost = "medium" // running time is longer where others have the core
		}
		c.LostNs, c.LostOf = int64(n*float64(w.Ns))-w.WorkNs, "processors"
		at := culprit(w.Chain)
		if c.LostNs <= 0 || at == nil {
			continue
		}
		c.Culprit = place(*at.Frame)
		c.Sentence = fmt.Sprintf("Region %q had %s of work, but %s of it had to be done one after the other: it can keep %s processors busy on average, of %s. The longest chain mostly %s.",
			r.Type, duration(w.WorkNs), duration(w.SpanNs), average(w.Parallelism()), number(n), doing(at))
		c.Groups = e.runningIn(at)
		c.At = runsOf(r)
		c.Stacks = stack("running", []result.Frame{*at.Frame})
		c.Evidence = map[string]float64{
			"work_ns": float64(w.WorkNs), "span_ns": float64(w.SpanNs), "parallelism": w.Parallelism(), "processors": n, "measured_ns": float64(w.Ns), "runs": float64(w.Runs),
		}
		c.clause = fmt.Sprintf("the work of %q can keep %s processors busy", r.Type, average(w.Parallelism()))
		out = append(out, c)
	}
	return out
}

// runningIn are the groups whose entry is a function, or the one that called it.
func (e *evidence) runningIn(p *result.Piece) []int {
	var out []int
	for i := range e.Groups {
		if name := e.entry(i); !e.Groups[i].System && (name == p.Frame.Func || p.Caller != nil && name == p.Caller.Func) {
			out = append(out, i)
		}
	}
	return out
}
