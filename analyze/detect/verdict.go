package detect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/result"
)

// The bounds of the verdict: shares of the time in which anything was in
// progress, unless said otherwise.
const (
	idleShare    = 0.8  // of the scope in which nothing was in progress
	stalledShare = 0.1  // of the scope with ready work and nothing running
	starvedShare = 0.3  // of the scope with ready work that waits for other reasons than busy processors
	mostShare    = 0.5  // that makes a label
	partlyShare  = 0.05 // of running in parallel that is told
	muchShare    = 0.25 // of it that is no mere interleaving
)

// verdict answers in one sentence whether the program ran in parallel. The label
// follows from the partition of the wall time (methods.md A.5); what is to blame,
// from the first finding that is more than low.
func (e *evidence) verdict(found []candidate) result.Verdict {
	clause, meanwhile := "", false
	if len(found) > 0 && found[0].Severity != "low" {
		clause, meanwhile = found[0].clause, found[0].meanwhile
	}
	r := e.ruling()
	sentence := r.sentence
	switch {
	case r.label == "too-little-data":
	case clause == "" && r.why != "":
		sentence += " while " + r.why
	case meanwhile && r.why != "":
		sentence += " while " + clause
	case clause != "" && r.why != "":
		sentence += " while " + r.why + "; " + clause
	case clause != "":
		sentence += "; " + clause
	}
	return result.Verdict{Label: r.label, Sentence: sentence + ".", Rule: r.rule + "."}
}

// ruling is the verdict's label and sentence; why completes the sentence if no
// finding has anything better to say, and rule says by what the label was decided.
type ruling struct{ label, sentence, why, rule string }

