package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var sleepPoll = Detector{
	Name:  "sleep-poll",
	Title: "Polling with sleeps",
	Doc: "A goroutine sleeps for the same short time again and again at one place, and in between does nothing that shows: it seems to look whether something has happened. " +
		"Never more than low.",
	remedy: "Wait for the event itself: a channel, a sync.Cond, a context. What is polled for is noticed up to one sleep late, and each look costs a wake-up.",
	caveat: "A heartbeat, or work that only computes for a moment between sleeps, looks the same.",
	Scale:  Scale{"share of the time that a goroutine spends so", Share, 0.05, 1},
	Bounds: []Threshold{leastPolls, mostSpread, longestPoll, longestLook},
	find:   findSleepPoll,
}

var (
	leastPolls  = Threshold{"least-rounds", 20, Number, "sleeps in a row for each goroutine"}
	mostSpread  = Threshold{"most-spread", 0.2, Number, "coefficient of variation of the sleeps' lengths"}
	longestPoll = Threshold{"most-sleep", 50e6, Duration, "mean sleep"}
	// methods.md F26 has 100 µs, within which a heartbeat does its work; a look is
	// shorter.
	longestLook = Threshold{"most-run", 20e3, Duration, "mean run between two sleeps"}
)

func findSleepPoll(e *evidence) []candidate {
	var out []candidate
	for i := range e.Patterns.SleepLoops {
		p := &e.Patterns.SleepLoops[i]
		g := e.group(p.Group)
		site := &e.Sites[p.Site]
		if g == nil || p.Rounds < 1 || p.Rounds < e.limitNs(leastPolls)*int64(max(1, g.Count)) || p.Rounds*2 < site.Waits || meant(site.Rule) ||
			p.Spread > e.limit(mostSpread) || p.SleptNs/p.Rounds > e.limitNs(longestPoll) || p.RunningNs/p.Rounds > e.limitNs(longestLook) {
			continue
		}
		out = append(out, e.poll(p, g))
	}
	return out
}

func (e *evidence) poll(p *result.SleepLoop, g *result.Group) candidate {
	var c candidate
	site := &e.Sites[p.Site]
	c.value, c.atMost = min(1, e.ofLength(p.SleptNs/int64(max(1, g.Count)))), "low"
	c.LostNs, c.LostOf = p.SleptNs, "goroutines"
	c.Culprit = where(site.Frames)
	c.Sentence = fmt.Sprintf("%s slept %s for %s in %s and ran for only %s in between, without a sign of doing anything: it seems to poll.",
		e.who(p.Group, site.Frames), counted(p.Rounds, "time", "times"), duration(p.SleptNs/p.Rounds), inner(site.Frames), duration(p.RunningNs/p.Rounds))
	c.Groups = []int{p.Group}
	c.At = worst(site.Worst)
	c.Stacks = stack("blocked", site.Frames)
	c.Evidence = map[string]float64{"rounds": float64(p.Rounds), "slept_ns": float64(p.SleptNs), "running_ns": float64(p.RunningNs), "spread": p.Spread, "goroutines": float64(g.Count)}
	return c
}
