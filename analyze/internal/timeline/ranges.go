package timeline

import (
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// openRange is a range of runtime work that has begun.
type openRange struct {
	open  bool
	since int64
	flags Flags
}

// world is whether the world is stopped, by whom and since when.
type world struct {
	openRange
	g      int64
	reason event.ReasonID
	stack  event.StackID // on which it was stopped
	total  int64         // of the stops that ended, clipped to the window
	sweeps map[int32]openRange
}

// stoppedUntil is for how long the world was stopped until now, within the
// window.
func (w *world) stoppedUntil(m *Machine) int64 {
	if !w.open {
		return w.total
	}
	return w.total + m.clip(m.now) - m.clip(w.since)
}

// rangeBegin opens a range, or takes up one that is older than the trace.
func (m *Machine) rangeBegin(ev *event.Event) {
	open := openRange{open: true, since: m.now}
	active := ev.Kind == event.RangeActive
	if !active {
		m.identifyContext(m.goroutines.get(ev.G), ev)
	}
	if active {
		open.since, open.flags = 0, FlagCensoredStart
	}
	switch ev.Range {
	case event.RangeMark:
		if !m.mark.open {
			m.mark = open
		}
	case event.RangeSTW:
		m.stopWorld(ev, open)
	case event.RangeSweep:
		if p := int32(ev.Subject); !m.world.sweeps[p].open {
			if m.world.sweeps == nil {
				m.world.sweeps = make(map[int32]openRange)
			}
			m.world.sweeps[p] = open
		}
	case event.RangeMarkAssist:
		if g := m.goroutines.get(ev.Subject); g != nil && !g.assist {
			if !active {
				m.split(g, ev.Stack, 0)
			}
			g.assist = true
		}
	}
}

// rangeEnd closes a range.
func (m *Machine) rangeEnd(ev *event.Event) {
	switch ev.Range {
	case event.RangeMark:
		m.endMark(0)
	case event.RangeSTW:
		m.startWorld(0)
	case event.RangeSweep:
		m.endSweep(int32(ev.Subject), 0)
	case event.RangeMarkAssist:
		if g := m.goroutines.get(ev.Subject); g != nil && g.assist {
			m.split(g, ev.Stack, 0)
			g.assist = false
		}
	}
}

func (m *Machine) stopWorld(ev *event.Event, open openRange) {
	if m.world.open {
		return
	}
	if g := m.goroutines.get(ev.Subject); g != nil {
		m.split(g, ev.Stack, FlagSplit)
		g.stw = true
	}
	m.world.openRange, m.world.g, m.world.reason, m.world.stack = open, ev.Subject, ev.Reason, ev.Stack
	r := m.record(OpStop)
	r.Reason = ev.Reason
	m.span(r, open.since, open.since)
}

func (m *Machine) startWorld(flags Flags) {
	w := &m.world
	if !w.open {
		return
	}
	w.total = w.stoppedUntil(m)
	w.open = false
	if g := m.goroutines.get(w.g); g != nil {
		m.split(g, w.stack, FlagSplit)
		g.stw = false
	}
	r := m.closeRange(event.RangeSTW, w.openRange, flags)
	r.Reason, r.G, r.Slot, r.Stack = w.reason, w.g, m.goroutines.slotOf(w.g), w.stack
}

func (m *Machine) endMark(flags Flags) {
	if m.mark.open {
		m.closeRange(event.RangeMark, m.mark, flags)
		m.mark = openRange{}
	}
}

func (m *Machine) endSweep(p int32, flags Flags) {
	if open := m.world.sweeps[p]; open.open {
		delete(m.world.sweeps, p)
		m.closeRange(event.RangeSweep, open, flags).P = p
	}
}

func (m *Machine) closeRange(kind event.Range, open openRange, flags Flags) *Record {
	r := m.record(OpRange)
	r.Range = kind
	r.Flags |= open.flags | flags
	m.span(r, open.since, m.now)
	return r
}

func (m *Machine) finishRanges() {
	m.startWorld(FlagCensoredEnd)
	m.endMark(FlagCensoredEnd)
	ps := make([]int32, 0, len(m.world.sweeps))
	for p := range m.world.sweeps {
		ps = append(ps, p)
	}
	slices.Sort(ps)
	for _, p := range ps {
		m.endSweep(p, FlagCensoredEnd)
	}
}
