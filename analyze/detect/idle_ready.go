package detect

import "fmt"

var idleWhileReady = Detector{
	Name:   "idle-while-ready",
	Title:  "Processors idle beside ready goroutines",
	Doc:    "Processors idle while goroutines are ready, beyond what waking up takes: at least a tenth of all processor time, with a median wait of 200 µs or more.",
	remedy: "Usually not the program's fault: look whether the machine or container has the processors that GOMAXPROCS says (a CPU quota, a busy neighbour).",
	caveat: "Waking a thread takes 20 to 150 µs on small virtual machines, and more where the cores are busy with other processes.",
	Scale:  Scale{"share of all processor time that idles beside ready goroutines", Share, 0.1, 0.3},
	Bounds: []Threshold{slowMedianReady},
	find:   findIdleWhileReady,
}

var slowMedianReady = Threshold{"least-latency", 200e3, Duration, "median wait for a processor"}

func findIdleWhileReady(e *evidence) []candidate {
	s := &e.Scheduler
	lost := s.IdleWhileReadyNs - s.IdleWhileReadyNoiseNs
	// methods.md F29 scores from 2 % on, but healthy servers on small machines
	// show 5 to 7 %: here the score begins where it has the trigger.
	if e.ofCapacity(lost) < e.low() || s.Latency.P50Ns < e.limitNs(slowMedianReady) {
		return nil
	}
	c := candidate{value: e.ofCapacity(lost), atMost: "medium"} // the machine's fault rather than the program's
	c.LostNs, c.LostOf = lost, "processors"
	c.Sentence = fmt.Sprintf("Processors idled for %s of their time while goroutines were ready; these waited %s at the median, %s at p99.",
		percent(c.value), duration(s.Latency.P50Ns), duration(s.Latency.P99Ns))
	c.At = worst(s.IdleWhileReadyWorst)
	c.Evidence = map[string]float64{
		"idle_while_ready_ns": float64(s.IdleWhileReadyNs), "noise_ns": float64(s.IdleWhileReadyNoiseNs), "latency_p50_ns": float64(s.Latency.P50Ns),
	}
	c.clause = "processors idled although goroutines were ready"
	return []candidate{c}
}
