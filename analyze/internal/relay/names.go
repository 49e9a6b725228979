package relay

import (
	"github.com/conctrace/conctrace/analyze/internal/collect"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// names numbers what intervals were, and the stacks that they were on.
type names struct {
	opts   Options
	from   *event.Tables
	to     *interval.Tables
	cells  map[cellKey]int32
	stacks map[event.StackID]int32
	frames map[event.FrameID]int32
}

// cellKey is what an interval was, as records have it.
type cellKey struct {
	group  int32 // in the trace
	kind   waitkind.Kind
	stack  event.StackID
	reason event.ReasonID
	flags  timeline.Flags
	gap    bool
}

func newNames(o Options, from *event.Tables) names {
	return names{
		opts: o, from: from, to: interval.NewTables(), cells: map[cellKey]int32{},
		stacks: map[event.StackID]int32{0: 0}, frames: map[event.FrameID]int32{},
	}
}

// cellFlags are the flags by which cells differ.
const cellFlags = timeline.FlagInferred | timeline.FlagSwitch | timeline.FlagWholeTrace | timeline.FlagSystem

// cell is the number of what an interval was.
func (n *names) cell(g *life, r *timeline.Record) int32 {
	return n.of(cellKey{g.group, r.Kind, r.Stack, r.Reason, r.Flags&cellFlags | g.who, r.State == event.GoUndetermined})
}

// gap is the number of what nothing is known of.
func (n *names) gap(g *life) int32 {
	return n.of(cellKey{group: g.group, kind: waitkind.Unsaid, flags: g.who, gap: true})
}

func (n *names) of(key cellKey) int32 {
	if cell, ok := n.cells[key]; ok {
		return cell
	}
	rule, join := n.opts.Idle(collect.Place{Group: key.group, Kind: key.kind, Stack: key.stack, Whole: key.flags&timeline.FlagWholeTrace != 0})
	cell := int32(len(n.to.Cells))
	n.to.Cells = append(n.to.Cells, interval.Cell{
		Group: n.opts.GroupAt(key.group), Kind: key.kind, Stack: n.stack(key.stack), Reason: n.from.Reason(key.reason),
		Rule: rule, Join: join,
		Inferred: key.flags&timeline.FlagInferred != 0, Switch: key.flags&timeline.FlagSwitch != 0,
		Whole: key.flags&timeline.FlagWholeTrace != 0, System: key.flags&timeline.FlagSystem != 0, Gap: key.gap,
	})
	n.cells[key] = cell
	return cell
}

// stack is the number of a stack.
func (n *names) stack(id event.StackID) int32 {
	if s, ok := n.stacks[id]; ok {
		return s
	}
	var frames []int32
	for _, f := range n.from.Stack(id) {
		frames = append(frames, n.frame(f))
	}
	s := int32(len(n.to.Stacks))
	n.to.Stacks = append(n.to.Stacks, frames)
	n.stacks[id] = s
	return s
}

func (n *names) frame(id event.FrameID) int32 {
	if f, ok := n.frames[id]; ok {
		return f
	}
	frame := n.from.Frame(id)
	f := int32(len(n.to.Frames))
	n.to.Frames = append(n.to.Frames, result.Frame{Func: frame.Func, File: frame.File, Line: frame.Line})
	n.frames[id] = f
	return f
}
