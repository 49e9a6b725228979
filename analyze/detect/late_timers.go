package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var lateTimers = Detector{
	Name:  "late-timers",
	Title: "Timers fire late",
	Doc: "At least five timers fire later than both 5 ms and their own length after they were due, since no processor was free to look at them. " +
		"The wait for a processor shows nothing of that. How long a timer was to take is told by the shortest wait at its place.",
	remedy: "Keep long computations off some of the processors: run them in a pool of fewer goroutines than GOMAXPROCS.",
	caveat: "Timers of different lengths that are waited for at one place, such as a backoff, look late.",
	Scale:  Scale{"share of the time by which timers are late, summed", Share, 0.02, 0.1},
	Bounds: []Threshold{leastLateTimers, leastLateShare},
	find:   findLateTimers,
}

var (
	leastLateTimers = Threshold{"least-timers", 5, Number, "timers that are late"}
	leastLateShare  = Threshold{"least-share", 0.1, Share, "share of the waits for timers that end late, below which it is low"}
)

func findLateTimers(e *evidence) []candidate {
	h := &e.Scheduler.HiddenDelay
	if h.LateTimers < e.limitNs(leastLateTimers) || len(h.Worst) == 0 {
		return nil
	}
	w := &h.Worst[0]
	c := candidate{value: e.ofLength(h.LowerNs)}
	if late := share(h.LateTimers, e.Waits["timer"].Count); late < e.limit(leastLateShare) {
		c.atMost = "low" // one stall rather than a rule
	}
	c.LostNs, c.LostOf = h.LowerNs, "goroutines"
	c.Victims = []int{w.Group}
	hog := "other goroutines"
	if len(w.Ran) > 0 && e.group(w.Ran[0].Group) != nil {
		c.Groups = []int{w.Ran[0].Group}
		hog = e.groupName(w.Ran[0].Group)
		c.Culprit = e.entry(w.Ran[0].Group)
	}
	c.Sentence = fmt.Sprintf("%s fired late, by %s to %s in all, because no processor was free to look at them; one of %s in %s took %s. %s ran there before.",
		counted(h.LateTimers, "timer", "timers"), duration(h.LowerNs), duration(h.UpperNs), duration(w.DurationNs-w.LowerNs), e.groupName(w.Group), duration(w.DurationNs), hog)
	for _, l := range h.Worst[:min(len(h.Worst), 3)] {
		c.At = append(c.At, result.Moment{FromNs: l.AtNs, ToNs: l.AtNs + l.DurationNs, Goroutine: l.Goroutine})
	}
	c.Stacks = stack("blocked", w.Frames)
	for _, r := range e.Scheduler.LongRuns {
		if len(c.Groups) > 0 && r.Group == c.Groups[0] && len(r.Frames) > 0 {
			c.Culprit = where(r.Frames)
			c.Stacks = append(c.Stacks, stack("running", r.Frames)...)
			break
		}
	}
	c.Evidence = map[string]float64{
		"late_timers": float64(h.LateTimers), "late_lower_ns": float64(h.LowerNs), "late_upper_ns": float64(h.UpperNs), "late_waits": float64(h.Count),
	}
	c.clause = fmt.Sprintf("timers fired late while %s ran", hog)
	return []candidate{c}
}
