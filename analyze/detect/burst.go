package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var wakeBurst = Detector{
	Name:  "wake-burst",
	Title: "Many become ready at once",
	Doc: "One goroutine ends the waits of at least four for each processor at one place at once, by a Broadcast or by closing channels, and these then have something to do: they queue for the processors. " +
		"Never more than low.",
	remedy: "If answers must be quick, let them start one after the other, or limit how many work at once.",
	caveat: "A gate that opens once, or the end of a computation that many wait for, is meant to do this.",
	Scale:  Scale{"time for which those woken waited for a processor, as a share of all processor time", Share, 0.05, 0.2},
	Bounds: []Threshold{leastBurst},
	find:   findBurst,
}

var leastBurst = Threshold{"least-woken", 4, Number, "goroutines woken at once, for each processor"}

func findBurst(e *evidence) []candidate {
	var out []candidate
	for i := range e.Patterns.Volleys {
		v := &e.Patterns.Volleys[i]
		if v.WakerGroup < 0 || float64(v.Most) < e.limit(leastBurst)*e.procs() || v.Futile*2 >= v.Woken || v.ReadyNs <= 0 || meant(e.Sites[v.Site].Rule) {
			continue
		}
		out = append(out, e.burst(v))
	}
	return out
}

func (e *evidence) burst(v *result.Volley) candidate {
	var c candidate
	c.value, c.atMost = e.ofCapacity(v.ReadyNs), "low"
	c.LostNs, c.LostOf = v.ReadyNs, "goroutines"
	site := &e.Sites[v.Site]
	c.Culprit = where(v.WakerFrames)
	c.Sentence = fmt.Sprintf("%s made up to %d goroutines ready at once in %s, %s; they waited %s for a processor in all, the last of them up to %s.",
		inner(v.WakerFrames), v.Most, inner(site.Frames), counted(v.Count, "time", "times"), duration(v.ReadyNs), duration(v.LongestDrainNs))
	c.Groups, c.Victims = e.volleyGroups(v), site.Groups
	c.At = v.At
	c.Stacks = append(stack("waker", v.WakerFrames), stack("blocked", site.Frames)...)
	c.Evidence = map[string]float64{"times": float64(v.Count), "woken": float64(v.Woken), "most": float64(v.Most), "ready_ns": float64(v.ReadyNs), "longest_drain_ns": float64(v.LongestDrainNs)}
	return c
}
