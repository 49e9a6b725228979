package detect

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

var thunderingHerd = Detector{
	Name:  "thundering-herd",
	Title: "Many are woken, for one to go on",
	Doc: "One goroutine ends the waits of many at one place at once, by a Broadcast or by closing channels, three times or more, and at least half of them run for a moment and wait for the same again: " +
		"they were woken in vain. Never more than medium.",
	remedy: "Wake one (Cond.Signal instead of Broadcast, a semaphore, a channel that each takes an item from), or give each waiter its own channel.",
	caveat: "Waking all at a shutdown or a start is meant; only what wakes again and again counts here.",
	Scale:  Scale{"time for which those woken in vain ran, and the others waited among them, as a share of all processor time", Share, 0.02, 0.1},
	Bounds: []Threshold{leastHerds, leastFutile, leastGoingOn, wakeCost},
	find:   findHerd,
}

var (
	leastHerds = Threshold{"least-times", 3, Number, "how often many are woken"}
	// Each time somebody goes on: those who wait for a change, and all look at it, run for
	// a moment, too.
	leastGoingOn = Threshold{"least-going-on", 0.9, Number, "of those woken at a time, how many go on"}
	// Cilkview's burden (methods.md 1.3).
	wakeCost    = Threshold{"cost", 6250, Duration, "taken as the cost of waking and scheduling one"}
	leastFutile = Threshold{"least-futile", 0.5, Share, "share of the woken that were woken in vain"}
)

func findHerd(e *evidence) []candidate {
	var out []candidate
	for i := range e.Patterns.Volleys {
		v := &e.Patterns.Volleys[i]
		if v.WakerGroup < 0 || !e.herdsAt(v) || v.Count < e.limitNs(leastHerds) || share(v.Futile, v.Woken) < e.limit(leastFutile) || float64(v.Woken) < e.procs()*float64(v.Count) {
			continue
		}
		out = append(out, e.herd(v))
	}
	return out
}

// herdsAt says whether one of those who wait at the place of a volley is what it takes: at
// a Cond, which others broadcast than those who wait there (that is a barrier), and of
// which each time somebody goes on. Who waits for a channel to be closed has seen it.
func (e *evidence) herdsAt(v *result.Volley) bool {
	s := &e.Sites[v.Site]
	return s.Kind == "cond" && !meant(s.Rule) && !slices.Contains(s.Groups, v.WakerGroup) && float64(v.Woken-v.Futile) >= e.limit(leastGoingOn)*float64(v.Count)
}

func (e *evidence) herd(v *result.Volley) candidate {
	var c candidate
	// Those woken in vain lose nothing by waiting for a processor; who has something to
	// do waits among them. methods.md F09 counts the one for the other.
	mean := v.ReadyNs / max(1, v.Woken)
	// Longer than it takes to serve all of them they wait for others.
	each := share(v.FutileRunNs, v.Futile) + e.limit(wakeCost)
	among := min(mean, int64(share(v.Woken, v.Count)*each/max(1, e.procs())))
	lost := v.FutileRunNs + (v.Woken-v.Futile)*among
	c.LostNs, c.LostOf = lost, "goroutines"
	c.value, c.atMost = e.ofCapacity(lost), "medium" // what each looked for does not show
	site := &e.Sites[v.Site]
	c.Culprit = where(v.WakerFrames)
	if c.Culprit == "" {
		c.Culprit = e.entry(v.WakerGroup)
	}
	c.Sentence = fmt.Sprintf("%s woke many goroutines at once in %s, %s, %s at a time on average and up to %d; %s of the %s woken ran for a moment, %s in all, and waited again. Who had something to do waited among them for a processor, %s on average.",
		inner(v.WakerFrames), inner(site.Frames), counted(v.Count, "time", "times"), number(float64(v.Woken)/float64(v.Count)), v.Most, percent(share(v.Futile, v.Woken)), grouped(v.Woken), duration(v.FutileRunNs), duration(mean))
	c.Groups = e.volleyGroups(v)
	c.Victims = site.Groups
	c.At = v.At
	c.Stacks = append(stack("waker", v.WakerFrames), stack("blocked", site.Frames)...)
	c.Evidence = map[string]float64{
		"times": float64(v.Count), "woken": float64(v.Woken), "in_vain": float64(v.Futile), "in_vain_running_ns": float64(v.FutileRunNs), "ready_ns": float64(v.ReadyNs), "most": float64(v.Most),
	}
	c.clause = fmt.Sprintf("%s woke many goroutines for one to go on", inner(v.WakerFrames))
	return c
}

// volleyGroups are who wakes and who is woken.
func (e *evidence) volleyGroups(v *result.Volley) []int {
	return append([]int{v.WakerGroup}, e.Sites[v.Site].Groups...)
}