func (e *evidence) ruling() ruling {
	c := &e.Concurrency
	p := c.PartitionNs
	if e.filtered() && e.Scope.Goroutines == 0 {
		return ruling{label: "too-little-data", sentence: "Nothing to judge: no goroutine of the trace matches the filter", rule: "There is nothing to decide by"}
	}
	if e.tooLittle() {
		return ruling{label: "too-little-data", sentence: fmt.Sprintf("Too little data to judge: %s, %s, %s in the trace",
			duration(e.length()), goroutines(int64(e.Scope.Goroutines)), counted(e.Trace.Events, "event", "events")),
			rule: fmt.Sprintf("A whole trace is judged from %s and %d events on, a window from %s", duration(int64(leastDuration)), leastEvents, duration(int64(leastWindow)))}
	}
	engaged := p.Engaged()
	// Of waits that began before the trace it is not told whether they were idle:
	// they make no verdict.
	untold := c.LatencyCauseNs["unknown"]
	if idle := e.ofLength(p.Idle + untold); idle >= idleShare {
		return ruling{label: "idle", sentence: e.idle(engaged - untold), rule: fmt.Sprintf(
			"For %s of the time nothing was in progress, or nothing but waits of which the trace does not tell what for: from %s on that is idle", percent(idle), percent(idleShare))}
	}
	engaged -= untold
	of := func(ns int64) float64 { return share(ns, engaged) }
	// inTime is a share of the time in which anything was in progress, in words.
	inTime := func(ns int64, what string) string {
		base := "Of the time in which anything was in progress"
		if untold > 0 {
			base += fmt.Sprintf(", without the %s of which the trace does not tell what was waited for", duration(untold))
		}
		return fmt.Sprintf("%s, %s %s", base, percent(of(ns)), what)
	}
	// largest says of the parts that none is large enough by itself.
	largest := func(ns int64, what string) string {
		return inTime(ns, what) + fmt.Sprintf("; one alone ran for %s, one among others for %s, two or more for %s, and none for %s: no part decides by itself, so the largest does",
			percent(of(p.Serial)), percent(of(p.Interleaved)), percent(of(p.Parallel)), percent(of(p.LatencyBound-untold)))
	}
	ready := e.Scheduler.ReadyCauseNs
	some := e.ofLength(e.Scheduler.RunnableSomeNs)
	held := ready.Sum() - ready.Saturated
	saturated := c.ParallelKindNs["saturated"]
	if e.procs() >= 1.5 {
		saturated += c.InterleavedCauseNs["capacity"]
	}
	pressed := !e.noise() && !e.filtered() // others may have run meanwhile
	switch {
	case e.ofLength(p.Stalled) >= stalledShare && pressed:
		return ruling{"starved", fmt.Sprintf("Starved: for %s of the time goroutines were ready and none ran; %s", percent(e.ofLength(p.Stalled)), e.holders()), "",
			fmt.Sprintf("For %s of the time goroutines were ready and none ran: from %s on that is starved", percent(e.ofLength(p.Stalled)), percent(stalledShare))}
	case some >= starvedShare && held*2 > ready.Sum() && pressed:
		return ruling{"starved", fmt.Sprintf("Starved: ready goroutines waited for a processor during %s of the time; %s", percent(some), e.holders()), "",
			fmt.Sprintf("For %s of the time goroutines were ready, and for more than half of their waiting for other reasons than that all processors ran goroutines: from %s of the time on that is starved", percent(some), percent(starvedShare))}
	case of(saturated) >= mostShare && pressed:
		return ruling{"saturated", fmt.Sprintf("Saturated: %s, and ready goroutines waited for one during %s of the time", e.busy(), percent(some)), "",
			inTime(saturated, "had no processor free while goroutines were ready") + fmt.Sprintf(": from %s on that is saturated", percent(mostShare))}
	case of(p.LatencyBound-untold) >= mostShare:
		return ruling{"latency-bound", e.latencyBound(), "", inTime(p.LatencyBound-untold, "saw all of it wait and nothing ready") + fmt.Sprintf(": from %s on that is latency-bound", percent(mostShare))}
	case of(p.Parallel) >= mostShare:
		return ruling{"parallel", fmt.Sprintf("Parallel: %s, two or more at once for %s of the time%s", e.busy(), percent(e.ofLength(p.Parallel)), e.mostlyIdle()), "",
			inTime(p.Parallel, "saw two or more goroutines run") + fmt.Sprintf(": from %s on that is parallel", percent(mostShare))}
	case of(p.Interleaved) >= mostShare && of(p.Parallel) < muchShare:
		sentence, why := e.interleaved()
		return ruling{"interleaved", sentence, why, inTime(p.Interleaved, "saw one goroutine run while others were in progress") +
			fmt.Sprintf(", and %s two or more: from %s on the first is interleaved, if the second is less than %s", percent(of(p.Parallel)), percent(mostShare), percent(muchShare))}
	case of(p.Parallel) >= partlyShare:
		return ruling{"partly-parallel", fmt.Sprintf("Partly parallel: %s, two or more at once for %s of the time and one alone for %s%s", e.busy(), percent(e.ofLength(p.Parallel)), percent(e.ofLength(p.Serial+p.Interleaved)), e.mostlyIdle()), "",
			inTime(p.Parallel, "saw two or more goroutines run") + fmt.Sprintf(": from %s on, where no part is large enough for another label, that is partly parallel", percent(partlyShare))}
	case p.LatencyBound-untold > max(p.Serial, p.Interleaved):
		return ruling{"latency-bound", e.latencyBound(), "", largest(p.LatencyBound-untold, "saw all of it wait and nothing ready")}
	case p.Serial >= p.Interleaved:
		return ruling{"serial", fmt.Sprintf("Serial: one thing at a time was in progress; %s%s", e.busy(), e.mostlyIdle()), "",
			largest(p.Serial, "saw one goroutine run and nothing else in progress")}
	}
	sentence, why := e.interleaved()
	return ruling{"interleaved", sentence, why, largest(p.Interleaved, "saw one goroutine run while others were in progress")}
}

// busy is how many goroutines ran of how many could.
func (e *evidence) busy() string {
	if e.filtered() {
		return average(e.Concurrency.AverageRunning) + " of the selected goroutines ran on average"
	}
	return fmt.Sprintf("%s of %s busy on average", average(e.Concurrency.AverageRunning), processors(e.procs()))
}

// mostlyIdle says for how long there was nothing to do, if that is much.
func (e *evidence) mostlyIdle() string {
	if idle := e.ofLength(e.Concurrency.PartitionNs.Idle); idle >= 0.2 {
		return fmt.Sprintf(", and nothing to do for %s", percent(idle))
	}
	return ""
}

