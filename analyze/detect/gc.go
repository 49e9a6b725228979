package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var gcTakesProcessors = Detector{
	Name:  "gc-takes-processors",
	Title: "The garbage collector takes processors",
	Doc: "The collector's workers run while goroutines are ready and no processor is free, or goroutines mark for it themselves: " +
		"together at least a tenth of all processor time. Marking on idle processors costs nothing.",
	remedy: "Allocate less where most is allocated (a heap profile tells), or let the heap grow further: GOGC, GOMEMLIMIT.",
	caveat: "A program that calls runtime.GC itself, such as a test, gets what it asks for.",
	Scale:  Scale{"share of all processor time that the collector takes from goroutines", Share, 0.1, 0.3},
	find:   findGC,
}

// findGC sums what workers took while goroutines were ready and what goroutines
// marked themselves, as a share of all processor time, to compare with other
// findings. methods.md F15 has bounds for each by itself, of the ready time and of a
// group's running time, which say little where that is short.
func findGC(e *evidence) []candidate {
	if e.GC.Cycles == 0 {
		return nil
	}
	lost := e.Scheduler.GCHarmNs + e.GC.AssistNs
	c := candidate{value: e.ofCapacity(lost), about: "gc"}
	c.LostNs, c.LostOf = lost, "processors"
	assists := e.top(3, func(g *result.Group) int64 { return g.Time.Kinds["running/gc-assist"] })
	c.Groups = assists
	c.Victims = e.top(3, func(g *result.Group) int64 { return g.Time.RunnableNs })
	if len(assists) > 0 {
		c.Culprit = e.runner(assists[0])
		c.Stacks = stack("blocked", e.blockedIn(assists[0], "gc-assist-wait"))
	}
	c.At = e.waitsFor(func(g *result.Group) bool { return g.System })
	c.Sentence = fmt.Sprintf("%s: its workers took %s of processor time that ready goroutines waited for, and goroutines marked for %s themselves, %s of all processor time. It was marking for %s of the time.",
		counted(e.GC.Cycles, "collection", "collections"), duration(e.Scheduler.GCHarmNs), duration(e.GC.AssistNs), percent(c.value), percent(e.ofLength(e.GC.MarkNs)))
	c.Evidence = map[string]float64{
		"workers_harm_ns": float64(e.Scheduler.GCHarmNs), "assist_ns": float64(e.GC.AssistNs), "cycles": float64(e.GC.Cycles), "mark_ns": float64(e.GC.MarkNs),
	}
	c.clause = "the garbage collector took processors that goroutines needed"
	return []candidate{c}
}

// waitsFor are the longest waits for a processor in which goroutines of certain
// groups ran, at most three.
func (e *evidence) waitsFor(ran func(*result.Group) bool) []result.Moment {
	var out []result.Moment
	for _, w := range e.Scheduler.Worst {
		for _, r := range w.Ran {
			if g := e.group(r.Group); g != nil && ran(g) && len(out) < 3 {
				out = append(out, result.Moment{FromNs: w.AtNs, ToNs: w.AtNs + w.DurationNs, Goroutine: w.Goroutine})
				break
			}
		}
	}
	return out
}
