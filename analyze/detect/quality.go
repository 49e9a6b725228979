package detect

import (
	"fmt"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
)

var dataQuality = Detector{
	Name:   "data-quality",
	Title:  "What limits this analysis",
	Doc:    "Parts of the trace are missing, it is too short to judge, has no stacks, or does not say what most of the time was spent on. Never more than low.",
	remedy: "Record again: for a second or more, with the program under load, and let the tracing end before the file is copied.",
	caveat: "What could be read is right.",
	Scale:  Scale{"things that limit the analysis", Number, 1, 4},
	Bounds: []Threshold{mostUnknown},
	find:   findQuality,
}

var mostUnknown = Threshold{"most-unknown", 0.2, Share, "share of the goroutines' time of which nothing is known"}

func findQuality(e *evidence) []candidate {
	var limits []string
	add := func(format string, args ...any) { limits = append(limits, fmt.Sprintf(format, args...)) }
	if e.Trace.BytesLost > 0 && !e.Trace.Complete || len(e.Trace.Gaps) > 0 {
		add("a part of the file could not be read")
	}
	if e.tooLittle() && e.Scope.Goroutines > 0 {
		add("%s is too short to judge", duration(e.length()))
	}
	if e.withoutStacks() {
		add("nearly no stack is in it, so that places cannot be named")
	}
	if t := e.Time; share(t.UnknownNs, t.LifetimeNs) > e.limit(mostUnknown) {
		add("for %s of the goroutines' time it does not say what they waited for", percent(share(t.UnknownNs, t.LifetimeNs)))
	}
	if len(limits) == 0 {
		return nil
	}
	c := candidate{value: float64(len(limits)), atMost: "low"}
	c.LostOf = "wall"
	if e.length() < e.Trace.DurationNs {
		c.Remedy = "Choose a longer window, or the whole trace."
	}
	c.Sentence = "The trace says less than it could: " + strings.Join(limits, "; ") + "."
	c.Evidence = map[string]float64{"limits": float64(len(limits))}
	for _, g := range e.Trace.Gaps {
		if len(c.At) < 3 && g.ToNs > e.Scope.FromNs && g.FromNs < e.Scope.ToNs {
			c.At = append(c.At, result.Moment{FromNs: max(g.FromNs, e.Scope.FromNs), ToNs: min(g.ToNs, e.Scope.ToNs)})
		}
	}
	return []candidate{c}
}

// withoutStacks says whether most waiting happened at places without a stack.
func (e *evidence) withoutStacks() bool {
	var with, without int64
	for i := range e.Sites {
		s := &e.Sites[i]
		if s.Kind == "coroutine" {
			continue // has none in any trace
		}
		if len(s.Frames) == 0 {
			without += s.Waits
		} else {
			with += s.Waits
		}
	}
	return without > 20 && without > 4*with
}
