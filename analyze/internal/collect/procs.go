package collect

import (
	"fmt"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
)

// procs sums what the processors did. Its parts sum to GOMAXPROCS integrated
// over the scope, for which time that no interval covers counts as idle: a P
// that Go 1.11–1.21 never mentions never ran.
type procs struct {
	gomaxprocs []result.Gomaxprocs
	changes    []int64 // when each value began to hold, within the window
	time       result.PTime
	busy       int64   // running a goroutine, by the Ps' own intervals
	most       int32   // Ps that were seen
	unnamed    []int64 // by slot: running ns before the goroutine was identified
	samples    int64
}

func newProcs() *procs { return &procs{} }

func (p *procs) born(r *timeline.Record) {
	for int(r.Slot) >= len(p.unnamed) {
		p.unnamed = append(p.unnamed, 0)
	}
	p.unnamed[r.Slot] = 0
}

// changed is a change of GOMAXPROCS.
func (p *procs) changed(r *timeline.Record) {
	p.gomaxprocs = append(p.gomaxprocs, result.Gomaxprocs{AtNs: r.At, N: int(r.Value)})
	p.changes = append(p.changes, r.Start)
}

func (p *procs) sample(r *timeline.Record) {
	if !r.Has(timeline.FlagOutside) {
		p.samples++
	}
}

func (p *procs) interval(r *timeline.Record) {
	if r.State == event.GoRunning {
		p.ran(r)
	}
}

// ran books a run. A goroutine that is not identified yet is taken for a user's.
func (p *procs) ran(r *timeline.Record) {
	if r.Has(timeline.FlagSystem) {
		p.time.GC += r.Ns()
		return
	}
	p.time.User += r.Ns()
	if r.Group == timeline.NoGroup {
		p.unnamed[r.Slot] += r.Ns()
	}
}

// identified moves what a goroutine ran before to where it belongs.
func (p *procs) identified(r *timeline.Record) {
	if r.Has(timeline.FlagSystem) {
		p.time.User -= p.unnamed[r.Slot]
		p.time.GC += p.unnamed[r.Slot]
	}
}

func (p *procs) proc(r *timeline.Record) {
	p.most = max(p.most, r.P+1)
	if r.Proc == event.ProcRunning {
		p.busy += r.Busy
		p.time.Syscall += r.Held
		p.time.Spinning += r.Ns() - r.Busy - r.Held
		return
	}
	p.time.STW += r.Held
}

// gap books a stretch of which nothing is known.
func (p *procs) gap(r *timeline.Record) {
	if n := len(p.gomaxprocs); n > 0 {
		p.time.Unknown += int64(p.gomaxprocs[n-1].N) * r.Ns()
	}
}

// Finish writes GOMAXPROCS and the processors' time.
func (p *procs) Finish(end *End, r *result.Result) {
	if len(p.gomaxprocs) == 0 && p.most > 0 {
		p.gomaxprocs, p.changes = []result.Gomaxprocs{{N: int(p.most)}}, []int64{0}
		r.Trace.Warnings = append(r.Trace.Warnings, result.Warning{
			Code:    "gomaxprocs-unknown",
			Message: fmt.Sprintf("the trace does not tell GOMAXPROCS (Go 1.21 and earlier tell only its changes); %d processors were seen", p.most),
		})
	}
	if len(p.gomaxprocs) > 0 {
		p.gomaxprocs[0].AtNs = 0 // told a little after the start, held from it
		p.changes[0] = end.From
	}
	r.Trace.Gomaxprocs = append([]result.Gomaxprocs{}, p.gomaxprocs...)
	r.Trace.CPUSamples = p.samples
	// In a whole trace a goroutine runs where a P does; a damaged one may
	// contradict itself, and then the Ps are believed.
	p.time.User = min(p.time.User, p.busy)
	p.time.GC = p.busy - p.time.User
	p.time.Idle = p.capacity(end.To) - p.time.Sum()
	r.Scheduler.PTimeNs = p.time
}

// capacity is GOMAXPROCS integrated over the scope.
func (p *procs) capacity(to int64) (ns int64) {
	for i, v := range p.gomaxprocs {
		until := to
		if i+1 < len(p.changes) {
			until = p.changes[i+1]
		}
		ns += int64(v.N) * max(0, until-p.changes[i])
	}
	return ns
}
