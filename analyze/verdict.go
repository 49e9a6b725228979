package analyze

import (
	"fmt"
	"strconv"
	"time"

	"github.com/conctrace/conctrace/analyze/result"
)

// The bounds of the verdict. They follow methods.md: A.5 for what ran at once,
// A.6 for ready work that waited, section 4 for what is too little.
const (
	leastDuration = 20 * time.Millisecond
	leastEvents   = 100

	idleShare      = 0.02 // of the time with anything running
	idleEngaged    = 0.5  // goroutines in progress on average
	latencyShare   = 0.5  // of the time with nothing running
	parallelShare  = 0.5  // of the running time with two or more at once
	partlyShare    = 0.05
	waitingShare   = 0.3 // of the time with ready work that waits
	stalledShare   = 0.1 // of the time with ready work and nothing running
	saturatedShare = 0.8 // of the processors running user goroutines
	interleaved    = 1.5 // goroutines in progress on average

	// Below these, waiting for a processor is the machine's wake-up noise: 0.02
	// to 0.15 ms each (methods.md 0.3).
	noisyP90 = 200 * time.Microsecond
	noisyP99 = 5 * time.Millisecond
)

// verdict answers in one sentence whether the program ran in parallel.
func verdict(r *result.Result) result.Verdict {
	v := measure(r)
	label, sentence := v.judge()
	return result.Verdict{Label: label, Sentence: sentence}
}

// measured is what the verdict goes by; shares are of the scope's length.
type measured struct {
	length                                 time.Duration
	whole                                  bool  // neither a window nor a filter
	filtered                               bool  // only some goroutines were asked for
	events                                 int64 // of the whole trace
	procs                                  float64
	user, runtime, syscalls, looking, idle float64 // shares of the processors' time
	latency                                result.Latency
	running                                float64 // goroutines, on average
	engaged                                float64
	any, many                              float64 // share with at least one, two goroutines running
	ready                                  float64 // share with ready work that waits
	stalled                                float64 // share with ready work and nothing running
	goroutines                             int
	silent                                 int // goroutines that waited throughout
}

func measure(r *result.Result) measured {
	length := r.Scope.DurationNs()
	m := measured{
		length: time.Duration(length), events: r.Trace.Events,
		filtered: r.Scope.Group != "" || r.Scope.Task != "",
		running:  r.Concurrency.AverageRunning, engaged: r.Concurrency.AverageEngaged,
		goroutines: r.Scope.Goroutines, latency: r.Scheduler.Latency,
	}
	for _, g := range r.Groups {
		for _, rest := range g.AtRest {
			if !g.System && rest.Rule == "whole-trace" {
				m.silent += int(rest.Waits)
			}
		}
	}
	m.whole = !m.filtered && length == r.Trace.DurationNs
	if length <= 0 {
		return m
	}
	share := func(ns int64) float64 { return float64(ns) / float64(length) }
	for k, ns := range r.Concurrency.RunningHistogramNs {
		if k >= 1 {
			m.any += share(ns)
		}
		if k >= 2 {
			m.many += share(ns)
		}
	}
	p := r.Scheduler.PTimeNs
	m.procs = share(p.Sum())
	if p.Sum() > 0 {
		of := func(ns int64) float64 { return float64(ns) / float64(p.Sum()) }
		m.user, m.runtime, m.syscalls = of(p.User), of(p.GC+p.STW), of(p.Syscall)
		m.looking, m.idle = of(p.Spinning), of(p.Idle)
	}
	m.ready, m.stalled = share(r.Scheduler.RunnableSomeNs), share(r.Scheduler.RunnableFullNs)
	return m
}

