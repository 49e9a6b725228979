package interval

import "github.com/conctrace/conctrace/analyze/result"

// Sink is handed what happened in a trace, in the order in which that was known: an
// interval, a task or a region when it has ended. What it is handed is valid during
// the call.
type Sink interface {
	// Begin comes first. The tables grow while more is handed over.
	Begin(r *result.Result, t *Tables)
	// Born introduces a goroutine, Stretch tells what one did.
	Born(b *Birth)
	Stretch(s *Stretch)
	// Others says that a P ran a goroutine that was not asked for.
	Others(p int32, start, ns int64)
	Task(t *Task)
	// Region, Line and Sample come with their goroutine's slot; a Sample's is -1 where
	// it belongs to none that was asked for.
	Region(slot int32, r *Region)
	Line(slot int32, l *Line)
	Sample(slot int32, s *Sample)
	Range(r *Range)
	Heap(h *Heap)
	// Err is asked for now and then: an error ends the reading.
	Err() error
}

// Nothing is a Sink for others to begin with: it takes everything and does nothing.
type Nothing struct{}

// Begin and all others do nothing.
func (Nothing) Begin(*result.Result, *Tables) {}

// Born does nothing.
func (Nothing) Born(*Birth) {}

// Stretch does nothing.
func (Nothing) Stretch(*Stretch) {}

// Others does nothing.
func (Nothing) Others(int32, int64, int64) {}

// Task does nothing.
func (Nothing) Task(*Task) {}

// Region does nothing.
func (Nothing) Region(int32, *Region) {}

// Line does nothing.
func (Nothing) Line(int32, *Line) {}

// Sample does nothing.
func (Nothing) Sample(int32, *Sample) {}

// Range does nothing.
func (Nothing) Range(*Range) {}

// Heap does nothing.
func (Nothing) Heap(*Heap) {}

// Err is nil.
func (Nothing) Err() error { return nil }

// Birth is the beginning of a goroutine, or the first that the trace shows of it.
type Birth struct {
	G int64
	// Slot is a small number that no other living goroutine has.
	Slot  int32
	At    int64 // ns since the trace's start; of one older than the window, the window's
	Group int   // in result.Result.Groups, -1 if it is not there
	// Parent is its creator, ParentSlot where that lives, -1 where the trace does not
	// tell. Stack is the creator's.
	Parent     int64
	ParentSlot int32
	Stack      int32
	Older      bool // than the trace or the window
	System     bool // it is the runtime's or the tracer's own
}

// Stretch is an interval of a goroutine, or with Split a part of one.
type Stretch struct {
	G          int64
	Slot       int32
	Cell       int32
	Start, End int64 // ns since the trace's start, within the window
	// P is where it ran, -1 of all that is no running.
	P int32
	// Waker is the goroutine that ended a wait; of a goroutine that waits for a
	// processor the one that made it ready, which may have been by creating it. It is
	// -1 where none did. WakerSlot and WakerStack are that goroutine's, WakerGroup its
	// group; -1, 0 and -1 where they are not known.
	Waker      int64
	WakerSlot  int32
	WakerStack int32
	WakerGroup int
	// Culprit is the frame of the function that had most of the waits that goroutines
	// of Waker's group ended at this place, -1 where there is none.
	Culprit int32
	// Task is what the goroutine worked for: the task of the innermost region that has
	// one, else the last one that it began and that has not ended; NoTask for none.
	Task     int64
	TaskType string
	// CensoredStart and CensoredEnd say that it began before the trace or the window,
	// and that it went on after.
	CensoredStart, CensoredEnd bool
	// Split says that the goroutine goes on with the same in its next stretch, which
	// may have another task.
	Split bool
	// Last says that the goroutine is told no further, Open that it lived on.
	Last, Open bool
	// OnStack says of running time that the cell's stack is where it ended; else it is
	// the last one seen before, if any.
	OnStack bool
}

// NoTask is the task of what belongs to none.
const NoTask = -1

// Censored names the edges of the trace or the window at which it was cut: start, end,
// both, or "".
func (s *Stretch) Censored() string {
	switch {
	case s.CensoredStart && s.CensoredEnd:
		return "both"
	case s.CensoredStart:
		return "start"
	case s.CensoredEnd:
		return "end"
	}
	return ""
}

// Ns is its length.
func (s *Stretch) Ns() int64 { return s.End - s.Start }
