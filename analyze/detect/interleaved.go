package detect

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

var interleavedNotParallel = Detector{
	Name:  "interleaved-not-parallel",
	Title: "Interleaved, not parallel",
	Doc: "One goroutine at a time runs while others that are in progress wait for each other, for at least half of the time in which anything is in progress and with processors idle: " +
		"concurrency without parallelism. Waiting for input, output or timers does not count.",
	whole:  true,
	remedy: "Look at what the goroutines wait for below: let them share less, hand over in larger pieces, or give each its own part of the work.",
	caveat: "Goroutines that take turns by design, such as the two sides of a protocol, look the same.",
	Scale:  Scale{"share of the time in progress in which one runs and others wait for goroutines", Share, 0.3, 0.7},
	Bounds: []Threshold{leastInterleaved, leastTurns},
	find:   findInterleaved,
}

// findInterleaved looks at the time in which one goroutine runs and at least one
// other waits for a goroutine. methods.md F01 counts every interleaving; here
// only that by dependency does: beside a goroutine that computes others may well
// wait for the network, and that is no loss. It asks for repeated waits, since
// goroutines that start behind one gate interleave once.
func findInterleaved(e *evidence) []candidate {
	engaged := e.Concurrency.PartitionNs.Engaged()
	dependent := e.Concurrency.InterleavedCauseNs["dependency"]
	waits, waiters := e.turns()
	if e.procs() < 1.5 || dependent == 0 || waits < e.limitNs(leastTurns) || waits < 3*waiters {
		return nil
	}
	alone := e.top(3, func(g *result.Group) int64 { return g.Parallelism.AloneNs })
	sites := e.turnSites()
	if len(alone) == 0 || len(sites) == 0 || share(dependent, engaged) < e.limit(leastInterleaved) {
		return nil
	}
	lost := e.Scheduler.IdleBlockedNs.Sync
	c := candidate{value: share(dependent, engaged)}
	if e.Concurrency.AverageEngaged < 2.5 {
		c.atMost = "low" // two that hand over to each other
	}
	c.LostNs, c.LostOf = lost, "processors"
	c.Sentence = fmt.Sprintf("For %s of the time in which anything was in progress one goroutine ran alone while others waited for goroutines: %s on average of %s busy, %s goroutines in progress. Most of that time %s ran; the others waited mostly in %s (%s).",
		percent(c.value), average(e.Concurrency.AverageRunning), processors(e.procs()), number(e.Concurrency.AverageEngaged),
		e.groupName(alone[0]), inner(sites[0].Frames), sites[0].Kind)
	c.Culprit = where(sites[0].Frames)
	if at := culprit(sites[0].Pieces); at != nil {
		c.Culprit = place(*at.Frame) // what ran while they waited
	}
	c.Groups, c.Victims = alone, sites[0].Groups
	c.At = worst(e.Concurrency.Longest["interleaved"])
	c.Stacks = stack("blocked", sites[0].Frames)
	if len(sites[0].Wakers) > 0 {
		c.Stacks = append(c.Stacks, stack("waker", sites[0].Wakers[0].Frames)...)
	}
	c.Evidence = map[string]float64{
		"interleaved_by_dependency_ns": float64(dependent), "engaged_ns": float64(engaged), "idle_blocked_sync_ns": float64(lost),
		"average_running": e.Concurrency.AverageRunning, "average_engaged": e.Concurrency.AverageEngaged, "turns": float64(waits),
	}
	c.meanwhile = true
	c.clause = fmt.Sprintf("the others waited for each other, mostly in %s", inner(sites[0].Frames))
	if w := sites[0].Wakers; len(w) > 0 && e.group(w[0].Group) != nil {
		c.clause = fmt.Sprintf("others waited in %s, mostly for %s", inner(sites[0].Frames), e.groupName(w[0].Group))
		c.Sentence += fmt.Sprintf(" Who ended these waits was mostly %s.", e.groupName(w[0].Group))
	}
	return []candidate{c}
}

var (
	leastInterleaved = Threshold{"least-share", 0.5, Share, "share of the time in progress in which goroutines take turns"}
	leastTurns       = Threshold{"least-turns", 20, Number, "waits for goroutines"}
)

// turnKinds are the waits in which goroutines take turns.
var turnKinds = []string{"mutex", "rwmutex-read", "rwmutex-write", "cond", "semaphore", "chan-send", "chan-receive", "select"}

// turnSites are the sites at which goroutines took turns, most idle time first.
func (e *evidence) turnSites() []*result.Site {
	var out []*result.Site
	for i := range e.Sites {
		s := &e.Sites[i]
		if slices.Contains(turnKinds, s.Kind) && s.IdleBlockedNs > 0 && s.JoinNs*2 < s.TotalNs {
			out = append(out, s)
		}
	}
	slices.SortStableFunc(out, func(x, y *result.Site) int { return cmp.Compare(y.IdleBlockedNs, x.IdleBlockedNs) })
	return out
}

// turns counts the waits at such sites and the goroutines of the groups that
// waited there.
func (e *evidence) turns() (waits, waiters int64) {
	seen := map[int]bool{}
	for _, s := range e.turnSites() {
		waits += s.Waits
		for _, g := range s.Groups {
			if about := e.group(g); about != nil && !seen[g] {
				seen[g] = true
				waiters += int64(about.Count)
			}
		}
	}
	return waits, waiters
}
