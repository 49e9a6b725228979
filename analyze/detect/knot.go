package detect

import (
	"fmt"
	"slices"
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
	caveat: "Whom a wait was for that a timer ended is told by who otherwise ends the waits at its place. A writer that lingers for more while those wait who gave it the last looks the same.",
	Scale:  Scale{"share of the time for which goroutines wait for each other in vain", Share, 0.2, 0.5},
	Bounds: []Threshold{leastTimeOuts, mostWork, leastTrapped, mostBeats, mostTied},
	find:   findKnot,
}

var (
	leastTimeOuts = Threshold{"least-timeouts", 3, Number, "waits for each other that a timer ended"}
	mostWork      = Threshold{"most-work", 0.2, Share, "share of the members' time in which they run or wait for input and output, and of their waits in which anybody worked"}
	mostBeats     = Threshold{"most-timed-out", 0.8, Share, "share of the waits at the place where it is waited that a timer ends: from it on that is a heartbeat"}
	mostTied      = Threshold{"most-groups", 4, Number, "groups in the circle, beyond which it is low"}
	leastTrapped  = Threshold{"least-trapped", 0.5, Share, "share of the waits for each other in which the other waited too, in vain"}
)

// findKnot goes by waits for somebody who waited at the same time, in vain, for one of
// those who waited for it. A circle alone is nothing: any two that hand over to each
// other are one; and a loop that looks up at intervals times out while nobody waits for
// it.
func findKnot(e *evidence) []candidate {
	var out []candidate
	for i := range e.Blame.Knots {
		k := &e.Blame.Knots[i]
		if k.TimedOut < e.limitNs(leastTimeOuts) || share(k.TrappedNs, k.InsideNs) < e.limit(leastTrapped) || share(k.WorkNs, k.InsideNs) > e.limit(mostWork) || e.working(k.Groups) > e.limit(mostWork) || e.beats(k) {
			continue
		}
		c := candidate{value: min(1, e.ofLength(k.TrappedNs))}
		c.LostNs, c.LostOf = k.TrappedNs, "goroutines"
		if len(k.Groups) > int(e.limit(mostTied)) {
			c.atMost = "low" // a program's whole traffic rather than a circle
		}
		list := e.knotted(k)
		c.Sentence = fmt.Sprintf("%s waited for each other: %s in all, in which the one that was waited for waited itself for the other, in vain, until a timer ended it (%s).",
			list, duration(k.TrappedNs), counted(k.TimedOut, "time", "times"))
		c.Groups, c.Victims = k.Groups, k.Groups
		c.At = substantial(worst(k.At))
		c.Culprit = e.tiedIn(k)
		c.Stacks = e.waitsInside(k)
		c.Evidence = map[string]float64{
			"trapped_ns": float64(k.TrappedNs), "inside_ns": float64(k.InsideNs), "timed_out_ns": float64(k.TimedOutNs), "timed_out": float64(k.TimedOut), "outside_ns": float64(k.OutsideNs), "work_ns": float64(k.WorkNs),
		}
		c.clause = list + " waited for each other in a circle"
		out = append(out, c)
	}
	return out
}

// knotted names the members of a knot.
func (e *evidence) knotted(k *result.Knot) string {
	var names []string
	for _, g := range k.Groups {
		if name := e.groupName(g); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) == 1 {
		return "Goroutines of " + names[0]
	}
	if left := len(names) - maxTied; left > 0 {
		names = append(names[:maxTied], counted(int64(left), "other group", "other groups"))
	}
	return listed(names)
}

// maxTied is how many members of a knot are named.
const maxTied = 4

// beats says whether nearly all waits at the place where the members of a knot wait are
// ended by a timer, as those of a loop that beats: then nobody gave up.
func (e *evidence) beats(k *result.Knot) bool {
	s := e.timedOutSite(k)
	if s == nil {
		return false
	}
	var all int64
	for i := range e.Sites {
		if o := &e.Sites[i]; slices.Equal(o.Frames, s.Frames) {
			all += o.Waits
		}
	}
	return share(s.Waits, all) > e.limit(mostBeats)
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
