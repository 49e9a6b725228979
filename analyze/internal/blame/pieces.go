package blame

import (
	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Kind is what went on in a piece of time.
type Kind uint8

// The kinds of piece.
const (
	Code       Kind = iota // a goroutine ran
	LockHolder             // a goroutine ran that held the lock which was waited for
	Scheduler              // a goroutine was ready and had no processor
	GC                     // the collector, or the runtime on its behalf
	Syscall                // a goroutine was in a system call
	IO                     // a goroutine waited for the network or a pipe
	Timer                  // a goroutine waited for a point in time
	Open                   // a wait that nothing had ended when the scope did
	Unknown                // the trace does not say
	Unresolved             // longer ago than the history reaches, or than it is exact
	NumKinds
)

var kindNames = [NumKinds]string{"code", "lock-holder", "scheduler", "gc", "syscall", "io", "timer", "open", "unknown", "unresolved"}

// String is the kind's name as in reports and JSON.
func (k Kind) String() string { return kindNames[min(k, Unresolved)] }

// How says what the name of a piece of code was read off.
type How uint8

// The ways, the best first.
const (
	BySample   How = iota + 1 // a CPU sample taken in it
	ByStack                   // the stack on which it ended, or on which it woke or created another
	ByRegion                  // the region that it was in
	ByCreation                // where the goroutine comes from
)

var howNames = [...]string{"", "sample", "stack", "region", "creation"}

// String is the way's name as in reports and JSON.
func (h How) String() string { return howNames[h] }

// Piece says what a stretch of time was, but for how long.
type Piece struct {
	Kind  Kind
	How   How
	Frame event.FrameID // of the program, or if there is none the goroutine's entry; 0 for none
	// Region is the region's name if How is ByRegion.
	Region event.StringID
	// Who is, ByCreation, the goroutine that ran, else of a Scheduler piece whose
	// goroutine had the processor meanwhile; NoOne, or Stopped.
	Who Ref
	// Held says that somebody waited for a lock meanwhile, which a goroutine had
	// that did this or waited for it.
	Held bool
}

// Ref is a group, as a Ledger numbers them: see Ledger.GroupOf.
type Ref int32

// What stands for a group in a Piece.
const (
	NoOne   Ref = -1
	Stopped Ref = -2 // the world was stopped
)

// key is a Piece in a table of them, and in a history also whether the piece is
// one that the goroutine waited through, not one of its own.
type key uint32

const (
	inherited key = 1 << 31
	mixed     key = 1 << 30 // in a history: an index into its mixes
	keyMask       = mixed - 1
)

// pieceTable numbers pieces.
type pieceTable struct {
	tables *event.Tables
	list   []Piece
	ids    map[Piece]key

	frames []event.FrameID // by stack, plus 1; 0 is not looked up yet
	code   []key           // by stack, plus 1
	held   [2][]key        // what a key becomes to those who wait for a lock, own and inherited, plus 1
}

func newPieceTable(tables *event.Tables) *pieceTable {
	t := &pieceTable{tables: tables, ids: make(map[Piece]key)}
	t.id(Piece{Kind: Unresolved, Who: NoOne})
	t.id(Piece{Kind: Unknown, Who: NoOne})
	return t
}

// Keys that every table has.
const (
	unresolvedKey key = iota
	unknownKey
)

// id is the number of a piece. A trace with more than a billion of them cannot
// be: they come from stacks, groups and names, which are bounded.
func (t *pieceTable) id(p Piece) key {
	if id, ok := t.ids[p]; ok {
		return id
	}
	id := key(len(t.list))
	t.list = append(t.list, p)
	t.ids[p] = id
	return id
}

// of is the piece of a key.
func (t *pieceTable) of(k key) Piece { return t.list[k&keyMask] }

// frame is the frame that a developer knows a stack by: the innermost of the
// program's own, else the goroutine's entry.
func (t *pieceTable) frame(stack event.StackID) event.FrameID {
	for int(stack) >= len(t.frames) {
		t.frames = append(t.frames, 0)
	}
	if f := t.frames[stack]; f != 0 {
		return f - 1
	}
	f := spotOf(t.tables, stack)
	t.frames[stack] = f + 1
	return f
}

func spotOf(tables *event.Tables, stack event.StackID) event.FrameID {
	ids := tables.Stack(stack)
	for _, id := range ids {
		if !code.IsLibrary(tables.Frame(id).Func) {
			return id
		}
	}
	if len(ids) == 0 {
		return 0
	}
	return ids[len(ids)-1]
}

// codeOn is the piece of a goroutine that ran until it was on a stack.
func (t *pieceTable) codeOn(stack event.StackID) key {
	for int(stack) >= len(t.code) {
		t.code = append(t.code, 0)
	}
	if k := t.code[stack]; k != 0 {
		return k - 1
	}
	k := t.id(Piece{Kind: Code, How: ByStack, Frame: t.frame(stack), Who: NoOne})
	t.code[stack] = k + 1
	return k
}

// sampled is the piece of a goroutine of which a CPU sample was taken.
func (t *pieceTable) sampled(stack event.StackID) key {
	return t.id(Piece{Kind: Code, How: BySample, Frame: t.frame(stack), Who: NoOne})
}

// on is a piece that has a stack and is not code.
func (t *pieceTable) on(kind Kind, stack event.StackID) key {
	return t.id(Piece{Kind: kind, Frame: t.frame(stack), Who: NoOne})
}

// holder is what a piece, the goroutine's own or inherited, is to those who wait
// for a lock that the goroutine holds.
func (t *pieceTable) holder(k key) key {
	own := int(k >> 31)
	for int(k&keyMask) >= len(t.held[own]) {
		t.held[own] = append(t.held[own], 0)
	}
	if h := t.held[own][k&keyMask]; h != 0 {
		return h - 1 | k&inherited
	}
	p := t.of(k)
	if p.Kind < Open {
		p.Held = true
	}
	if p.Kind == Code && k&inherited == 0 {
		p.Kind = LockHolder
	}
	h := t.id(p)
	t.held[own][k&keyMask] = h + 1
	return h | k&inherited
}

// ofInterval is the piece of a closed interval that is neither a run nor a wait
// for another goroutine nor one for a processor.
func (t *pieceTable) ofInterval(r *timeline.Record) key {
	switch {
	case r.Kind.Class() == waitkind.Running: // a short system call, C code
		return t.codeOn(r.Stack)
	case r.Kind.Class() == waitkind.Runtime:
		return t.on(GC, r.Stack)
	case r.State == event.GoSyscall:
		return t.on(Syscall, r.Stack)
	case r.State != event.GoWaiting || r.Kind == waitkind.Unsaid:
		return unknownKey
	case r.Next == event.GoUndetermined && !r.Has(timeline.FlagGap):
		return t.on(openKind(r.Kind), r.Stack)
	case r.Kind == waitkind.Network:
		return t.on(IO, r.Stack)
	case r.Kind.Class() == waitkind.Timer:
		return t.on(Timer, r.Stack)
	}
	return unknownKey // nobody is named who ended it
}

// openKind is what a wait is that nothing has ended: those whose end cannot come
// from another goroutine are what they would have been.
func openKind(k waitkind.Kind) Kind {
	switch {
	case k == waitkind.Network:
		return IO
	case k.Class() == waitkind.Timer:
		return Timer
	}
	return Open
}

// IsLock says of which kinds the waits are for somebody to let go of something,
// not for something to be done.
func IsLock(k waitkind.Kind) bool {
	return k == waitkind.Mutex || k == waitkind.RWMutexRead || k == waitkind.RWMutexWrite
}
