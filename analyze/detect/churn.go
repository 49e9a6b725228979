package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var goroutineChurn = Detector{
	Name:  "goroutine-churn",
	Title: "Goroutines that do next to nothing",
	Doc: "A go statement creates a thousand goroutines a second or more, half of which run for less than 10 µs in all: " +
		"making, scheduling and ending them costs as much as what they do. Never more than medium, as that cost is an estimate.",
	remedy: "Do several items in each goroutine, or let a few long-lived goroutines take the items from a channel in batches.",
	caveat: "What a goroutine costs is taken to be the same everywhere and is not measured; goroutines that mostly wait are no waste.",
	Scale:  Scale{"estimated cost of making and scheduling them, as a share of all processor time", Share, 0.02, 0.1},
	Bounds: []Threshold{leastCreations, mostLifetimeRun, creationCost},
	find:   findChurn,
}

var (
	leastCreations  = Threshold{"least-rate", 1000, Number, "creations a second"}
	mostLifetimeRun = Threshold{"most-run", 10e3, Duration, "median of what one of them runs for in all"}
	// Cilkview's burden of a spawn (methods.md 1.3) is 6.25 µs with a steal; most
	// goroutines run where they were created, for which a microsecond is nearer.
	creationCost = Threshold{"cost", 1e3, Duration, "taken as the cost of one"}
)

func findChurn(e *evidence) []candidate {
	var out []candidate
	for i := range e.Groups {
		g := &e.Groups[i]
		l := g.LifetimeRun
		rate := float64(l.Count) * 1e9 / float64(max(1, e.length()))
		if g.System || rate < e.limit(leastCreations) || l.P50Ns >= e.limitNs(mostLifetimeRun) || mostlyWaits(g) {
			continue
		}
		out = append(out, e.churn(g, rate))
	}
	return out
}

// mostlyWaits says whether goroutines are there to wait for something outside, or for
// a timer, so that it is no waste that they do little else.
func mostlyWaits(g *result.Group) bool {
	t := &g.Time
	return (t.BlockedIONs+t.TimerNs+t.BlockedSyncNs)*2 > t.LifetimeNs
}

func (e *evidence) churn(g *result.Group, rate float64) candidate {
	var c candidate
	l := g.LifetimeRun
	c.LostNs, c.LostOf = l.Count*e.limitNs(creationCost), "processors"
	c.value, c.atMost = e.ofCapacity(c.LostNs), "medium"
	c.Culprit = g.CreatedBy
	if c.Culprit == "" {
		c.Culprit = g.Name
	}
	c.Sentence = fmt.Sprintf("%s created %s of %s, %s a second, which ran for %s at the median in all; at %s each, making and scheduling them takes %s of all processor time.",
		createdBy(g), goroutines(l.Count), e.groupName(g.ID), grouped(int64(rate)), duration(l.P50Ns), duration(e.limitNs(creationCost)), percent(c.value))
	c.Groups = []int{g.ID}
	c.Evidence = map[string]float64{"created": float64(l.Count), "per_second": rate, "lifetime_run_p50_ns": float64(l.P50Ns), "lifetime_run_p99_ns": float64(l.P99Ns)}
	c.clause = fmt.Sprintf("%s a second were made to do next to nothing each", goroutines(int64(rate)))
	return c
}
