package detect

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

var cpuHogDelaysIO = Detector{
	Name:  "cpu-hog-delays-io",
	Title: "A computation delays answers",
	Doc: "Goroutines whose input or output is there wait 10 ms or more for a processor at p99, while goroutines of another group compute on it. " +
		"Such waits come on top of what timers and the poller are late by.",
	remedy: "Keep long computations off some of the processors: run them in a pool of fewer goroutines than GOMAXPROCS, or in pieces that end after a millisecond.",
	caveat: "With one processor any computation delays everything else.",
	Scale:  Scale{"share of the time that the longest of these waits take", Share, 0.02, 0.1},
	Bounds: []Threshold{leastAfterIO, hogLatency, hogShare, moreThanHalf},
	find:   findHog,
}

var (
	leastAfterIO = Threshold{"least-waits", 3, Number, "waits for a processor after input or output"}
	// The scheduler's slice.
	hogLatency   = Threshold{"least-latency", 10e6, Duration, "p99 of these waits"}
	hogShare     = Threshold{"least-harm", 0.5, Share, "share of the worst of them that is the other group's doing"}
	moreThanHalf = Threshold{"least-processors", 0.6, Share, "share of the processors that the other group has in them"}
)

// findHog goes by the longest waits after input or output. Its value is their sum
// as a share of the time, a lower bound of what was lost (methods.md F18 has the
// latency itself, which does not compare with other findings).
func findHog(e *evidence) []candidate {
	victims := e.top(3, func(g *result.Group) int64 {
		if g.AfterIO.Count < e.limitNs(leastAfterIO) || g.AfterIO.P99Ns < e.limitNs(hogLatency) {
			return 0
		}
		return g.AfterIO.P99Ns
	})
	if len(victims) == 0 {
		return nil
	}
	hog, ran, waited := e.antagonist(victims)
	// It must have had more than half of all processors: one that computes on one of
	// two leaves the other, and if that is busy for long with little, the machine is
	// slow and not the hog to blame. Nor must any have been free meanwhile.
	of := share(ran, int64(float64(waited)*e.procs()))
	if hog < 0 || of < e.limit(moreThanHalf) || share(e.Groups[hog].HarmOthersNs, waited) < e.limit(hogShare) {
		return nil
	}
	c := candidate{value: max(e.low(), e.ofLength(waited))}
	c.LostNs, c.LostOf = waited, "goroutines"
	c.Groups, c.Victims = []int{hog}, victims
	latency := e.Groups[victims[0]].AfterIO
	c.Sentence = fmt.Sprintf("%s waited for a processor after their input or output, %s at p99 and up to %s, while %s ran: in the longest of these waits it had %s of %s.",
		e.groupName(victims[0]), duration(latency.P99Ns), duration(latency.MaxNs), e.groupName(hog), percent(min(1, of)), allOf(e.procs()))
	c.Culprit = e.entry(hog)
	for _, r := range e.Scheduler.LongRuns {
		if r.Group == hog && len(r.Frames) > 0 {
			c.Culprit = where(r.Frames)
			c.Stacks = stack("running", r.Frames)
			break
		}
	}
	c.Stacks = append(c.Stacks, stack("blocked", e.blockedIn(victims[0], "network"))...)
	c.At = readyMoments(e.Scheduler.WorstAfterIO)
	c.Evidence = map[string]float64{
		"waits": float64(latency.Count), "latency_p50_ns": float64(latency.P50Ns), "latency_p99_ns": float64(latency.P99Ns), "latency_max_ns": float64(latency.MaxNs),
		"worst_waits_ns": float64(waited), "hog_ran_ns": float64(ran),
	}
	c.meanwhile = true
	c.clause = fmt.Sprintf("%s kept %s from a processor", e.groupName(hog), e.groupName(victims[0]))
	return []candidate{c}
}

// antagonist is the group that ran most in the longest waits of the victims, for
// how long, and how long they waited.
func (e *evidence) antagonist(victims []int) (hog int, ran, waited int64) {
	sums := map[int]int64{}
	for _, w := range e.Scheduler.WorstAfterIO {
		if !slices.Contains(victims, w.Group) {
			continue
		}
		waited += w.DurationNs
		for _, r := range w.Ran {
			if g := e.group(r.Group); g != nil && !g.System && !slices.Contains(victims, r.Group) {
				sums[r.Group] += r.Ns
			}
		}
	}
	hog = -1
	for g, ns := range sums {
		if ns > ran || ns == ran && g < hog {
			hog, ran = g, ns
		}
	}
	return hog, ran, waited
}
