package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var lockSerialises = Detector{
	Name:  "lock-serialises",
	Title: "Serialised by a lock",
	Doc: "Goroutines queue for one lock while processors idle, at least a tenth of all processor time. The lock is named by the lines that take and release it, " +
		"since a trace does not tell locks apart.",
	remedy: "Hold the lock for less: move computing, input and output out of it; or split it by key, read from a copy, or let one goroutine own the data.",
	caveat: "Locks taken at the same lines count as one: a lock per shard looks like one for all. A lock may guard something that is serial by itself, such as one connection.",
	Scale:  Scale{"share of all processor time that idles for the lock", Share, 0.1, 0.3},
	Bounds: []Threshold{leastLockWaits, mostParallel, leastInTurn},
	find:   findLock,
}

var (
	leastLockWaits = Threshold{"least-waits", 10, Number, "waits for the lock"}
	// methods.md A.7 has 0.1; workers that hold a lock for 90 % of their time overlap
	// in the rest and reach just that.
	mostParallel = Threshold{"most-parallel", 0.5, Share, "share of their running time in which two or more of the waiters run"}
)

// findLock goes by the processors that idled for a lock. methods.md A.7 also asks
// that the waiters block on nothing else for 80 % of their time; a lock in a handler
// that does input and output too would never be found, however much it costs.
func findLock(e *evidence) []candidate {
	var out []candidate
	for i := range e.SiteClasses {
		class := &e.SiteClasses[i]
		if class.Kind != "lock" || meant(class.Rule) || class.Waits < e.limitNs(leastLockWaits) || len(class.Waiters) == 0 || e.procs() < 1.5 {
			continue
		}
		if g := e.group(class.Waiters[0]); g == nil || g.Parallelism.PF >= e.limit(mostParallel) || g.Parallelism.MostEngaged < 2 {
			continue
		}
		if site := e.waiting(class, class.Waiters); site != nil {
			out = append(out, e.lock(class, site))
		}
	}
	return out
}

// lock is the finding about a lock, for which most of the waiting is at a site.
func (e *evidence) lock(class *result.SiteClass, site *result.Site) candidate {
	c := candidate{value: e.ofCapacity(class.IdleBlockedNs)}
	c.LostNs, c.LostOf = class.IdleBlockedNs, "processors"
	queue := float64(class.TotalNs) / float64(max(1, e.length()))
	c.Sentence = fmt.Sprintf("Goroutines waited %s for a lock, %s in all: on average %s at once, up to %d, while %s of the processor time idled for it. It %s.",
		counted(class.Waits, "time", "times"), duration(class.TotalNs), number(queue), class.MostWaiting, percent(c.value), takenAndReleased(class, site))
	c.Groups, c.Victims = class.Waiters, class.Waiters
	in := e.heldBy(&c, class, site)
	if e.severalLocks(class) {
		c.atMost = "low"
		c.Sentence += " Mostly others handed it over than those who had been handed it last: it seems to be several locks."
	}
	c.At = worst(site.Worst)
	c.Stacks = append(stack("blocked", site.Frames), stack("waker", class.Release)...)
	c.Evidence = map[string]float64{
		"waits": float64(class.Waits), "wait_ns": float64(class.TotalNs), "idle_processors_ns": float64(class.IdleBlockedNs),
		"queue_average": queue, "queue_most": float64(class.MostWaiting), "waiters_parallel_share": e.Groups[class.Waiters[0]].Parallelism.PF,
	}
	c.meanwhile = true
	c.classes = []*result.SiteClass{class}
	c.clause = fmt.Sprintf("%s queued for one lock in %s", upTo(class.MostWaiting), in)
	return c
}

// heldBy names in a finding about a lock who had it and for what, and returns the
// function that a sentence calls it by.
func (e *evidence) heldBy(c *candidate, class *result.SiteClass, site *result.Site) (in string) {
	in = releasedIn(class, site)
	c.Culprit = where(class.Release)
	if c.Culprit == "" {
		c.Culprit = where(site.Frames)
	}
	at, what := holder(e.causes(class))
	if at == nil {
		return in
	}
	c.Culprit = place(*at)
	if fn := function(at.Func); fn != in {
		c.Sentence += fmt.Sprintf(" For most of the time it was %s that had it.", fn)
		in = fn
	}
	if what.Kind != "lock-holder" && what.Frame != nil {
		c.Sentence += fmt.Sprintf(" Whoever had it mostly %s meanwhile.", doing(what))
	}
	return in
}

// releasedIn is the function that holds the lock, as far as its release tells.
func releasedIn(class *result.SiteClass, site *result.Site) string {
	if len(class.Release) > 0 {
		return inner(class.Release)
	}
	return inner(site.Frames)
}

// upTo is how many goroutines waited at once.
func upTo(n int) string {
	if n <= 1 {
		return "another goroutine"
	}
	return fmt.Sprintf("up to %d goroutines", n)
}

// takenAndReleased says where a lock is taken and released.
func takenAndReleased(class *result.SiteClass, site *result.Site) string {
	taken, released := inner(site.Frames), releasedIn(class, site)
	if taken == released {
		return "is held in " + taken
	}
	return "is taken in " + taken + " and was mostly released in " + released
}
