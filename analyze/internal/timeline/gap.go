package timeline

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Gap is a stretch of the trace of which nothing is known, ns since its start.
type Gap struct {
	From, To int64
}

// gaps follows what is missing within the trace. At a gap's beginning whatever
// is open is closed; until its end every goroutine is in no known state. Behind
// it the generation tells all states anew: a goroutine that it names has been in
// that state since the gap's end, and one that it does not has ended in the gap.
type gaps struct {
	list   []Gap
	within bool  // no event behind the last one has come
	behind bool  // the generation behind the last one has not ended
	epoch  int64 // since when what is told is known: the trace's start, or the end of the last gap
}

// Gaps lists what is missing, by time.
func (m *Machine) Gaps() []Gap { return m.gaps.list }

// gapBegins closes what is open: from here on nothing is known.
func (m *Machine) gapBegins() {
	m.endUnnamed()
	for _, g := range m.inOrder() {
		m.closeInterval(g, m.now, event.GoUndetermined, m.kindAtEnd(g), FlagCensoredEnd|FlagGap)
		g.state, g.since, g.kind, g.flags, g.reason = event.GoUndetermined, m.now, waitkind.Unsaid, 0, event.ReasonNone
		g.stack, g.assist, g.stw = 0, false, false
	}
	m.finishProcs()
	m.finishRanges()
	m.gaps.list = append(m.gaps.list, Gap{From: m.now, To: m.now})
	m.gaps.within = true
}

// gapEnds begins the generation behind a gap.
func (m *Machine) gapEnds() {
	gap := &m.gaps.list[len(m.gaps.list)-1]
	gap.To = m.now
	m.gaps.within, m.gaps.behind, m.gaps.epoch = false, true, m.now
	m.span(m.record(OpGap), gap.From, gap.To)
	stopped := m.world.stoppedUntil(m)
	for i := range m.procs.procs {
		m.procs.procs[i] = proc{state: event.ProcIdle, since: m.now, stopped: stopped}
	}
}

// endUnnamed ends the goroutines that the generation behind a gap has not named.
func (m *Machine) endUnnamed() {
	if !m.gaps.behind {
		return
	}
	m.gaps.behind = false
	for _, g := range m.inOrder() {
		if g.state == event.GoUndetermined {
			m.endInGap(g)
		}
	}
}

// endInGap ends a goroutine of which nothing more is known than that it is gone
// behind a gap.
func (m *Machine) endInGap(g *goroutine) {
	if g.group == NoGroup {
		m.assignGroup(g, m.groups.id(Unidentified, 0, false))
	}
	m.closeInterval(g, m.gaps.epoch, event.GoNotExist, waitkind.Unsaid, 0).At = m.gaps.epoch
	m.goroutines.remove(g)
}

// reappear takes up a goroutine that a gap had hidden.
func (m *Machine) reappear(g *goroutine, ev *event.Event) {
	if ev.GoFrom() == event.GoNotExist {
		m.endInGap(g)
		m.create(ev)
		return
	}
	m.identify(g, ev.SubjectStack)
	m.closeInterval(g, m.gaps.epoch, ev.GoTo(), waitkind.Unsaid, 0)
	m.enterBefore(g, ev, m.gaps.epoch)
}

// inOrder are the living goroutines by ID.
func (m *Machine) inOrder() []*goroutine {
	live := m.goroutines.live()
	slices.SortFunc(live, func(a, b *goroutine) int { return cmp.Compare(a.id, b.id) })
	return live
}
