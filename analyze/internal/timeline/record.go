package timeline

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Op says what a Record tells.
type Op uint8

// The records.
const (
	// OpBorn introduces a goroutine that enters state Next: created by Other at
	// Start on Stack, or, with FlagCensoredStart, older than the trace and in
	// this state, of kind Then on Stack, since it began. Group is NoGroup until OpIdentified where its entry
	// function is not known yet.
	OpBorn Op = iota + 1
	// OpIdentified gives a goroutine its Group. Exactly one of OpBorn and
	// OpIdentified names the group of a goroutine, and before its last record;
	// Name is then the group's entry function.
	OpIdentified
	// OpInterval is a closed interval of a goroutine. With Next == GoNotExist
	// it is the goroutine's last record and its slot is free.
	OpInterval
	// OpProc is a closed interval of a P, running or idle (Proc), after which it
	// is in ProcNext. Of a running
	// one, Busy is the part with a goroutine running, Held the part with its
	// goroutine in a syscall; the rest looked for work. Of an idle one, Held is
	// the part in which the world was stopped.
	OpProc
	// OpRange is a closed range of runtime work: a stop of the world (Reason,
	// G), a mark phase, a sweep on P. Mark assists are intervals of their own.
	OpRange
	// OpStop is the beginning of a stop of the world (Reason), of which OpRange
	// tells the end.
	OpStop
	// OpProcs is a change of GOMAXPROCS to Value at Start.
	OpProcs
	// OpHeap is a live heap (Next 0) or heap goal (Next 1) of Value bytes.
	OpHeap
	// OpTaskBegin and OpTaskEnd: Value is the task, Other its parent.
	OpTaskBegin
	OpTaskEnd
	// OpRegionBegin and OpRegionEnd: Value is the task. The goroutine's running
	// interval is split there.
	OpRegionBegin
	OpRegionEnd
	// OpLog: Value is the task, Name the category, Other the message's string or 0.
	OpLog
	// OpSample is a CPU sample on Stack.
	OpSample
	// OpGap is a stretch of the trace of which nothing is known. Goroutines that
	// go on behind it have an interval in state GoUndetermined across it.
	OpGap
)

// NoGroup stands for a goroutine whose entry function is not known yet.
const NoGroup int32 = -1

// Flags qualify a Record.
type Flags uint16

// The flags.
const (
	// FlagCensoredStart: it began before the trace, or before the window.
	FlagCensoredStart Flags = 1 << iota
	// FlagCensoredEnd: it went on after the trace, or after the window.
	FlagCensoredEnd
	// FlagInferred: the kind was read off a status or waker stack.
	FlagInferred
	// FlagSplit: the goroutine goes on with the same kind in its next interval;
	// the cut is only there for a region or a stop of the world to count from.
	FlagSplit
	// FlagSTW: the goroutine held the world stopped.
	FlagSTW
	// FlagExternal: no goroutine ended the wait, but a timer, the poller or the
	// runtime.
	FlagExternal
	// FlagSwitch: the instant between two sides of a coroutine switch, which
	// the format writes as a nanosecond of readiness.
	FlagSwitch
	// FlagSystem: the goroutine is the runtime's or the tracer's own.
	FlagSystem
	// FlagOutside: the interval as recorded lies outside the window.
	FlagOutside
	// FlagDeselected: the goroutine is not one that the analysis was asked for.
	FlagDeselected
	// FlagWholeTrace: the goroutine was in this state from the trace's start to
	// its end, without any event.
	FlagWholeTrace
	// FlagGap: it went on into a gap of the trace, or, at a birth, the goroutine
	// is older than what follows a gap.
	FlagGap
)

// ProcFate says what became of the P of a goroutine in a system call.
type ProcFate uint8

// The fates.
const (
	FateKept    ProcFate = iota // it came back to the goroutine
	FateStolen                  // another thread took it
	FateStopped                 // its own thread gave it up, as for a stop of the world
	FateNone                    // the goroutine had none
)

// Record is one thing that happened, complete.
type Record struct {
	Start, End int64 // ns since the trace's start, clipped to the window
	At         int64 // when it was known, ns since the trace's start, not clipped
	G          int64 // goroutine ID
	Other      int64 // waker or creator, event.NoG if none; by Op
	Value      int64 // by Op; of a syscall, when its P was lost, or -1
	Busy, Held int64 // OpProc

	Slot       int32 // small index of the goroutine, reused after its end
	OtherSlot  int32 // the same of Other, -1 if none
	Group      int32
	P          int32          // where it ran, where a wait was ended, or which one a ready goroutine got
	Stack      event.StackID  // where it blocked, left the processor or entered the syscall
	OtherStack event.StackID  // the waker's
	Name       event.StringID // by Op
	Reason     event.ReasonID // the runtime's

	Flags Flags
	Op    Op
	State event.GoState // raw state of the interval
	Next  event.GoState // raw state that follows; GoUndetermined at the trace's end
	Kind  waitkind.Kind
	// Then is the kind of the state that follows, as far as it is known at its
	// beginning.
	Then     waitkind.Kind
	Proc     event.ProcState
	ProcNext event.ProcState
	Range    event.Range
	Fate     ProcFate
}

// Ns is the length of the record within the window.
func (r *Record) Ns() int64 { return r.End - r.Start }

// Has says whether all of the flags are set.
func (r *Record) Has(f Flags) bool { return r.Flags&f == f }

// Sink takes batches of records in order. The slice is valid during the call.
type Sink interface {
	Collect([]Record)
}

// Keeper is a Sink that works beside the Machine. The Machine hands its batches
// over to it instead of calling Collect.
type Keeper interface {
	Sink
	// Keep takes a batch for good and returns another to be filled, of which the
	// length counts.
	Keep(full []Record) (empty []Record)
	// Wait returns when all that was kept is taken in. The Machine calls it at
	// its end.
	Wait()
}