func (m measured) judge() (label, sentence string) {
	switch {
	case m.length < leastDuration || m.whole && m.events < leastEvents || m.goroutines == 0:
		return "too-little-data", fmt.Sprintf("Too little data to judge: %v, %s, %d events in the trace.", m.length.Round(time.Microsecond), goroutines(m.goroutines), m.events)
	case m.filtered:
		return m.judgeShape("of the selected goroutines ran on average")
	case m.any < idleShare && m.engaged < idleEngaged:
		return "idle", fmt.Sprintf("Idle: the program's goroutines ran for %s of the time, and next to nothing was in progress%s.", percent(m.any), m.silence())
	case m.stalled >= stalledShare && !m.noise():
		return "starved", fmt.Sprintf("Starved: for %s of the time no goroutine of the program ran although some were ready; %s.", percent(m.stalled), m.holders())
	case m.ready >= waitingShare && m.running < saturatedShare*m.procs && !m.noise():
		return "starved", fmt.Sprintf("Starved: ready goroutines waited for a processor during %s of the time; %s.", percent(m.ready), m.holders())
	case m.ready >= waitingShare && m.procs >= 2 && !m.noise():
		return "saturated", fmt.Sprintf("Saturated: %s of %s processors ran Go code on average, and ready goroutines waited for one during %s of the time.", number(m.running), number(m.procs), percent(m.ready))
	}
	return m.judgeShape("of " + number(m.procs) + " processors ran Go code on average")
}

// judgeShape says how much ran at once, whatever held it up; ran completes
// "1.2 …".
func (m measured) judgeShape(ran string) (label, sentence string) {
	busy := number(m.running) + " " + ran
	progress := number(m.engaged) + " goroutines were in progress"
	switch {
	case 1-m.any >= latencyShare:
		return "latency-bound", fmt.Sprintf("Latency-bound: for %s of the time none%s ran, while %s on average.", percent(1-m.any), m.ofThem(), progress)
	case m.many >= parallelShare*m.any:
		return "parallel", fmt.Sprintf("Parallel: %s, two or more at once for %s of the running time.", busy, percent(m.many/m.any))
	case m.many >= partlyShare*m.any:
		return "partly-parallel", fmt.Sprintf("Partly parallel: %s, two or more at once for only %s of the running time, while %s.", busy, percent(m.many/m.any), progress)
	case m.engaged >= interleaved || m.ready >= waitingShare:
		return "interleaved", fmt.Sprintf("Interleaved, not parallel: %s while %s.", busy, progress)
	}
	return "serial", fmt.Sprintf("Serial: one goroutine at a time had something to do; %s.", busy)
}

// ofThem says of whom a sentence speaks.
func (m measured) ofThem() string {
	if m.filtered {
		return " of the selected goroutines"
	}
	return " of the program's goroutines"
}

// holders says what the processors did while ready work waited.
func (m measured) holders() string {
	return fmt.Sprintf("of the processors' time %s went to them, %s to the runtime and its collector, %s was held in system calls, %s went into looking for work, %s was idle",
		percent(m.user), percent(m.runtime), percent(m.syscalls), percent(m.looking), percent(m.idle))
}

// silence names the goroutines of which nothing is known but that they waited:
// idle ones and, in a service that hangs, its requests.
func (m measured) silence() string {
	if m.silent == 0 {
		return ""
	}
	return fmt.Sprintf("; %s waited from the trace's start to its end", goroutines(m.silent))
}

// noise says whether goroutines waited for a processor no longer than a wake-up
// takes.
func (m measured) noise() bool {
	return m.latency.P90Ns < int64(noisyP90) && m.latency.P99Ns < int64(noisyP99)
}

// number is an average in words: two digits below ten, whole above.
func number(x float64) string {
	if x >= 9.95 {
		return strconv.FormatFloat(x, 'f', 0, 64)
	}
	return strconv.FormatFloat(x, 'g', 2, 64)
}

// percent is a share in words. All but a little is not all.
func percent(x float64) string {
	switch p := 100 * x; {
	case p > 0 && p < 1:
		return "under 1 %"
	case p > 99.5 && p < 100:
		return "over 99 %"
	default:
		return strconv.FormatFloat(p, 'f', 0, 64) + " %"
	}
}

// goroutines is a number of them in words.
func goroutines(n int) string {
	if n == 1 {
		return "1 goroutine"
	}
	return fmt.Sprintf("%d goroutines", n)
}
