package lanes

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
	tables *event.Tables
	log    *interval.Log
	cells  map[cellKey]int32
	keys   []cellKey // of cells that are no stand-ins, by cell
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

func newNames(o Options, tables *event.Tables, log *interval.Log) names {
	return names{
		opts: o, tables: tables, log: log, cells: map[cellKey]int32{},
		stacks: map[event.StackID]int32{0: 0}, frames: map[event.FrameID]int32{},
	}
}

// cellFlags are the flags by which cells differ.
const cellFlags = timeline.FlagInferred | timeline.FlagSwitch | timeline.FlagWholeTrace | timeline.FlagSystem

// cell is the number of what an interval was.
func (n *names) cell(g *life, r *timeline.Record) int32 {
	return n.of(cellKey{g.group, r.Kind, r.Stack, r.Reason, r.Flags & cellFlags, r.State == event.GoUndetermined})
}

// gap is the number of what nothing is known of.
func (n *names) gap(g *life) int32 {
	return n.of(cellKey{group: g.group, kind: waitkind.Unsaid, gap: true})
}

func (n *names) of(key cellKey) int32 {
	if cell, ok := n.cells[key]; ok {
		return cell
	}
	group, rule, join := -1, "", false
	if key.group != timeline.NoGroup {
		group = n.opts.GroupAt(key.group)
		rule, join = n.opts.Idle(collect.Place{Group: key.group, Kind: key.kind, Stack: key.stack, Whole: key.flags&timeline.FlagWholeTrace != 0})
	}
	cell := int32(len(n.log.Cells))
	n.log.Cells = append(n.log.Cells, interval.Cell{
		Group: group, Kind: key.kind, Stack: n.stack(key.stack), Reason: n.tables.Reason(key.reason),
		Rule: rule, Join: join,
		Inferred: key.flags&timeline.FlagInferred != 0, Switch: key.flags&timeline.FlagSwitch != 0,
		Whole: key.flags&timeline.FlagWholeTrace != 0, System: key.flags&timeline.FlagSystem != 0, Gap: key.gap,
	})
	for len(n.keys) < int(cell) {
		n.keys = append(n.keys, cellKey{}) // of stand-ins
	}
	n.keys = append(n.keys, key)
	n.cells[key] = cell
	return cell
}

// moved is the cell of an interval whose goroutine has got its group.
func (n *names) moved(cell int32, g *life) int32 {
	key := n.keys[cell]
	key.group = g.group
	if g.System {
		key.flags |= timeline.FlagSystem
	}
	return n.of(key)
}

// stack is the number of a stack in the Log.
func (n *names) stack(id event.StackID) int32 {
	if s, ok := n.stacks[id]; ok {
		return s
	}
	var frames []int32
	for _, f := range n.tables.Stack(id) {
		frames = append(frames, n.frame(f))
	}
	s := int32(len(n.log.Stacks))
	n.log.Stacks = append(n.log.Stacks, frames)
	n.stacks[id] = s
	return s
}

func (n *names) frame(id event.FrameID) int32 {
	if f, ok := n.frames[id]; ok {
		return f
	}
	frame := n.tables.Frame(id)
	f := int32(len(n.log.Frames))
	n.log.Frames = append(n.log.Frames, result.Frame{Func: frame.Func, File: frame.File, Line: frame.Line})
	n.frames[id] = f
	return f
}
