package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/result"
)

var processorsSaturated = Detector{
	Name:  "processors-saturated",
	Title: "Processors saturated",
	Doc: "All processors run goroutines of the program while others are ready and wait, for at least 30 % of the time. " +
		"That is what a batch job is meant to do, and low then; it is a problem where goroutines wait for their input or output to be handled.",
	whole:  true,
	remedy: "Do less work, or use more processors; limit how many goroutines compute at once where others must answer quickly.",
	caveat: "A batch job that uses all processors is doing well.",
	Scale:  Scale{"share of the time with all processors busy and goroutines ready", Share, 0.3, 0.7},
	Bounds: []Threshold{leastAfterIO, answerLate},
	find:   findSaturated,
}

var answerLate = Threshold{"late-answer", 1e6, Duration, "p99 of waits for a processor after input or output, below which it is low"}

func findSaturated(e *evidence) []candidate {
	// With one processor, one that runs while another is ready is all there is.
	busy := e.Concurrency.ParallelKindNs["saturated"] + e.Concurrency.InterleavedCauseNs["capacity"]
	s := &e.Scheduler
	ready := s.ReadyCauseNs
	if e.ofLength(busy) < e.low() || e.ofLength(s.RunnableSomeNs) < e.low() || ready.Saturated*2 < ready.Sum() || e.noise() {
		return nil
	}
	runs := e.top(3, func(g *result.Group) int64 { return g.HarmNs })
	waits := e.top(3, func(g *result.Group) int64 { return g.Time.RunnableNs })
	if len(runs) == 0 {
		return nil
	}
	c := candidate{value: e.ofLength(busy)}
	if e.slowestAnswer() < e.limitNs(answerLate) {
		c.atMost = "low" // nobody waits for an answer
	}
	c.LostNs, c.LostOf = ready.Saturated, "goroutines"
	c.Groups, c.Victims = runs, waits
	c.Culprit = e.runner(runs[0])
	c.Sentence = fmt.Sprintf("For %s of the time %s ran goroutines while others were ready: they waited %s at the median, %s at p99 and %s in all. Most of that time %s ran%s.",
		percent(c.value), allOf(e.procs()), duration(s.Latency.P50Ns), duration(s.Latency.P99Ns), duration(ready.Saturated), e.groupName(runs[0]), e.mostlyIn(runs[0]))
	c.At = readyMoments(s.Worst)
	if len(s.LongRuns) > 0 && s.LongRuns[0].Group == runs[0] {
		c.Stacks = stack("running", s.LongRuns[0].Frames)
	}
	c.Evidence = map[string]float64{
		"saturated_ns": float64(busy), "ready_ns": float64(ready.Saturated), "latency_p50_ns": float64(s.Latency.P50Ns), "latency_p99_ns": float64(s.Latency.P99Ns),
		"average_demand": e.Concurrency.AverageDemand,
	}
	c.meanwhile = true
	c.clause = fmt.Sprintf("%s kept %s busy and others waited", e.groupName(runs[0]), allOf(e.procs()))
	return []candidate{c}
}

// runner is the function of the program in which goroutines of a group ran most, as far
// as it is known apart: of a library's goroutines, such as a server's, a handler.
func (e *evidence) runner(group int) string {
	if name := e.entry(group); !code.IsLibrary(name) {
		return name
	}
	most, ns := e.entry(group), int64(0)
	for _, in := range e.Groups[group].Inside {
		if in.Func != "" && in.Time.RunningNs > ns && in.Time.RunningNs*2 > e.Groups[group].Time.RunningNs {
			most, ns = in.Func, in.Time.RunningNs
		}
	}
	return most
}

// mostlyIn tells of the runner of a group, where that is not what the group is called.
func (e *evidence) mostlyIn(group int) string {
	if fn := e.runner(group); function(fn) != e.groupName(group) {
		return ", mostly in " + function(fn)
	}
	return ""
}

const (
	// noisyP90 and noisyP99: below both, waiting for a processor is the machine's
	// wake-up noise, 0.02 to 0.15 ms each (methods.md 0.3).
	noisyP90 = 200_000
	noisyP99 = 5_000_000
)

// noise says whether goroutines waited for a processor no longer than a wake-up
// takes.
func (e *evidence) noise() bool {
	l := e.Scheduler.Latency
	return l.P90Ns < noisyP90 && l.P99Ns < noisyP99
}

// slowestAnswer is the highest p99 of the waits for a processor after input or
// output of a group with a few of them, ns.
func (e *evidence) slowestAnswer() (ns int64) {
	for i := range e.Groups {
		if g := &e.Groups[i]; !g.System && g.AfterIO.Count >= e.limitNs(leastAfterIO) {
			ns = max(ns, g.AfterIO.P99Ns)
		}
	}
	return ns
}

// readyMoments are the longest three waits for a processor.
func readyMoments(waits []result.ReadyWait) []result.Moment {
	var out []result.Moment
	for _, w := range waits[:min(len(waits), 3)] {
		out = append(out, result.Moment{FromNs: w.AtNs, ToNs: w.AtNs + w.DurationNs, Goroutine: w.Goroutine})
	}
	return out
}
