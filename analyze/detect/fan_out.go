package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/result"
)

var oversubscribedFanOut = Detector{
	Name:  "oversubscribed-fan-out",
	Title: "More goroutines compute than there are processors",
	Doc: "Many goroutines that one go statement started do nothing but compute, at least four for each processor at once, and are most of all that wait for one, " +
		"for at least 30 % of the time: they take turns and gain nothing by it. " +
		"Low where nobody else waits for a processor for long: goroutines are cheap.",
	remedy: "Start as many as there are processors (errgroup.SetLimit, a semaphore, a pool of GOMAXPROCS workers), or one less where others must answer quickly.",
	caveat: "Where no other goroutine must be quick, a wide fan-out costs little but memory.",
	Scale:  Scale{"ready goroutines beyond the processors, on average, divided by these", Number, 0.15, 1},
	Bounds: []Threshold{leastCrowded, leastWidth, leastReadyShare, leastRunning, leastComputing, lateFanOut, leastAfterIO},
	find:   findFanOut,
}

var (
	leastCrowded    = Threshold{"least-time", 0.3, Share, "share of the time with all processors busy and goroutines ready"}
	leastWidth      = Threshold{"least-width", 4, Number, "goroutines of the group in progress at once, for each processor"}
	leastReadyShare = Threshold{"least-share", 0.5, Share, "share of all waiting for a processor that is the group's"}
	leastRunning    = Threshold{"least-running", 0.5, Share, "share of all running time that is the group's"}
	leastComputing  = Threshold{"least-computing", 0.8, Share, "share of their time in progress in which they run or are ready"}
	lateFanOut      = Threshold{"late-answer", 1e6, Duration, "p99 of waits for a processor after input or output of others, below which it is low"}
)

func findFanOut(e *evidence) []candidate {
	over := e.ofCapacity(e.Concurrency.ExcessDemandNs)
	crowded := e.Concurrency.ParallelKindNs["saturated"] + e.Concurrency.InterleavedCauseNs["capacity"]
	if over < e.low() || e.ofLength(crowded) < e.limit(leastCrowded) || e.noise() {
		return nil
	}
	for i := range e.Groups {
		if g := &e.Groups[i]; !g.System && share(g.Time.RunnableNs, e.allReady()) >= e.limit(leastReadyShare) && e.fansOut(g) {
			return []candidate{e.fanOut(g, over)}
		}
	}
	return nil
}

// fansOut says whether goroutines of a group were started to compute side by side. A
// server's are as many as there are clients, and wait for them in between; methods.md F12
// tells them by preemptions, of which goroutines have none that are shorter than a slice.
func (e *evidence) fansOut(g *result.Group) bool {
	width := e.limit(leastWidth) * e.procs()
	t := &g.Time
	return share(t.RunningNs, e.Time.RunningNs) >= e.limit(leastRunning) && g.CreatedBy != "" && (!code.IsLibrary(g.Name) || startsOthers(g.Name)) && float64(g.Parallelism.MostEngaged) >= width && float64(g.Count) >= width &&
		share(t.RunningNs+t.RunnableNs, t.LifetimeNs-t.AtRestNs) >= e.limit(leastComputing)
}

func (e *evidence) fanOut(g *result.Group, over float64) candidate {
	var c candidate
	c.value = over
	c.LostNs, c.LostOf = e.Concurrency.ExcessDemandNs, "goroutines"
	late := e.lateBeside(g.ID)
	c.Sentence = fmt.Sprintf("Up to %s of %s, created by %s, were in progress at once on %s: on average %s more were ready than could run, %s of the waiting for a processor.",
		goroutines(int64(g.Parallelism.MostEngaged)), e.groupName(g.ID), createdBy(g), processors(e.procs()), number(over*e.procs()), percent(share(g.Time.RunnableNs, e.allReady())))
	if late == nil || late.AfterIO.P99Ns < e.limitNs(lateFanOut) {
		c.atMost = "low"
	} else {
		c.Victims = []int{late.ID}
		c.Sentence += fmt.Sprintf(" Meanwhile %s waited up to %s for a processor after its input or output.", e.groupName(late.ID), duration(late.AfterIO.MaxNs))
	}
	c.Culprit = g.CreatedBy
	c.Groups = []int{g.ID}
	c.At = readyMoments(e.Scheduler.Worst)
	c.Evidence = map[string]float64{
		"excess_demand_ns": float64(e.Concurrency.ExcessDemandNs), "goroutines": float64(g.Count), "most_at_once": float64(g.Parallelism.MostEngaged),
		"average_demand": e.Concurrency.AverageDemand, "group_ready_ns": float64(g.Time.RunnableNs),
	}
	c.meanwhile = true
	c.clause = fmt.Sprintf("up to %s of %s took turns on %s", goroutines(int64(g.Parallelism.MostEngaged)), e.groupName(g.ID), processors(e.procs()))
	return c
}

// allReady is the time of all goroutines' waiting for a processor, ns.
func (e *evidence) allReady() (ns int64) {
	for i := range e.Groups {
		if !e.Groups[i].System {
			ns += e.Groups[i].Time.RunnableNs
		}
	}
	return ns
}

// lateBeside is the group, other than one, that waited longest for a processor after
// its input or output, nil if none did a few times.
func (e *evidence) lateBeside(but int) *result.Group {
	var late *result.Group
	for i := range e.Groups {
		g := &e.Groups[i]
		if i != but && !g.System && g.AfterIO.Count >= e.limitNs(leastAfterIO) && (late == nil || g.AfterIO.P99Ns > late.AfterIO.P99Ns) {
			late = g
		}
	}
	return late
}
