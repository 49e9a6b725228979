package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var straggler = Detector{
	Name:  "straggler",
	Title: "One is waited for when all others are done",
	Doc: "A WaitGroup or errgroup waits for three goroutines or more, and for at least a fifth of the wait only for the last one of them: " +
		"what that one does decides when the rest goes on.",
	remedy: "Split what the last one does, start it first, or do something else meanwhile; for requests to several servers, ask a second one where one is slow.",
	caveat: "If it is another goroutine each time, the shares are uneven rather than one slow. One may have more to do by design.",
	Scale:  Scale{"share of the time for which only the last one is waited for", Share, 0.1, 0.3},
	Bounds: []Threshold{leastGap, leastMembers, leastMeanGap, leastJoins},
	find:   findStraggler,
}

var (
	leastGap = Threshold{"least-gap", 0.2, Share, "share of the waits between the last end but one and the last"}
	// A wake-up takes 0.02 to 0.15 ms (methods.md 0.3), and more on a busy machine.
	leastMeanGap = Threshold{"least-mean-gap", 1e6, Duration, "mean time between the last end but one and the last"}
	leastJoins   = Threshold{"least-joins", 3, Number, "joins of goroutines that only compute, below which it is low"}
	leastMembers = Threshold{"least-members", 3, Number, "goroutines that are waited for at a time"}
)

func findStraggler(e *evidence) []candidate {
	var out []candidate
	for i := range e.Patterns.Joins {
		j := &e.Patterns.Joins[i]
		if float64(j.Members) < e.limit(leastMembers)*float64(j.Count) || share(j.LastGapNs, j.WaitNs) < e.limit(leastGap) ||
			j.LastGapNs < e.limitNs(leastMeanGap)*j.Count || j.Late*2 < j.Count || e.heldUpBySchedule(j) {
			continue
		}
		var c candidate
		c.value = e.ofJoins(j, j.LastGapNs)
		c.LostNs, c.LostOf = j.LastGapNs, "wall"
		switch {
		case j.Mixed > 0:
			c.atMost = "low" // they have different things to do
		case j.Count < e.limitNs(leastJoins) && e.computes(j.LastGroup):
			c.atMost = "low" // for once the machine may have held it up
		case j.Count == 1:
			c.atMost = "medium"
		}
		c.Sentence = fmt.Sprintf("%s waited %s for %s at a time, %s in all: for %s of that only for the last one of them, mostly of %s.",
			inner(e.Sites[j.Site].Frames), counted(j.Count, "time", "times"), goroutines(int64(float64(j.Members)/float64(j.Count)+0.5)), duration(j.WaitNs), percent(share(j.LastGapNs, j.WaitNs)), e.groupName(j.LastGroup))
		e.joined(&c, j)
		if at := culprit(e.Sites[j.Site].Pieces); at != nil {
			c.Sentence += fmt.Sprintf(" Meanwhile the last one mostly %s%s.", doing(at), calledBy(at))
		}
		c.clause = fmt.Sprintf("all waited for the last of %s", e.groupName(j.LastGroup))
		out = append(out, c)
	}
	return out
}

// heldUpBySchedule says whether the last one was late although it had no more to do
// than the others: all compute, and none for half of the gap longer than the mean.
func (e *evidence) heldUpBySchedule(j *result.Join) bool {
	return e.computes(j.LastGroup) && (j.RunMaxNs-j.RunMeanNs)*2 < j.LastGapNs
}

// computes says whether goroutines of a group do nothing but run and wait for a
// processor.
func (e *evidence) computes(group int) bool {
	g := e.group(group)
	if g == nil {
		return false
	}
	t := &g.Time
	return share(t.RunningNs+t.RunnableNs, t.LifetimeNs-t.AtRestNs) >= mostlyRuns
}

// mostlyRuns is the share of their time from which on goroutines do nothing but run and
// wait for a processor.
const mostlyRuns = 0.8
