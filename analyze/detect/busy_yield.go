package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var busyYield = Detector{
	Name:  "busy-yield",
	Title: "Spinning with Gosched",
	Doc: "A goroutine calls runtime.Gosched ten thousand times a second or more, or leaves its processor mostly so: it spins until something happens, " +
		"and takes processor time for it.",
	remedy: "Block instead: on a channel, a sync.Cond or a WaitGroup. The scheduler wakes the goroutine when there is something to do.",
	caveat: "A long computation that yields now and then, to be kind to others, does not need to, but does no harm.",
	Scale:  Scale{"share of all processor time that goes into it", Share, 0.05, 0.3},
	Bounds: []Threshold{leastYields, leastYieldRate, leastYieldShare, mostYieldRun, quickYieldRun},
	find:   findBusyYield,
}

var (
	leastYields     = Threshold{"least-calls", 1000, Number, "calls"}
	leastYieldRate  = Threshold{"least-rate", 10_000, Number, "calls a second"}
	leastYieldShare = Threshold{"least-share", 0.5, Share, "instead of that rate: share of the times the group's goroutines left a processor that were such calls"}
	quickYieldRun   = Threshold{"quick-run", 10e3, Duration, "mean run between the calls, from which on it is low"}
	mostYieldRun    = Threshold{"most-run", 100e3, Duration, "mean run between the calls"}
)

func findBusyYield(e *evidence) []candidate {
	var out []candidate
	for i := range e.Patterns.YieldLoops {
		y := &e.Patterns.YieldLoops[i]
		g := e.group(y.Group)
		if g == nil || g.System || y.Count < e.limitNs(leastYields) || y.RunningNs/max(1, y.Count) > e.limitNs(mostYieldRun) {
			continue
		}
		rate := float64(y.Count) * 1e9 / float64(max(1, e.length()))
		if rate < e.limit(leastYieldRate) && share(y.Count, g.RunCount) < e.limit(leastYieldShare) {
			continue
		}
		out = append(out, e.spinning(y, rate))
	}
	return out
}

func (e *evidence) spinning(y *result.YieldLoop, rate float64) candidate {
	var c candidate
	c.value = e.ofCapacity(y.RunningNs)
	if y.RunningNs/max(1, y.Count) > e.limitNs(quickYieldRun) {
		c.atMost = "low" // it does something in between
	}
	c.LostNs, c.LostOf = y.RunningNs, "processors"
	c.Culprit = where(y.Frames)
	c.Sentence = fmt.Sprintf("%s called runtime.Gosched %s in %s, %s a second, and ran %s on average between two calls: %s of all processor time went into it.",
		e.who(y.Group, y.Frames), counted(y.Count, "time", "times"), inner(y.Frames), grouped(int64(rate)), duration(y.RunningNs/max(1, y.Count)), percent(c.value))
	c.Groups = []int{y.Group}
	c.Victims = e.top(3, func(g *result.Group) int64 {
		if g.ID == y.Group {
			return 0
		}
		return g.Time.RunnableNs
	})
	c.Stacks = stack("running", y.Frames)
	c.Evidence = map[string]float64{"yields": float64(y.Count), "per_second": rate, "running_ns": float64(y.RunningNs)}
	c.clause = fmt.Sprintf("%s spun with runtime.Gosched", e.groupName(y.Group))
	return c
}
