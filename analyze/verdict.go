package analyze

import (
	"fmt"
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
	waitingShare   = 0.3  // of the time with ready work that waits
	stalledShare   = 0.05 // of the time with ready work and nothing running
	saturatedShare = 0.8  // of the processors running user goroutines
)

// verdict answers in one sentence whether the program ran in parallel.
func verdict(r *result.Result) result.Verdict {
	v := measure(r)
	label, sentence := v.judge()
	return result.Verdict{Label: label, Sentence: sentence}
}

// measured is what the verdict goes by; shares are of the scope's length.
type measured struct {
	length                        time.Duration
	whole                         bool  // neither a window nor a filter
	filtered                      bool  // only some goroutines were asked for
	events                        int64 // of the whole trace
	procs                         float64
	user, runtime, syscalls, idle float64 // shares of the processors' time
	running                       float64 // goroutines, on average
	engaged                       float64
	any, many                     float64 // share with at least one, two goroutines running
	ready                         float64 // share with ready work that waits
	stalled                       float64 // share with ready work and nothing running
	goroutines                    int
}

func measure(r *result.Result) measured {
	length := r.Scope.DurationNs()
	m := measured{
		length: time.Duration(length), events: r.Trace.Events,
		filtered: r.Scope.Group != "" || r.Scope.Task != "",
		running:  r.Concurrency.AverageRunning, engaged: r.Concurrency.AverageEngaged,
		goroutines: r.Scope.Goroutines,
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
		m.user, m.runtime, m.syscalls, m.idle = of(p.User), of(p.GC+p.STW), of(p.Syscall), of(p.Idle)
	}
	m.ready, m.stalled = share(r.Scheduler.RunnableSomeNs), share(r.Scheduler.RunnableFullNs)
	return m
}

func (m measured) judge() (label, sentence string) {
	switch {
	case m.length < leastDuration || m.whole && m.events < leastEvents || m.goroutines == 0:
		return "too-little-data", fmt.Sprintf("Too little data to judge: %v and %s.", m.length.Round(time.Microsecond), goroutines(m.goroutines))
	case m.filtered:
		return m.judgeShape("of the selected goroutines ran on average")
	case m.any < idleShare && m.engaged < idleEngaged:
		return "idle", fmt.Sprintf("Idle: Go code ran for %.2g %% of the time, and next to nothing was in progress.", 100*m.any)
	case m.stalled >= stalledShare:
		return "starved", fmt.Sprintf("Starved: for %.0f %% of the time no goroutine of the program ran although some were ready; %s.", 100*m.stalled, m.holders())
	case m.ready >= waitingShare && m.running < saturatedShare*m.procs:
		return "starved", fmt.Sprintf("Starved: ready goroutines waited for a processor during %.0f %% of the time; %s.", 100*m.ready, m.holders())
	case m.ready >= waitingShare && m.procs >= 2:
		return "saturated", fmt.Sprintf("Saturated: %.2g of %.3g processors ran Go code on average, and ready goroutines waited for one during %.0f %% of the time.", m.running, m.procs, 100*m.ready)
	}
	return m.judgeShape(fmt.Sprintf("of %.3g processors ran Go code on average", m.procs))
}

// judgeShape says how much ran at once, whatever held it up; ran completes
// "1.2 …".
func (m measured) judgeShape(ran string) (label, sentence string) {
	busy := fmt.Sprintf("%.2g %s", m.running, ran)
	progress := fmt.Sprintf("%.3g goroutines were in progress", m.engaged)
	switch {
	case 1-m.any >= latencyShare:
		return "latency-bound", fmt.Sprintf("Latency-bound: none%s ran for %.0f %% of the time while %s.", m.ofThem(), 100*(1-m.any), progress)
	case m.many >= parallelShare*m.any:
		return "parallel", fmt.Sprintf("Parallel: %s, two or more at once for %.0f %% of the running time.", busy, 100*m.many/m.any)
	case m.many >= partlyShare*m.any:
		return "partly-parallel", fmt.Sprintf("Partly parallel: %s, two or more at once for only %.0f %% of the running time, while %s.", busy, 100*m.many/m.any, progress)
	case m.engaged >= 2:
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
	return fmt.Sprintf("of the processors' time %.0f %% went to user goroutines, %.0f %% to the runtime and its collector, %.0f %% was held in system calls, %.0f %% idle",
		100*m.user, 100*m.runtime, 100*m.syscalls, 100*m.idle)
}

// goroutines is a number of them in words.
func goroutines(n int) string {
	if n == 1 {
		return "1 goroutine"
	}
	return fmt.Sprintf("%d goroutines", n)
}
