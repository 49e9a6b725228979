package detect

import (
	"fmt"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
)

var goroutineLeak = Detector{
	Name:   "goroutine-leak",
	Title:  "Goroutines pile up",
	Doc:    "Goroutines of one go statement are created throughout the trace, 50 or more, none of them ends, and they are blocked at one place where nobody was seen to end a wait.",
	remedy: "Give each a way out: a context that is cancelled, a buffered channel for a result that nobody may read, a close.",
	caveat: "Goroutines that serve connections which stay open look the same; where they wait to receive or in a select this is never more than low.",
	Scale:  Scale{"goroutines that are blocked for good", Number, 50, 1000},
	Bounds: []Threshold{leastLeakedShare, leastLeakSpread},
	find:   findLeak,
}

var (
	leastLeakedShare = Threshold{"least-blocked", 0.9, Share, "share of the group that is blocked at one place"}
	leastLeakSpread  = Threshold{"least-spread", 0.3, Share, "share of the time between the first creation and the last"}
)

func findLeak(e *evidence) []candidate {
	var out []candidate
	for i := range e.Groups {
		g := &e.Groups[i]
		if len(g.OpenSites) == 0 {
			continue
		}
		o := &g.OpenSites[0] // where most are
		if g.System || g.Ended > 0 || float64(o.Count) < e.low() || float64(o.Count) < e.limit(leastLeakedShare)*float64(g.Count) ||
			o.Closed > 0 || !strings.HasPrefix(o.Kind, "blocked-sync/") || e.ofLength(o.LastCreatedNs-o.FirstCreatedNs) < e.limit(leastLeakSpread) {
			continue
		}
		// The number itself is the value (methods.md section 4): what a leak costs is
		// memory, of which a trace says nothing.
		c := candidate{value: float64(o.Count)}
		if o.Kind == "blocked-sync/chan-receive" || o.Kind == "blocked-sync/select" || o.Kind == "blocked-sync/cond" {
			c.atMost = "low"
		} else {
			c.value = max(c.value, mediumLeak) // nothing will ever end a send that nobody receives
		}
		c.LostNs, c.LostOf = g.Time.BlockedSyncNs, "goroutines"
		c.Culprit = where(o.Frames)
		c.Groups, c.Victims = []int{i}, nil
		rate := float64(o.Count) * 1e9 / float64(max(1, o.LastCreatedNs-o.FirstCreatedNs))
		c.Sentence = fmt.Sprintf("%s of %s, created %s a second by %s, are blocked in %s (%s); none has ended.",
			goroutines(int64(o.Count)), e.groupName(i), number(rate), createdBy(g), inner(o.Frames), strings.TrimPrefix(o.Kind, "blocked-sync/"))
		c.At = []result.Moment{{FromNs: o.FirstCreatedNs, ToNs: e.Scope.ToNs}}
		c.Stacks = stack("blocked", o.Frames)
		c.Evidence = map[string]float64{"goroutines": float64(o.Count), "per_second": rate}
		c.clause = fmt.Sprintf("%s piled up in %s", goroutines(int64(o.Count)), inner(o.Frames))
		out = append(out, c)
	}
	return out
}

// mediumLeak is the number from which a leak is medium.
const mediumLeak = 450

func createdBy(g *result.Group) string {
	if g.CreatedBy == "" {
		return "an unknown go statement"
	}
	return g.CreatedBy
}
