package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var lockConvoy = Detector{
	Name:  "lock-convoy",
	Title: "A convoy at a lock",
	Doc: "Goroutines keep queueing for one lock: two or more wait throughout for at least a millisecond and ten service times, and half or more of those who had their turn come back meanwhile, " +
		"while processors idle. More arrive than the lock can serve, so the queue never drains.",
	remedy: "Do more for each time that the lock is taken (a batch instead of an item), take slow work out of it, split it by key, or hand the work to one goroutine through a channel.",
	caveat: "Locks taken at the same lines count as one. What the lock guards may be serial by itself: then the queue is only where that shows.",
	Scale:  Scale{"share of all processor time that idles for the lock meanwhile", Share, 0.05, 0.2},
	Bounds: []Threshold{leastConvoyTime, leastCameBack, leastInTurn},
	find:   findConvoy,
}

var (
	leastConvoyTime = Threshold{"least-time", 0.1, Share, "share of the time in convoys"}
	leastInTurn     = Threshold{"least-in-turn", 0.5, Share, "share of the hand-offs of a mutex by whoever was handed it last: below it it is several locks"}
	leastCameBack   = Threshold{"came-back", 0.5, Share, "share of the hand-offs after which the goroutine came back within the convoy"}
)

func findConvoy(e *evidence) []candidate {
	var out []candidate
	for i := range e.SiteClasses {
		class := &e.SiteClasses[i]
		v := class.Convoys
		if class.Kind != "lock" || v == nil || len(class.Waiters) == 0 || e.procs() < 1.5 || meant(class.Rule) ||
			e.ofLength(v.Ns) < e.limit(leastConvoyTime) || share(v.Requeued, v.HandOffs) < e.limit(leastCameBack) || e.severalLocks(class) {
			continue
		}
		if site := e.waiting(class, class.Waiters); site != nil {
			out = append(out, e.convoy(class, site))
		}
	}
	return out
}

// severalLocks says whether what looks like one mutex is several: then others hand over
// than those who were handed it last.
func (e *evidence) severalLocks(class *result.SiteClass) bool {
	mutex := class.DirectHandOffs > 0 || class.InTurn > 0
	return mutex && share(class.InTurn, class.HandOffs) < e.limit(leastInTurn)
}

// convoy is the finding about a lock, for which most of the waiting is at a site.
// methods.md F03 has ∫min(q, I) as its value; idle processors are shared out among all
// that were blocked here, so that two locks do not both have them.
func (e *evidence) convoy(class *result.SiteClass, site *result.Site) candidate {
	v := class.Convoys
	var c candidate
	c.LostNs, c.LostOf = int64(share(v.HandOffs, class.HandOffs)*float64(class.IdleBlockedNs)), "processors"
	c.value = e.ofCapacity(c.LostNs)
	queue := float64(class.WaitingNs) / float64(max(1, class.BusyNs))
	c.Sentence = fmt.Sprintf("For %s of the time goroutines kept queueing for a lock: %s, one every %s at the median, after which %s came back meanwhile. On average %s waited, up to %d, while %s of the processor time idled for it. It %s.",
		percent(e.ofLength(v.Ns)), counted(v.HandOffs, "hand-off", "hand-offs"), duration(class.Service.P50Ns), percent(share(v.Requeued, v.HandOffs)),
		number(queue), class.MostWaiting, percent(c.value), takenAndReleased(class, site))
	in := e.heldBy(&c, class, site)
	if class.DirectHandOffs*2 > class.HandOffs {
		c.Sentence += " Most hand-offs went straight to the first in the queue, as a mutex does once somebody has waited for a millisecond: whoever lets go cannot take it again without queueing."
	}
	c.Groups, c.Victims = class.Waiters, class.Waiters
	c.At = worst(v.At)
	c.Stacks = append(stack("blocked", site.Frames), stack("waker", class.Release)...)
	c.Evidence = map[string]float64{
		"convoys": float64(v.Count), "convoys_ns": float64(v.Ns), "hand_offs": float64(v.HandOffs), "came_back": float64(v.Requeued), "direct_hand_offs": float64(class.DirectHandOffs),
		"service_p50_ns": float64(class.Service.P50Ns), "resume_p50_ns": float64(class.Resume.P50Ns), "queue_average": queue, "queue_most": float64(class.MostWaiting),
		"utilisation": e.ofLength(class.BusyNs), "idle_processors_ns": float64(class.IdleBlockedNs),
	}
	c.meanwhile = true
	c.classes = []*result.SiteClass{class}
	c.clause = fmt.Sprintf("%s queued for one lock in %s, again and again", upTo(class.MostWaiting), in)
	return c
}
