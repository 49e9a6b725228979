package detect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
)

var stuckGoroutines = Detector{
	Name:  "stuck-goroutines",
	Title: "Goroutines that may be stuck",
	Doc: "Goroutines are blocked on a lock, a send, a nil channel or, within other work, a receive until the trace ends, for at least a second and half of it, and nobody was seen to end such a wait. " +
		"Waits that look idle by design, and selects, do not count.",
	remedy: "Look for who should have unlocked, received or sent: a path that returns early, a lock taken in another order, a result nobody reads.",
	caveat: "What would have ended the wait may just come later than the trace's end.",
	Scale:  Scale{"share of the time for which the longest has been blocked", Share, 0.3, 0.8},
	Bounds: []Threshold{leastStuck, leastStuckShare},
	find:   findStuck,
}

var (
	leastStuck      = Threshold{"least-wait", 1e9, Duration, "how long the longest has been blocked"}
	leastStuckShare = Threshold{"least-share", 0.5, Share, "the same as a share of the time"}
)

func findStuck(e *evidence) []candidate {
	var out []candidate
	for i := range e.Groups {
		g := &e.Groups[i]
		o := longestStuck(g)
		if g.System || o == nil || o.Closed > 0 || o.LongestNs < e.limitNs(leastStuck) || e.ofLength(o.LongestNs) < e.limit(leastStuckShare) {
			continue
		}
		c := candidate{value: e.ofLength(o.LongestNs)}
		if o.Kind == "blocked-sync/chan-receive" {
			c.atMost = "low" // it may wait for what is to come
		}
		if o.Kind == "blocked-sync/forever" {
			c.atMost = "medium" // a nil channel may be meant to block
		}
		c.LostNs, c.LostOf = o.LongestNs, "wall"
		c.Culprit = where(o.Frames)
		c.Groups, c.Victims = []int{i}, []int{i}
		c.Sentence = fmt.Sprintf("%s of %s %s blocked in %s (%s) for up to %s, until the trace ended; nobody ended such a wait.",
			goroutines(int64(o.Count)), e.groupName(i), verb(int64(o.Count), "was", "were"), inner(o.Frames), strings.TrimPrefix(o.Kind, "blocked-sync/"), duration(o.LongestNs))
		c.At = []result.Moment{{FromNs: e.Scope.ToNs - o.LongestNs, ToNs: e.Scope.ToNs}}
		c.Stacks = stack("blocked", o.Frames)
		c.Evidence = map[string]float64{"goroutines": float64(o.Count), "longest_ns": float64(o.LongestNs)}
		c.clause = fmt.Sprintf("%s %s stuck in %s", goroutines(int64(o.Count)), verb(int64(o.Count), "seems", "seem"), inner(o.Frames))
		out = append(out, c)
	}
	return out
}

// stickyKinds are the waits of which only another goroutine of the program can be
// the end, and for one thing alone: a select has other ways out, a condition may
// just not come true, and a WaitGroup waits for goroutines that show themselves.
var stickyKinds = []string{
	"blocked-sync/mutex", "blocked-sync/rwmutex-read", "blocked-sync/rwmutex-write", "blocked-sync/chan-send", "blocked-sync/chan-receive", "blocked-sync/forever",
}

// longestStuck is the place at which a goroutine of a group has waited longest in
// such a wait, and nobody was released.
func longestStuck(g *result.Group) *result.OpenSite {
	var longest *result.OpenSite
	for i := range g.OpenSites {
		o := &g.OpenSites[i]
		if o.Closed == 0 && slices.Contains(stickyKinds, o.Kind) && (longest == nil || o.LongestNs > longest.LongestNs) {
			longest = o
		}
	}
	return longest
}
