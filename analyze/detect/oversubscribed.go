package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

var oversubscribedMachine = Detector{
	Name:  "oversubscribed-machine",
	Title: "Fewer cores than GOMAXPROCS",
	Doc: "Running goroutines did not have a core for at least a fifth of their time, by the CPU samples in the trace, or GOMAXPROCS is above the number of cores given with --cpus. " +
		"Everything that the trace calls running and parallel is then less than it seems.",
	whole:  true,
	remedy: "Set GOMAXPROCS to the cores there are (Go 1.25 and later follow a container's limit), raise the quota, or move the neighbours away.",
	caveat: "Samples are taken every 10 ms of processor time unless the program set another rate, which a trace does not tell.",
	Scale:  Scale{"share of the running time without a core", Share, 0.2, 0.5},
	find:   findOversubscribed,
}

func findOversubscribed(e *evidence) []candidate {
	c := candidate{}
	on := e.Concurrency.OnCPU
	switch {
	case on != nil && 1-on.Ratio >= e.low():
		c.value = 1 - on.Ratio
		c.LostNs, c.LostOf = int64(c.value*float64(on.RunningNs)), "processors"
		c.Sentence = fmt.Sprintf("Running goroutines had a core for only %s of their time (%s): the %s that ran at once on average were really about %s.",
			percent(on.Ratio), counted(on.Samples, "CPU sample", "CPU samples"), average(e.Concurrency.AverageParallelism), average(e.Concurrency.AverageParallelism*on.Ratio))
		c.Evidence = map[string]float64{"on_cpu_ratio": on.Ratio, "samples": float64(on.Samples), "gomaxprocs": e.procs()}
	case e.Scope.CPUs > 0 && e.Concurrency.AverageRunning > 0 && e.procs() > float64(e.Scope.CPUs):
		over := e.above(e.Scope.CPUs)
		if over <= 0 {
			return nil
		}
		// What ran beyond the cores took turns with the rest: a share of what ran.
		c.LostNs, c.LostOf = e.beyond(e.Scope.CPUs), "goroutines"
		c.value = share(c.LostNs, e.ranInAll())
		c.Sentence = fmt.Sprintf("GOMAXPROCS is %s on %s: more goroutines than cores ran at once for %s of the time, and took turns on them.",
			number(e.procs()), counted(int64(e.Scope.CPUs), "core", "cores"), percent(e.ofLength(over)))
		c.Evidence = map[string]float64{"gomaxprocs": e.procs(), "cpus": float64(e.Scope.CPUs), "more_than_cores_ns": float64(over)}
	default:
		return nil
	}
	if top := e.top(3, func(g *result.Group) int64 { return g.Time.RunningNs }); len(top) > 0 {
		c.Groups, c.Victims, c.Culprit = top, top, e.entry(top[0])
	}
	c.At = worst(e.Concurrency.Longest["parallel"])
	c.clause = "running goroutines did not have a core of their own"
	return []candidate{c}
}

// above is for how long more goroutines ran than there are cores.
func (e *evidence) above(cpus int) (ns int64) {
	for k, v := range e.Concurrency.RunningHistogramNs {
		if k > cpus {
			ns += v
		}
	}
	return ns
}

// beyond is the running time of goroutines beyond the cores, ns.
func (e *evidence) beyond(cpus int) (ns int64) {
	for k, v := range e.Concurrency.RunningHistogramNs {
		ns += int64(max(0, k-cpus)) * v
	}
	return ns
}

// ranInAll is the running time of all goroutines, ns.
func (e *evidence) ranInAll() (ns int64) {
	for k, v := range e.Concurrency.RunningHistogramNs {
		ns += int64(k) * v
	}
	return ns
}
