package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var lockOnCriticalPath = Detector{
	Name:  "lock-on-critical-path",
	Title: "A lock on the critical path",
	Doc: "For at least a tenth of the time of a type of regions their goroutine, or one that it waits for, waits for a lock, and without it the regions could take that much less, " +
		"as far as the work that there is and the longest chain in it allow.",
	remedy: "Hold the lock for less, or split what it guards; only what is on the critical path makes the whole faster.",
	caveat: "The bound is for the work and the chains of this run: without the lock others may form. What other locks there are stays out of it, too.",
	Scale:  Scale{"share of the regions' time that they could be shorter without locks", Share, 0.1, 0.3},
	find:   findLockOnPath,
}

// findLockOnPath asks for both: that waits for a lock filled the region, and that the
// region could be shorter without locks, so that they are on its critical path. methods.md F04 has the share of the path
// alone; where processors are busy, or others work for just as long, that share is no
// loss.
func findLockOnPath(e *evidence) []candidate {
	var out []candidate
	for i := range e.Regions {
		r := &e.Regions[i]
		if r.Path == nil || r.Work == nil || r.Path.Ns <= 0 || r.Work.Ns <= 0 || e.procs() < 1.5 {
			continue
		}
		var held, ready int64
		for _, p := range r.Path.Pieces {
			held += p.HeldNs
			if p.Kind == "scheduler" {
				ready += p.Ns
			}
		}
		least := e.withoutLocks(r.Work)
		// Waits for a processor on the path stay, whatever the lock.
		gain := 1 - share(ready, r.Path.Ns) - float64(least)/float64(r.Work.Ns)
		on := share(held, r.Path.Ns)
		c := candidate{value: min(on, gain)}
		if c.value > 1-e.Concurrency.Efficiency {
			c.value = 1 - e.Concurrency.Efficiency // others have the processors
		}
		c.LostNs, c.LostOf = int64(c.value*float64(r.Path.Ns)), "wall"
		at, what := holder(r.Path.Pieces)
		if c.value <= 0 || at == nil {
			continue
		}
		c.Culprit = place(*at)
		c.Sentence = fmt.Sprintf("For %s of the time of region %q its goroutine, or one that it waited for, waited for a lock, mostly for %s to let go of it%s. Without locks, what there is to do and the longest chain in it would take %s instead of %s at least.",
			percent(on), r.Type, function(at.Func), meanwhile(what), duration(least), duration(r.Work.Ns))
		c.Groups = e.waitersFor(at)
		c.Victims = c.Groups
		c.At = runsOf(r)
		c.Stacks = stack("running", []result.Frame{*at})
		c.Evidence = map[string]float64{
			"path_ns": float64(r.Path.Ns), "path_behind_locks_ns": float64(held), "runs": float64(r.Path.Runs), "measured_ns": float64(r.Work.Ns),
			"without_locks_at_least_ns": float64(least), "work_ns": float64(r.Work.WorkNs), "span_ns": float64(r.Work.SpanNs), "span_locks_ns": float64(r.Work.SpanLocksNs),
		}
		c.clause = fmt.Sprintf("a lock is on the critical path of %q, held in %s", r.Type, function(at.Func))
		out = append(out, c)
	}
	return out
}

// withoutLocks is how long regions would take at least if there were no locks: what
// there is to do on the processors, or the longest chain with what it waits for
// outside.
func (e *evidence) withoutLocks(w *result.Work) int64 {
	return max(int64(float64(w.JoinedNs)/e.procs()), w.SpanOutsideNs)
}

// meanwhile says what somebody did who had a lock, where that is not just to run.
func meanwhile(what *result.Piece) string {
	if what.Kind == "lock-holder" || what.Frame == nil {
		return ""
	}
	return ", which " + doing(what)
}

// waitersFor are the groups that waited for a lock mostly while a function had it.
func (e *evidence) waitersFor(held *result.Frame) []int {
	for i := range e.SiteClasses {
		class := &e.SiteClasses[i]
		if class.Kind != "lock" {
			continue
		}
		if at, _ := holder(e.causes(class)); at != nil && at.Func == held.Func {
			return class.Waiters
		}
	}
	return nil
}

// runsOf are the slowest runs of a type.
func runsOf(s *result.Span) []result.Moment {
	var out []result.Moment
	for _, run := range s.Slowest {
		out = append(out, result.Moment{FromNs: run.BeginNs, ToNs: run.BeginNs + run.DurationNs, Goroutine: run.Goroutine})
	}
	return worst(out)
}
