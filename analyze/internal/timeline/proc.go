package timeline

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
)

// occupant says what a P's goroutine does on it.
type occupant uint8

const (
	occupantNone occupant = iota
	occupantRunning
	occupantSyscall
)

// proc is the present state of one P.
type proc struct {
	seen    bool
	state   event.ProcState
	since   int64 // start of the present interval
	stopped int64 // the world's stopped time at since

	g          *goroutine
	does       occupant
	from       int64 // since when the goroutine does it
	busy, held int64 // within the present interval, clipped
}

// procTable is the Ps by ID. The rows of a trace are those below GOMAXPROCS at
// each instant; the converter of Go 1.11–1.21 makes up Ps with IDs of a million
// and more, which are no rows.
type procTable struct {
	procs []proc
	n     int32 // GOMAXPROCS; 0 until told
}

const maxProcs = 1 << 16

// get returns a P, or nil for what cannot be one.
func (t *procTable) get(id int32) *proc {
	if id < 0 || id >= maxProcs {
		return nil
	}
	for int(id) >= len(t.procs) {
		t.procs = append(t.procs, proc{state: event.ProcIdle})
	}
	return &t.procs[id]
}

// procTransition is an event of a P.
func (m *Machine) procTransition(ev *event.Event) {
	if ev.Subject >= maxProcs {
		return
	}
	id := int32(ev.Subject)
	p := m.procs.get(id)
	if p == nil {
		return
	}
	to := ev.ProcTo()
	if !p.seen {
		p.seen = true
		if ev.ProcFrom() == event.ProcUndetermined {
			// It has been in this state since the trace began.
			p.state = to
			return
		}
	}
	if to == p.state {
		return
	}
	if to == event.ProcIdle {
		m.takeAway(p, ev)
	}
	m.closeProc(id, p, to)
	p.state = to
}

// takeAway ends what a P's goroutine did on it. A goroutine in a system call
// stays there without it.
func (m *Machine) takeAway(p *proc, ev *event.Event) {
	if p.does == occupantSyscall {
		p.g.lostAt = m.now
		p.g.fate = FateStolen
		if ev.M == p.g.m {
			p.g.fate = FateStopped
		}
	}
	m.procs.settle(m, p)
	p.g, p.does = nil, occupantNone
}

// closeProc ends the present interval of a P, which is in state next then.
func (m *Machine) closeProc(id int32, p *proc, next event.ProcState) {
	m.procs.settle(m, p)
	stopped := m.world.stoppedUntil(m)
	if m.procs.n == 0 || id < m.procs.n {
		r := m.record(OpProc)
		r.P, r.Proc, r.ProcNext = id, p.state, next
		m.span(r, p.since, m.now)
		// Two goroutines on one P are damage; the row must not be overdrawn.
		r.Busy = min(p.busy, r.Ns())
		r.Held = min(p.held, r.Ns()-r.Busy)
		if p.state == event.ProcIdle {
			r.Busy, r.Held = 0, stopped-p.stopped
		}
	}
	p.since, p.stopped, p.busy, p.held = m.now, stopped, 0, 0
}

// occupy notes that a goroutine has its P.
func (t *procTable) occupy(m *Machine, g *goroutine, does occupant) {
	p := t.get(g.p)
	if p == nil {
		return
	}
	t.settle(m, p)
	p.g, p.does = g, does
}

// since notes that a goroutine has had its P since an earlier instant.
func (t *procTable) since(g *goroutine, at int64) {
	if p := t.get(g.p); p != nil && p.g == g {
		p.from = at
	}
}

// vacate notes that a goroutine leaves its P.
func (t *procTable) vacate(m *Machine, g *goroutine) {
	p := t.get(g.p)
	if p == nil || p.g != g {
		return
	}
	t.settle(m, p)
	p.g, p.does = nil, occupantNone
}

// settle accounts for what a P's goroutine did until now.
func (t *procTable) settle(m *Machine, p *proc) {
	if p.does != occupantNone {
		ns := m.clip(m.now) - m.clip(max(p.from, p.since))
		if p.does == occupantRunning {
			p.busy += ns
		} else {
			p.held += ns
		}
	}
	p.from = m.now
}

// procsChange is a change of GOMAXPROCS. The first value holds since the
// trace's start; Ps that leave or join the rows do so here.
func (m *Machine) procsChange(ev *event.Event) {
	n := int32(min(max(ev.Arg, 0), maxProcs))
	if n == m.procs.n {
		return
	}
	if m.procs.n > 0 {
		for id := range m.procs.procs {
			if p := &m.procs.procs[id]; p.state == event.ProcIdle || int32(id) >= n {
				m.closeProc(int32(id), p, p.state)
			}
		}
	}
	for id := int32(len(m.procs.procs)); id < n; id++ {
		p := m.procs.get(id)
		if m.procs.n > 0 {
			p.since, p.stopped = m.now, m.world.stoppedUntil(m)
		}
	}
	r := m.record(OpProcs)
	r.Value = int64(n)
	if m.procs.n == 0 {
		m.span(r, 0, 0)
	}
	m.procs.n = n
}

func (m *Machine) finishProcs() {
	for id := range m.procs.procs {
		p := &m.procs.procs[id]
		m.closeProc(int32(id), p, p.state)
	}
}
