package detect

import (
	"fmt"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
)

var stopTheWorld = Detector{
	Name:   "stop-the-world",
	Title:  "The world is stopped",
	Doc:    "The runtime stops all goroutines for at least 1 % of the time, or once for 10 ms. Stops that begin and end the recording do not count; those for the collector are never more than medium.",
	remedy: "By the reason: read memory statistics through runtime/metrics instead of runtime.ReadMemStats, take goroutine profiles less often, set GOMAXPROCS once, allocate less.",
	caveat: "On a machine that is short of processors a stop takes longer than it would elsewhere: it waits for every thread.",
	Scale:  Scale{"share of the time in which the world is stopped", Share, 0.01, 0.05},
	Bounds: []Threshold{longStop},
	find:   findSTW,
}

var longStop = Threshold{"long-stop", 10e6, Duration, "a single stop that is reported by itself"}

func findSTW(e *evidence) []candidate {
	var total, longest, count int64
	var top *result.STW
	for i := range e.GC.STW {
		s := &e.GC.STW[i]
		if ofTracing(s.Reason) {
			continue
		}
		total += s.TotalNs
		count += s.Pauses.Count
		longest = max(longest, s.Pauses.MaxNs)
		if top == nil || s.TotalNs > top.TotalNs {
			top = s
		}
	}
	if top == nil {
		return nil
	}
	c := candidate{value: e.ofLength(total), about: "stw"}
	if strings.HasPrefix(top.Reason, "GC ") {
		c.about, c.atMost = "gc", "medium"
		c.Remedy = "Allocate less, or let the heap grow further (GOGC, GOMEMLIMIT): each collection stops the world twice."
	}
	if longest >= e.limitNs(longStop) {
		c.value = max(c.value, e.low())
	}
	c.LostNs, c.LostOf = total, "wall"
	c.Groups = e.top(2, func(g *result.Group) int64 { return g.Time.STWNs })
	who := ""
	if len(c.Groups) > 0 {
		c.Culprit = e.entry(c.Groups[0])
		who = ", most of the time by " + e.groupName(c.Groups[0])
	}
	if c.about == "stw" { // who happens to begin a collection is to blame for nothing
		c.Stacks = stack("running", top.Frames)
		if at := where(top.Frames); at != "" {
			c.Culprit = at
		}
	}
	c.Sentence = fmt.Sprintf("The world was stopped %s%s, for %s or %s of the time, at most %s; the reason was mostly %q (%s).",
		counted(count, "time", "times"), who, duration(total), percent(e.ofLength(total)), duration(longest), top.Reason, duration(top.TotalNs))
	for _, p := range e.GC.LongestSTWs {
		if !ofTracing(p.Reason) && len(c.At) < 3 {
			c.At = append(c.At, result.Moment{FromNs: p.AtNs, ToNs: p.AtNs + p.DurationNs})
		}
	}
	c.Evidence = map[string]float64{"stopped_ns": float64(total), "stops": float64(count), "longest_ns": float64(longest)}
	c.clause = fmt.Sprintf("the world was stopped for %q", top.Reason)
	return []candidate{c}
}

// ofTracing says whether the recording itself stopped the world.
func ofTracing(reason string) bool {
	return strings.HasPrefix(reason, "start trac") || strings.HasPrefix(reason, "stop trac")
}
