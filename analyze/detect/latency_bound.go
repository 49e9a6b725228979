package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/result"
)

var latencyBound = Detector{
	Name:  "latency-bound",
	Title: "Bound by latency, at low concurrency",
	Doc: "For at least 70 % of the time nobody runs and goroutines wait for answers from outside the program, with fewer than two of them in progress for each processor: " +
		"more at once would get more done. Waiting for timers, and reading what others send, does not count.",
	whole:  true,
	remedy: "Have more requests in progress: more workers, a larger pool, or requests sent together.",
	caveat: "What answers may not be able to do more at once; the number of workers may be a limit that is meant.",
	Scale:  Scale{"share of the time in which all wait for the outside", Share, 0.5, 0.9},
	Bounds: []Threshold{leastWaiting, leastAnswers},
	find:   findLatencyBound,
}

var (
	leastWaiting = Threshold{"least-share", 0.7, Share, "share of the time in which all wait"}
	leastAnswers = Threshold{"least-answers", 10, Number, "waits for answers from outside"}
)

func findLatencyBound(e *evidence) []candidate {
	c := &e.Concurrency
	waiting := c.LatencyCauseNs["io"]
	site, answers, asked, other := e.asked()
	if site == nil || e.ofLength(waiting) < e.limit(leastWaiting) || answers < e.limitNs(leastAnswers) || asked < other || c.AverageEngaged >= 2*e.procs() {
		return nil
	}
	// Never above medium: the program does what it can (methods.md A.6). Low where
	// the load is others', as of a server's handlers; and where goroutines read their
	// answers themselves, as then they may as well wait for what is to come.
	f := candidate{value: e.ofLength(waiting), atMost: "medium"}
	if site.Kind == "network" || len(site.Groups) > 0 && code.IsLibrary(e.entry(site.Groups[0])) {
		f.atMost = "low"
	}
	f.LostNs, f.LostOf = e.Scheduler.IdleBlockedNs.IO, "processors"
	f.Culprit = where(site.Frames)
	f.Groups = site.Groups
	f.Sentence = fmt.Sprintf("For %s of the time nobody ran, while %s in progress waited for answers from outside: %s, %s in all, most of them in %s.",
		percent(f.value), onAverage(c.AverageEngaged), counted(answers, "answer", "answers"), duration(asked), inner(site.Frames))
	f.At = worst(site.Worst)
	f.Stacks = stack("blocked", site.Frames)
	f.Evidence = map[string]float64{
		"latency_bound_by_io_ns": float64(waiting), "average_engaged": c.AverageEngaged, "answers": float64(answers), "answers_wait_ns": float64(asked),
		"answer_mean_ns": float64(asked) / float64(answers),
	}
	f.clause = fmt.Sprintf("they waited for answers from outside, mostly in %s", inner(site.Frames))
	return []candidate{f}
}

// asked sums the waits for answers from outside: the site with most, their number,
// their time, and the time of the other waits for input and output.
func (e *evidence) asked() (site *result.Site, answers, askedNs, otherNs int64) {
	for i := range e.Sites {
		s := &e.Sites[i]
		answers += s.AskedWaits
		askedNs += s.AskedNs
		if s.Kind == "network" {
			otherNs += s.TotalNs - s.JoinNs - s.AskedNs
		}
		if s.AskedNs > 0 && (site == nil || s.AskedNs > site.AskedNs) {
			site = s
		}
	}
	return site, answers, askedNs, otherNs
}
