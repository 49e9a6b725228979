package detect

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

var longRun = Detector{
	Name:  "long-run",
	Title: "A long run keeps others waiting",
	Doc: "A goroutine runs for 10 ms or more without a pause of its own while goroutines of other groups are ready and no processor is free: " +
		"one of them waits 10 ms or more, and in all they wait for at least 2 % of the time. A long run beside free processors harms nobody.",
	remedy: "Split the work, or run it in a pool of fewer goroutines than GOMAXPROCS.",
	caveat: "The scheduler takes processors away after 10 to 20 ms: others are delayed, not stopped.",
	Scale:  Scale{"time for which others wait during long runs, as a share of the time", Share, 0.02, 0.1},
	Bounds: []Threshold{leastDelay},
	find:   findLongRun,
}

// The scheduler's slice.
var leastDelay = Threshold{"least-latency", 10e6, Duration, "wait for a processor of a goroutine of another group"}

// findLongRun goes by the harm alone: methods.md F17 also names slices of more than
// 30 ms, which harm nobody where processors are free, and adds hidden delays, which
// late-timers has.
func findLongRun(e *evidence) []candidate {
	s := &e.Scheduler
	if s.LongRunHarmNs == 0 || len(s.LongRuns) == 0 {
		return nil
	}
	r := &s.LongRuns[0]
	victims := e.delayedBy(r.Group)
	if r.HarmNs == 0 || len(victims) == 0 {
		return nil
	}
	c := candidate{value: e.ofLength(s.LongRunHarmNs)}
	if !e.answerSomebody(victims) {
		c.atMost = "low" // they share processors, and nobody outside waits for them
	}
	c.LostNs, c.LostOf = s.LongRunHarmNs, "goroutines"
	c.Culprit = where(r.Frames)
	if c.Culprit == "" {
		c.Culprit = e.entry(r.Group)
	}
	c.Groups, c.Victims = []int{r.Group}, victims
	c.Sentence = fmt.Sprintf("%s of 10 ms and more kept other goroutines waiting for %s in all. The worst, in %s, took %s of processor time over %s and cost others %s.",
		counted(s.LongRunCount, "run", "runs"), duration(s.LongRunHarmNs), e.groupName(r.Group), duration(r.RunNs), duration(r.EndNs-r.AtNs), duration(r.HarmNs))
	for _, l := range s.LongRuns[:min(len(s.LongRuns), 3)] {
		c.At = append(c.At, result.Moment{FromNs: l.AtNs, ToNs: l.EndNs, Goroutine: l.Goroutine})
	}
	c.Stacks = stack("running", r.Frames)
	c.Evidence = map[string]float64{
		"runs": float64(s.LongRunCount), "harm_ns": float64(s.LongRunHarmNs), "longest_run_ns": float64(r.RunNs), "longest_slice_ns": float64(r.LongestSliceNs),
	}
	c.clause = fmt.Sprintf("%s ran for long without a pause", e.groupName(r.Group))
	return []candidate{c}
}

// delayedBy lists the groups whose goroutines waited long for a processor while
// one of a group ran. Without such a wait goroutines only share processors, as
// the stages of a pipeline do (methods.md F17 goes by any harm).
func (e *evidence) delayedBy(group int) []int {
	var out []int
	for _, w := range e.Scheduler.Worst {
		if w.Group == group || w.DurationNs < e.limitNs(leastDelay) || slices.Contains(out, w.Group) {
			continue
		}
		for _, r := range w.Ran {
			if r.Group == group && r.Ns*2 >= w.DurationNs {
				out = append(out, w.Group)
			}
		}
	}
	return out
}

// answerSomebody says whether goroutines of one of the groups wait for input,
// output or timers: then something outside waits for them.
func (e *evidence) answerSomebody(groups []int) bool {
	return slices.ContainsFunc(e.valid(groups...), func(g int) bool {
		return e.Groups[g].AfterIO.Count > 0 || e.Groups[g].Time.TimerNs > 0
	})
}
