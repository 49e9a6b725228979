// Package interval is what each goroutine of a trace did, one interval after the
// other, as far as it fits into memory.
//
// It stands beside result.Result, which has the sums: a page or an export that
// shows single moments takes both. There are two ways to get it: as a Log, which is
// in memory, and as a Sink, which is handed one thing after the other and need not hold
// any of it.
//
// A Log is plain data, but for Coarsen, which makes
// it smaller: intervals shorter than a length are no longer told one by one, and the
// sums of what they were stay, by stretch of time (a bin) and by what they were (a
// cell).
//
// Instants are nanoseconds since the trace's start, durations nanoseconds.
package interval

import (
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Tables are what others refer to by index.
type Tables struct {
	Frames []result.Frame
	Stacks [][]int32 // leaf first; stack 0 is empty
	// Cells are what intervals were.
	Cells []Cell
}

// StackOf are the frames of a stack, leaf first.
func (t *Tables) StackOf(stack int32) []result.Frame {
	out := make([]result.Frame, len(t.Stacks[stack]))
	for i, f := range t.Stacks[stack] {
		out[i] = t.Frames[f]
	}
	return out
}

// NewTables returns Tables that have the empty stack.
func NewTables() *Tables { return &Tables{Stacks: [][]int32{nil}} }

// Log is what the goroutines of a trace did between From and To.
type Log struct {
	From, To int64
	*Tables
	// Goroutines are those with an interval, by ID.
	Goroutines []*Goroutine

	// Intervals is how many there were; those shorter than BelowNs were merged.
	Intervals, BelowNs int64
	// Seen is how many goroutines there were, in the Log or not.
	Seen int

	// Rest is the time of merged intervals by bin and cell, Lengths how long they
	// were, those at rest left out, ProcRest on which Ps they ran.
	BinNs, LengthBinNs int64
	Rest               map[RestKey]RestSum
	Lengths            map[LengthKey]int64
	ProcRest           map[ProcKey]ProcSum

	// Sweep is how many user goroutines ran, and under which label of
	// result.Partition, by stretch of time.
	Sweep Sweep

	Ranges  []Range
	Heap    []Heap
	Tasks   []Task
	Regions []Region
	Logs    []Line
	Samples []Sample
	// Total counts the tasks and the like that there were.
	Total Totals

	merged map[mergedKey]int32 // cells that stand for merged intervals
}

// Totals counts what there was in the trace, in the Log or not.
type Totals struct {
	Tasks, Regions, Logs, Samples, Ranges, Heap int64
}

// Cell is what an interval was: one kind of time of a group on one stack.
type Cell struct {
	Group  int // in result.Result.Groups, -1 if it is not there
	Kind   waitkind.Kind
	Stack  int32  // where it blocked, left the processor or entered the system call
	Reason string // the runtime's own word for a wait
	Rule   string // by which it is at rest, "" if it is not
	// Join says that whoever waits here is represented by others, as they that it
	// waits for: it is not in progress by itself.
	Join bool
	// Inferred says that the kind was read off a stack.
	Inferred bool
	// Switch is the instant between the two sides of a coroutine switch.
	Switch bool
	// Whole says that it lasted from the trace's start to its end.
	Whole bool
	// Gap says that it lies in a part of the trace that is missing.
	Gap bool
	// System says that the goroutine is the runtime's or the tracer's own.
	System bool
	// Merged stands for several intervals that were merged. Kind is one that had more
	// than half of the time, if any had.
	Merged bool
}

// Goroutine is one goroutine. Its intervals follow each other without a hole.
type Goroutine struct {
	ID     int64
	Group  int
	Parent int64 // its creator, event.NoG where the trace does not tell
	Start  int64 // of the first interval
	// Older says that it is older than the trace or the window, Open that it was
	// still there at the end, System that it is the runtime's or the tracer's own.
	Older, Open, System bool
	Intervals           []Interval
}

// Interval is what a goroutine did for some time.
type Interval struct {
	Ns int64
	// Who is of a running goroutine its P, of a wait the goroutine that ended it; -1
	// where there was none. Of merged intervals it is how many they are.
	Who   int64
	Cell  int32
	Stack int32 // the waker's
	// Keep says that something in the report points here: it is never merged.
	Keep bool
}

// RestKey is a cell in a bin.
type RestKey struct{ Bin, Cell int32 }

// RestSum is the time of merged intervals in a bin, and how many began in it.
type RestSum struct{ Ns, Count int64 }

// LengthKey is a length that merged intervals had: 2^(Bucket/4) ns up to the next.
type LengthKey struct {
	Bin    int32
	Group  int32
	Kind   waitkind.Kind
	Bucket uint8
}

// ProcKey is a P in a bin.
type ProcKey struct{ Bin, P int32 }

// ProcSum is what a P ran of merged intervals, user goroutines and the runtime's, and
// of goroutines that were not asked for.
type ProcSum struct{ User, System, Other int64 }

// Sweep is the time with so many user goroutines running under a label, in stretches
// of Width ns from From on.
type Sweep struct {
	From, Width int64
	Labels      []string
	Cells       []SweepCell // by bin, label and running
}

// SweepCell is a part of it.
type SweepCell struct {
	Bin, Label, Running int32
	Ns                  int64
}

// Range is a stretch of the runtime's own work.
type Range struct {
	Stop   bool // the world was stopped; else a mark phase
	Reason string
	Start  int64
	Ns     int64
	G      int64 // that stopped the world, -1 for none
}

// Heap is a size of the heap.
type Heap struct {
	At, Bytes int64
	Goal      bool // the goal, not what is live
}

// Task is a user task.
type Task struct {
	ID, Parent int64 // Parent -1: none
	Type       string
	G          int64 // that began it, -1 if that is not known
	Start, Ns  int64
	// Older says that its beginning is not in the trace, Open that its end is not.
	Older, Open bool
}

// Region is a user region.
type Region struct {
	Task        int64
	Type        string
	G           int64
	Start, Ns   int64
	Depth       int // how many regions of the goroutine were around it
	Older, Open bool
}

// Line is a runtime/trace.Log.
type Line struct {
	At, G, Task       int64
	Category, Message string
}

// Sample is a CPU profile's sample.
type Sample struct {
	At, G int64
	P     int32 // -1 for none
	Stack int32
}

// The numbers of bins over the length of a new Log.
const (
	mostBins       = 512
	mostLengthBins = 64
)

// New returns an empty Log of a window.
func New(from, to int64) *Log {
	return &Log{
		From: from, To: to, Tables: NewTables(),
		BinNs: binWidth(to-from, mostBins), LengthBinNs: binWidth(to-from, mostLengthBins),
		Rest: map[RestKey]RestSum{}, Lengths: map[LengthKey]int64{}, ProcRest: map[ProcKey]ProcSum{},
		merged: map[mergedKey]int32{},
	}
}

func binWidth(ns int64, bins int64) int64 { return max(1, (ns+bins-1)/bins) }

// Bins is how many stretches of BinNs there are.
func (l *Log) Bins() int { return int((l.To - l.From + l.BinNs - 1) / l.BinNs) }

// LengthBins is how many stretches of LengthBinNs there are.
func (l *Log) LengthBins() int { return int((l.To - l.From + l.LengthBinNs - 1) / l.LengthBinNs) }

// Kept is how many intervals are told one by one.
func (l *Log) Kept() (n int64) {
	for _, g := range l.Goroutines {
		for i := range g.Intervals {
			if !l.Cells[g.Intervals[i].Cell].Merged {
				n++
			}
		}
	}
	return n
}
