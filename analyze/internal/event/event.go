// Package event holds the compact form in which decoders hand a trace on.
//
//  1. A decoder (wire, exptrace) reads a file and yields batches of Event, by
//     value, in the order in which things happened.
//  2. Names and stacks are interned in Tables: an event carries small integers,
//     and equal stacks have equal IDs for the whole trace, not only within one
//     generation.
//  3. Reasons are small integers too; the runtime's own are constants, so that
//     nothing after the decoder compares strings.
//
// No type of a decoder leaves its package, so nothing that is kept can pin a
// decoder's tables.
package event

import "time"

// Kind says what an Event tells.
type Kind uint8

// The kinds of event.
const (
	// Sync opens a generation, and closes the trace. Arg is the wall clock in
	// nanoseconds since 1970, or 0 where the file has none (before Go 1.25).
	Sync Kind = iota + 1
	// GoTransition is a goroutine's change of state, From → To (GoState).
	// Subject is the goroutine; G, P and M are the context before the change.
	// From == To confirms a state at the start of a generation.
	GoTransition
	// ProcTransition is a P's change of state, From → To (ProcState). Subject
	// is the P.
	ProcTransition
	// RangeBegin, RangeActive and RangeEnd bound a stretch of runtime work;
	// Range says which. Subject is the goroutine (STW, MarkAssist) or P (Sweep).
	RangeBegin
	RangeActive
	RangeEnd
	// ProcsChange gives GOMAXPROCS in Arg.
	ProcsChange
	// HeapLive and HeapGoal give bytes in Arg.
	HeapLive
	HeapGoal
	// TaskBegin and TaskEnd: Subject is the task, Arg its parent (NoTask if
	// none), Name its type.
	TaskBegin
	TaskEnd
	// RegionBegin and RegionEnd: Subject is the task, Name the region's type.
	RegionBegin
	RegionEnd
	// Log is a runtime/trace.Log: Subject is the task, Name the category, Arg the
	// StringID of the message where messages are kept (Tables.KeepMessages), else 0.
	Log
	// Sample is a CPU profile's sample: G, P, M and Stack.
	Sample
	// Other is an event that says nothing of interest here: a label, or one of
	// an experiment.
	Other
	// Gap stands for generations that could not be read. Nothing of what was
	// before it is known behind it: the next events tell all states anew, from
	// Undetermined. Arg is the number of bytes that were skipped.
	Gap
)

// GoState is the state of a goroutine.
type GoState uint8

// The goroutine states of the trace format.
const (
	GoUndetermined GoState = iota // not mentioned yet
	GoNotExist
	GoRunnable
	GoRunning
	GoWaiting
	GoSyscall
)

// String names the state as the reports do.
func (s GoState) String() string {
	return [...]string{"undetermined", "not-exist", "runnable", "running", "waiting", "syscall"}[min(s, GoSyscall)]
}

// ProcState is the state of a P.
type ProcState uint8

// The P states of the trace format. A P whose goroutine is in a syscall reads
// as running until it is taken away.
const (
	ProcUndetermined ProcState = iota
	ProcNotExist
	ProcRunning
	ProcIdle
)

// Range says which stretch of runtime work a range event bounds.
type Range uint8

// The ranges of the trace format.
const (
	RangeOther      Range = iota
	RangeSTW              // the world is stopped; the event's Reason says why
	RangeMark             // GC concurrent mark phase, global
	RangeSweep            // GC incremental sweep, on a P
	RangeMarkAssist       // GC mark assist, on a goroutine
)

// What stands for "none" in an Event's fields.
const (
	NoG    int64 = -1
	NoP    int32 = -1
	NoM    int64 = -1
	NoTask int64 = -1
)

// Event is one event of a trace. It is passed by value and holds no pointer.
type Event struct {
	Time    int64 // ns on the trace's own clock, strictly rising
	G       int64 // goroutine that was executing, or NoG
	M       int64 // thread, or NoM
	Subject int64 // what the event is about, by Kind
	Arg     int64 // by Kind
	P       int32 // processor of the context, or NoP
	// Stack is the stack of the context: of the blocking goroutine at a block,
	// of the waker at a wake-up, of the creator at a creation.
	Stack StackID
	// SubjectStack is the stack of the subject where the event carries one: at
	// a creation the new goroutine's entry, at a status where it waits.
	SubjectStack StackID
	Name         StringID
	Reason       ReasonID
	Kind         Kind
	From, To     uint8
	Range        Range
}

// GoFrom is From as a goroutine's state.
func (e *Event) GoFrom() GoState { return GoState(e.From) }

// GoTo is To as a goroutine's state.
func (e *Event) GoTo() GoState { return GoState(e.To) }

// ProcFrom is From as a P's state.
func (e *Event) ProcFrom() ProcState { return ProcState(e.From) }

// ProcTo is To as a P's state.
func (e *Event) ProcTo() ProcState { return ProcState(e.To) }

// Stats is what a decoder knows about its file beyond the events.
type Stats struct {
	Events      int64 // events delivered
	Generations int   // generations delivered whole; 1 for Go 1.11–1.21
	// CompleteBytes is the size of the header and of the generations that were
	// delivered whole: what is more in the file is lost.
	CompleteBytes int64
	Gaps          []Missing // one for each event of kind Gap
	Warnings      []Warning
}

// Missing is what could not be read between two generations that could.
type Missing struct {
	Bytes   int64
	Problem string
}

// Warning is something a reader of the result should know about the file.
type Warning struct {
	Code    string // kebab-case, stable
	Message string
}

// Decoder yields the events of one trace. It decodes in goroutines of its own.
type Decoder interface {
	// Next returns the next events, in order: at least one, or an error. They
	// are valid until Next is called again. io.EOF ends a whole trace; any
	// other error ends a damaged one, or one whose context has ended, and the
	// events before it stand. Next is not called again after an error.
	Next() ([]Event, error)
	// Tables holds the stacks and strings of the events returned so far. A
	// reader may use every ID that it has received while Next runs.
	Tables() *Tables
	// Stats may be called after Next has returned an error or io.EOF.
	Stats() Stats
	// Close ends the decoding, before its time if need be, and reports whether
	// nothing reads the input any more: a read that waits for a terminal or a
	// pipe cannot be ended.
	Close() (ended bool)
}

// HasEnded waits a little for what closes ended, and reports whether it did: how
// Close of a Decoder knows that nothing reads the input any more.
func HasEnded(ended <-chan struct{}) bool {
	const patience = 2 * time.Second
	select {
	case <-ended:
		return true
	case <-time.After(patience):
		return false
	}
}
