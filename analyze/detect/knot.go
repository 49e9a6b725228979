package detect

import (
	"fmt"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
)

var waitKnot = Detector{
	Name:  "wait-knot",
	Title: "Goroutines wait for each other in a circle",
	Doc: "Groups of goroutines each of which waits for another one of them, while none of them does any work, until a timer lets one of them give up: " +
		"locks taken in different orders look like this when they are tried with a timeout.",
	whole:  true,
	remedy: "Take the locks, or ask the others, in one order everywhere; or let one goroutine own what they share.",
	caveat: "Whom a wait was for that a timer ended is told by who otherwise ends the waits at its place.",
	find:   findKnot,
}

const (
	leastTimeOuts = 3
	// mostWork is the share of the members' time in progress in which they may run
	// or wait for input and output, and of their waits in which anybody worked.
	mostWork = 0.2
)

// findKnot goes by waits that timed out. A circle alone is nothing: any two that
// hand over to each other are one.
func findKnot(e *evidence) []candidate {
	var out []candidate
	for i := range e.Blame.Knots {
		k := &e.Blame.Knots[i]
		inside := k.InsideNs + k.TimedOutNs
		if inside == 0 || k.TimedOut < leastTimeOuts || share(k.WorkNs, inside) > mostWork || e.working(k.Groups) > mostWork {
			continue
		}
		c := candidate{value: min(1, e.ofLength(k.TimedOutNs)), low: 0.2, high: 0.5}
		c.LostNs, c.LostOf = inside, "goroutines"
		names := make([]string, len(k.Groups))
		for j, g := range k.Groups {
			names[j] = e.groupName(g)
		}
		list := listed(names)
		c.Sentence = fmt.Sprintf("%s waited for each other in a circle: %s in all, while nobody in it worked. %s a timer ended the wait, after %s together.",
			list, duration(inside), strings.ToUpper(counted(k.TimedOut, "time", "times")[:1])+counted(k.TimedOut, "time", "times")[1:], duration(k.TimedOutNs))
		c.Groups, c.Victims = k.Groups, k.Groups
		c.At = substantial(worst(k.At))
		c.Culprit = e.tiedIn(k)
		c.Stacks = e.waitsInside(k)
		c.Evidence = map[string]float64{
			"inside_ns": float64(k.InsideNs), "timed_out_ns": float64(k.TimedOutNs), "timed_out": float64(k.TimedOut), "outside_ns": float64(k.OutsideNs), "work_ns": float64(k.WorkNs),
		}
		c.clause = list + " waited for each other in a circle"
		out = append(out, c)
	}
	return out
}

// substantial are those of moments, the longest first, that are a tenth of the longest
// at least.
func substantial(at []result.Moment) []result.Moment {
	n := 0
	for n < len(at) && (at[n].ToNs-at[n].FromNs)*10 >= at[0].ToNs-at[0].FromNs {
		n++
	}
	return at[:n]
}

// listed is a list in words.
func listed(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// working is the share of their time in progress in which goroutines of groups ran
// or waited for input and output.
func (e *evidence) working(groups []int) float64 {
	var work, engaged int64
	for _, g := range e.valid(groups...) {
		t := &e.Groups[g].Time
		work += t.RunningNs + t.BlockedIONs
		engaged += t.LifetimeNs - t.AtRestNs
	}
	return share(work, engaged)
}

// tiedIn is where the members of a knot wait until the timer ends it.
func (e *evidence) tiedIn(k *result.Knot) string {
	if s := e.timedOutSite(k); s != nil {
		return where(s.Frames)
	}
	return ""
}

func (e *evidence) waitsInside(k *result.Knot) []result.RoleStack {
	if s := e.timedOutSite(k); s != nil {
		return stack("blocked", s.Frames)
	}
	return nil
}

// timedOutSite is the place at which members of a knot waited most for a timer's
// channel.
func (e *evidence) timedOutSite(k *result.Knot) *result.Site {
	for i := range e.Sites { // most time first
		s := &e.Sites[i]
		if s.Kind != "timer-channel" {
			continue
		}
		for _, g := range k.Groups {
			if len(s.Groups) > 0 && s.Groups[0] == g {
				return s
			}
		}
	}
	return nil
}
