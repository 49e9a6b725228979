package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/result"
)

var unevenLoad = Detector{
	Name:  "uneven-load",
	Title: "Uneven shares of the work",
	Doc: "Goroutines that one created together, and that somebody waits for, run for very different times: the mean is less than 70 % of the highest, " +
		"and for at least a tenth of the time the early ones have ended and the last goes on.",
	remedy: "Cut the work into smaller pieces that the goroutines take one after the other, from a channel or a counter, instead of one share for each.",
	caveat: "Goroutines of one go statement may have different things to do by design. A single join is never more than low, as running does not mean to have a core.",
	Scale:  Scale{"share of the time that even shares would save at most", Share, 0.05, 0.2},
	Bounds: []Threshold{mostBalance, leastTail, leastAtOnce, leastSaving, leastUneven},
	find:   findUneven,
}

var (
	// methods.md F22 has 0.8. Two equal workers beside another busy process reach that,
	// as running does not mean to have a core.
	mostBalance = Threshold{"most-balance", 0.7, Share, "load balance: mean running time of a member divided by the highest"}
	leastTail   = Threshold{"least-tail", 0.1, Share, "share of the joins' time between the mean end and the last"}
	leastSaving = Threshold{"least-saving", 1e6, Duration, "mean time that even shares would save"}
	leastUneven = Threshold{"least-joins", 3, Number, "joins, below which it is low"}
	leastAtOnce = Threshold{"at-once", 0.9, Share, "share of the joins of which all members were created together"}
)

func findUneven(e *evidence) []candidate {
	var out []candidate
	for i := range e.Patterns.Joins {
		j := &e.Patterns.Joins[i]
		if e.procs() < 1.5 || j.Mixed > 0 || share(j.AtOnce, j.Count) < e.limit(leastAtOnce) || j.RunMaxNs <= 0 ||
			share(j.RunMeanNs, j.RunMaxNs) >= e.limit(mostBalance) || share(j.TailNs, j.Ns) < e.limit(leastTail) || j.UnevenNs < e.limitNs(leastSaving)*j.Count || j.Uneven*2 < j.Count {
			continue
		}
		out = append(out, e.uneven(j))
	}
	return out
}

func (e *evidence) uneven(j *result.Join) candidate {
	var c candidate
	c.value = e.ofJoins(j, j.UnevenNs)
	if j.Count < e.limitNs(leastUneven) {
		c.atMost = "low" // for once the machine may have held one up
	}
	c.LostNs, c.LostOf = j.UnevenNs, "wall"
	c.Sentence = fmt.Sprintf("%s of %s, %s at a time, ran for %s on average and %s at most: a load balance of %s. Even shares would have saved up to %s of the %s until the last ended.",
		goroutines(j.Members), e.groupName(j.Group), number(float64(j.Members)/float64(j.Count)), duration(j.RunMeanNs/j.Count), duration(j.RunMaxNs/j.Count), percent(share(j.RunMeanNs, j.RunMaxNs)),
		duration(j.UnevenNs), duration(j.Ns))
	e.joined(&c, j)
	c.clause = fmt.Sprintf("the goroutines of %s had uneven shares of the work", e.groupName(j.Group))
	return c
}

// ofJoins is a time of fork-joins as a share of the scope, or of their own time where
// several were under way at once.
func (e *evidence) ofJoins(j *result.Join, ns int64) float64 {
	return share(ns, max(e.length(), j.Ns))
}

// joined fills in what findings about a fork-join say: who was last, and what that one
// did, as far as it filled the wait.
func (e *evidence) joined(c *candidate, j *result.Join) {
	site := &e.Sites[j.Site]
	if at := culprit(site.Pieces); at != nil && !code.IsLibrary(at.Frame.Func) {
		c.Culprit = place(*at.Frame)
		running := []result.Frame{*at.Frame}
		if at.Caller != nil {
			running = append(running, *at.Caller)
		}
		c.Stacks = stack("running", running)
	} else if g := e.group(j.LastGroup); g != nil {
		c.Culprit = e.entry(j.LastGroup)
	}
	c.Groups, c.Victims = []int{j.LastGroup}, site.Groups
	if j.LastGroup != j.Group {
		c.Groups = append(c.Groups, j.Group)
	}
	c.At = j.At
	c.Stacks = append(c.Stacks, stack("blocked", site.Frames)...)
	c.join = j
	c.Evidence = map[string]float64{
		"joins": float64(j.Count), "members": float64(j.Members), "joins_ns": float64(j.Ns), "wait_ns": float64(j.WaitNs), "run_mean_ns": float64(j.RunMeanNs) / float64(max(1, j.Count)),
		"run_max_ns": float64(j.RunMaxNs) / float64(max(1, j.Count)), "tail_ns": float64(j.TailNs), "last_gap_ns": float64(j.LastGapNs), "uneven_ns": float64(j.UnevenNs),
	}
}
