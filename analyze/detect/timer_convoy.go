package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var timerConvoy = Detector{
	Name:  "timer-convoy",
	Title: "Timers fire together",
	Doc: "Again and again timers end the waits of many goroutines together, at least half of those that wait at the place, in even periods: " +
		"they queue for the processors, and idle until the next time. Never more than medium.",
	remedy: "Start the tickers at different moments, or add a random part to each period.",
	caveat: "Goroutines that must act at the same moment are meant to do this.",
	Scale:  Scale{"share of the time for which they queue", Share, 0.05, 0.2},
	Bounds: []Threshold{leastTicks, leastTogether, mostUneven, mostApart, leastMeanReady},
	find:   findTimerConvoy,
}

var (
	leastTicks    = Threshold{"least-times", 10, Number, "how often timers end many waits at once"}
	leastTogether = Threshold{"least-together", 0.5, Share, "share of those that wait at the place that wake together"}
	// Above what a wake-up takes.
	leastMeanReady = Threshold{"least-mean", 500e3, Duration, "mean wait for a processor of those who wake"}
	mostApart      = Threshold{"most-apart", 0.25, Share, "share of the period from the first to the last that is woken"}
	mostUneven     = Threshold{"most-uneven", 0.2, Number, "coefficient of variation of the periods"}
)

func findTimerConvoy(e *evidence) []candidate {
	var out []candidate
	for i := range e.Patterns.Volleys {
		v := &e.Patterns.Volleys[i]
		size := float64(v.Woken) / float64(max(1, v.Count))
		if v.WakerGroup >= 0 || meant(e.Sites[v.Site].Rule) || v.ReadyNs < e.limitNs(leastMeanReady)*v.Woken || len(v.WakerFrames) > 0 || v.Count < e.limitNs(leastTicks) || size < e.limit(leastTogether)*float64(v.Waiters) || size < 2*e.procs() || v.PeriodSpread > e.limit(mostUneven) ||
			float64(v.LengthNs) > e.limit(mostApart)*float64(v.PeriodNs)*float64(v.Count) {
			continue
		}
		out = append(out, e.timerConvoy(v, size))
	}
	return out
}

func (e *evidence) timerConvoy(v *result.Volley, size float64) candidate {
	var c candidate
	// Twice the mean wait is how long the queue lasts.
	queued := 2 * v.ReadyNs / max(1, v.Woken) * v.Count
	c.value, c.atMost = min(1, e.ofLength(queued)), "medium"
	if e.Sites[v.Site].Kind == "sleep" {
		c.atMost = "low" // each has its own time, which they have in common by chance
	}
	c.LostNs, c.LostOf = v.ReadyNs, "goroutines"
	site := &e.Sites[v.Site]
	c.Culprit = where(site.Frames)
	c.Sentence = fmt.Sprintf("Timers woke %s goroutines in %s together, %s, every %s; they waited %s for a processor in all, the last of them up to %s.",
		number(size), inner(site.Frames), counted(v.Count, "time", "times"), duration(v.PeriodNs), duration(v.ReadyNs), duration(v.LongestDrainNs))
	c.Groups, c.Victims = site.Groups, site.Groups
	c.At = v.At
	c.Stacks = stack("blocked", site.Frames)
	c.Evidence = map[string]float64{
		"times": float64(v.Count), "woken": float64(v.Woken), "period_ns": float64(v.PeriodNs), "period_spread": v.PeriodSpread, "ready_ns": float64(v.ReadyNs), "longest_drain_ns": float64(v.LongestDrainNs),
	}
	c.clause = fmt.Sprintf("timers in %s fired together", inner(site.Frames))
	return c
}