func (e *evidence) idle(engaged int64) string {
	s := fmt.Sprintf("Idle: nothing was in progress for %s of the time", percent(e.ofLength(e.Concurrency.PartitionNs.Idle)))
	if engaged > 0 && e.ofLength(engaged) >= 0.01 {
		s += fmt.Sprintf("; of the other %s, goroutines ran for %s", duration(engaged), duration(e.ran()))
	}
	if untold := e.ofLength(e.Concurrency.LatencyCauseNs["unknown"]); untold >= partlyShare {
		s += fmt.Sprintf("; for %s the trace does not tell what goroutines waited for", percent(untold))
	}
	if n := e.silent(); n > 0 {
		s += fmt.Sprintf("; %s waited from the trace's start to its end", goroutines(n))
	}
	return s
}

// ran is for how long at least one goroutine ran.
func (e *evidence) ran() (ns int64) {
	for k, v := range e.Concurrency.RunningHistogramNs {
		if k > 0 {
			ns += v
		}
	}
	return ns
}

// silent counts the goroutines of which nothing is known but that they waited:
// idle ones and, in a service that hangs, its requests.
func (e *evidence) silent() (n int64) {
	for i := range e.Groups {
		for _, rest := range e.Groups[i].AtRest {
			if !e.Groups[i].System && rest.Rule == "whole-trace" {
				n += rest.Waits
			}
		}
	}
	return n
}

// waitedFor is how a sentence calls what most of the waiting was for.
var waitedFor = map[string]string{
	"io": "input or output", "timer": "timers", "sync": "each other", "syscall": "system calls", "cgo": "native code",
	"runtime": "the runtime", "coroutine": "each other", "unknown": "something that the trace does not tell",
}

func (e *evidence) latencyBound() string {
	cause, most := "", int64(0)
	for name, ns := range e.Concurrency.LatencyCauseNs {
		if name != "unknown" && (ns > most || ns == most && name < cause) {
			cause, most = name, ns
		}
	}
	return fmt.Sprintf("Latency-bound: for %s of the time nobody ran, while %s in progress waited, mostly for %s%s",
		percent(e.ofLength(e.Concurrency.PartitionNs.LatencyBound)), onAverage(e.Concurrency.AverageEngaged), waitedFor[cause], e.mostlyIdle())
}

// onAverage is a mean number of goroutines in words.
func onAverage(x float64) string {
	switch {
	case x < 0.95:
		return "at times a goroutine"
	case number(x) == "1":
		return "1 goroutine"
	}
	return number(x) + " goroutines"
}

// inProgress says that goroutines were.
func inProgress(x float64) string {
	if x < 0.95 || number(x) == "1" {
		return onAverage(x) + " was in progress"
	}
	return onAverage(x) + " were in progress"
}

// interleaved says whether that one goroutine runs at a time is due to those that
// do not.
func (e *evidence) interleaved() (sentence, why string) {
	c := &e.Concurrency
	cause, most := "", int64(0)
	for name, ns := range c.InterleavedCauseNs {
		if ns > most || ns == most && name < cause {
			cause, most = name, ns
		}
	}
	sentence = "Interleaved, not parallel: " + e.busy() + e.mostlyIdle()
	switch {
	case cause == "capacity" && e.procs() < 1.5 && !e.filtered():
		return sentence, onAverage(c.AverageEngaged) + " in progress took turns on it"
	case cause == "latency":
		return "Interleaved, not parallel: one goroutine at a time had something to run, " + e.busy() + ", the others waited for input, output or timers" + e.mostlyIdle(), ""
	case cause == "coroutine":
		return sentence, "the sides of an iterator took turns, as they are meant to"
	}
	return sentence, inProgress(c.AverageEngaged)
}

// holders says what the processors did while ready work waited.
func (e *evidence) holders() string {
	p := e.Scheduler.PTimeNs
	of := func(ns int64) string { return percent(e.ofCapacity(ns)) }
	return fmt.Sprintf("of the processors' time %s went to the program's goroutines, %s to the runtime and its collector, %s was held in system calls, %s idle or looking for work",
		of(p.User), of(p.GC+p.STW), of(p.Syscall), of(p.Idle+p.Spinning))
}
