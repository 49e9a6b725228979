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
	find:   findGC,
}

func findGC(e *evidence) []candidate {
	if e.GC.Cycles == 0 {
		return nil
	}
	lost := e.Scheduler.GCHarmNs + e.GC.AssistNs
	c := candidate{value: e.ofCapacity(lost), low: 0.1, high: 0.3, about: "gc"}
	c.LostNs, c.LostOf = lost, "processors"
	assists := e.top(3, func(g *result.Group) int64 { return g.Time.Kinds["running/gc-assist"] })
	c.Groups = assists
	c.Victims = e.top(3, func(g *result.Group) int64 { return g.Time.RunnableNs })
	if len(assists) > 0 {
		c.Culprit = e.Groups[assists[0]].Name
	}
	c.Sentence = fmt.Sprintf("%s: its workers took %s of processor time that ready goroutines waited for, and goroutines marked for %s themselves, %s of all processor time. It was marking for %s of the time.",
		counted(e.GC.Cycles, "collection", "collections"), duration(e.Scheduler.GCHarmNs), duration(e.GC.AssistNs), percent(c.value), percent(e.ofLength(e.GC.MarkNs)))
	c.Evidence = map[string]float64{
		"workers_harm_ns": float64(e.Scheduler.GCHarmNs), "assist_ns": float64(e.GC.AssistNs), "cycles": float64(e.GC.Cycles), "mark_ns": float64(e.GC.MarkNs),
	}
	c.clause = "the garbage collector took processors that goroutines needed"
	return []candidate{c}
}
