package blame

import (
	"strings"

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
	// Caller is, of code, the next frame of the program outwards that is in another
	// function; 0 for none. A LockHolder has none: its frame is that of the function
	// which let go of the lock, but for what a CPU sample shows.
	Caller event.FrameID
	// Region is the region's name if How is ByRegion.
	Region event.StringID
	// Who is, ByCreation, the goroutine that ran, else of a Scheduler piece whose
	// goroutine had the processor meanwhile; NoOne, or Stopped.
	Who Ref
	// HeldIn is, where somebody waited for a lock meanwhile, the frame in which it was
	// let go of in the end by the goroutine that did this or waited for it; else 0.
	HeldIn event.FrameID
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

	frames []event.FrameID          // by stack, plus 1; 0 is not looked up yet
	code   [codeCache]between       // the last of parts
	parts  map[[2]event.StackID]key // of code, by the stacks between which it ran
	others [NumKinds][]key          // the same of pieces that are not code, and of holders by where they let go
	ready  []key                    // by who has the processor, from Stopped on, plus 1
	held   map[heldPiece]key        // what a key becomes to those who wait for a lock
}

func newPieceTable(tables *event.Tables) *pieceTable {
	t := &pieceTable{tables: tables, ids: make(map[Piece]key), held: make(map[heldPiece]key), parts: make(map[[2]event.StackID]key)}
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
	frames := t.tables.Stack(stack)
	f := frameAt(frames, t.spot(frames, 0))
	t.frames[stack] = f + 1
	return f
}

// codeCache is how many pairs of stacks are remembered close at hand.
const (
	codeBits  = 13
	codeCache = 1 << codeBits
	// mostParts is how many are remembered at all, and how many pieces of holders.
	mostParts = 1 << 18
)

// between is what was looked up for a pair of stacks.
type between struct {
	from, to event.StackID
	key      key
	known    bool
}

// atEntry stands for a goroutine that is in its entry function: at its beginning
// and its end.
const atEntry event.StackID = 1<<32 - 1

// codeBetween is the piece of a goroutine that ran from one stack to another: the
// innermost function that was active all along, which is where both stacks part. 0
// is a stack that is not known.
func (t *pieceTable) codeBetween(from, to event.StackID) key {
	c := &t.code[(uint64(from)<<32|uint64(to))*0x9e3779b97f4a7c15>>(64-codeBits)]
	if c.known && c.from == from && c.to == to {
		return c.key
	}
	pair := [2]event.StackID{from, to}
	k, ok := t.parts[pair]
	if !ok {
		if len(t.parts) >= mostParts {
			clear(t.parts)
		}
		k = t.id(t.partOf(from, to))
		t.parts[pair] = k
	}
	*c = between{from, to, k, true}
	return k
}

// partOf is the piece of code between two stacks, not both of them atEntry.
func (t *pieceTable) partOf(from, to event.StackID) Piece {
	shown := to // the stack that shows on which line the function was
	if to == atEntry {
		shown = from
	}
	stack := t.tables.Stack(shown)
	at := len(stack) - 1 // innermost function of both
	if from != atEntry && to != atEntry {
		at = t.parting(t.tables.Stack(from), stack)
	}
	if from == 0 || at < 0 { // nothing is known of what was before
		return Piece{Kind: Code, How: ByStack, Frame: t.frame(shown), Caller: t.caller(stack, t.spot(stack, 0)), Who: NoOne}
	}
	spot := t.spot(stack, at)
	return Piece{Kind: Code, How: ByStack, Frame: frameAt(stack, spot), Caller: t.caller(stack, spot), Who: NoOne}
}

// parting is where in a stack the innermost function is that it has in common with
// another, -1 if there is none.
func (t *pieceTable) parting(other, stack []event.FrameID) int {
	i, j := len(other)-1, len(stack)-1
	for ; i >= 0 && j >= 0; i, j = i-1, j-1 {
		if other[i] == stack[j] {
			continue
		}
		if t.tables.Frame(other[i]).Func != t.tables.Frame(stack[j]).Func {
			break
		}
		if t.comesAgain(other[i], stack, j) {
			break
		}
		return j // on another line of it
	}
	switch spot := t.spot(stack, 0); {
	case j == len(stack)-1:
		return -1
	case i < 0 && j < 0 && spot < len(stack)-1 && takesLock(t.tables.Frame(stack[0]).Func):
		return spot + 1 // as in comesAgain
	}
	return j + 1
}

// comesAgain says whether a function that takes a lock itself, and was left at one line
// before it waits for it at an earlier one, was most likely called a second time: what takes a lock
// lets go of it further down and returns. A loop around both looks the same; then
// what called the function is still not wrong.
func (t *pieceTable) comesAgain(left event.FrameID, stack []event.FrameID, at int) bool {
	return at == t.spot(stack, 0) && at < len(stack)-1 && t.tables.Frame(left).Line >= t.tables.Frame(stack[at]).Line && takesLock(t.tables.Frame(stack[0]).Func)
}

// takesLock says whether a function takes a lock that others may have.
func takesLock(fn string) bool {
	return strings.HasPrefix(fn, "sync.(*Mutex).") || strings.HasPrefix(fn, "sync.(*RWMutex).") || strings.HasPrefix(fn, "internal/sync.(*Mutex).")
}

// spot is the frame of the program nearest to one of a stack: outwards, or else
// inwards, or else the goroutine's entry.
func (t *pieceTable) spot(stack []event.FrameID, at int) int {
	for i := at; i < len(stack); i++ {
		if !code.IsLibrary(t.tables.Frame(stack[i]).Func) {
			return i
		}
	}
	for i := at - 1; i >= 0; i-- {
		if !code.IsLibrary(t.tables.Frame(stack[i]).Func) {
			return i
		}
	}
	return len(stack) - 1
}

func frameAt(stack []event.FrameID, i int) event.FrameID {
	if i < 0 || i >= len(stack) {
		return 0
	}
	return stack[i]
}

// caller is the frame of the program that called the function at a place of a
// stack, 0 if there is none.
func (t *pieceTable) caller(stack []event.FrameID, at int) event.FrameID {
	if at < 0 || at >= len(stack) {
		return 0
	}
	fn := t.tables.Frame(stack[at]).Func
	for _, id := range stack[at+1:] {
		if f := t.tables.Frame(id).Func; f != fn && !code.IsLibrary(f) {
			return id
		}
	}
	return 0
}

// sampled is the piece of a goroutine of which a CPU sample was taken.
func (t *pieceTable) sampled(stack event.StackID) key {
	frames := t.tables.Stack(stack)
	return t.id(Piece{Kind: Code, How: BySample, Frame: t.frame(stack), Caller: t.caller(frames, t.spot(frames, 0)), Who: NoOne})
}

// on is a piece that has a stack and is not code.
func (t *pieceTable) on(kind Kind, stack event.StackID) key {
	list := &t.others[kind]
	for int(stack) >= len(*list) {
		*list = append(*list, 0)
	}
	if k := (*list)[stack]; k != 0 {
		return k - 1
	}
	k := t.id(Piece{Kind: kind, Frame: t.frame(stack), Who: NoOne})
	(*list)[stack] = k + 1
	return k
}

// readiness is the piece of a goroutine that was ready while somebody had the
// processor.
func (t *pieceTable) readiness(who Ref) key {
	i := int(who - Stopped)
	for i >= len(t.ready) {
		t.ready = append(t.ready, 0)
	}
	if k := t.ready[i]; k != 0 {
		return k - 1
	}
	k := t.id(Piece{Kind: Scheduler, Who: who})
	t.ready[i] = k + 1
	return k
}

// holder is what a piece, the goroutine's own or inherited, is to those who wait
// for a lock that the goroutine holds and lets go of on a stack.
func (t *pieceTable) holder(k key, release event.StackID) key {
	p := t.of(k)
	own := k&inherited == 0 && p.Kind == Code
	if own && p.How != BySample && release != 0 {
		return t.letsGo(release)
	}
	if p.HeldIn != 0 || p.Kind >= Open {
		return k // the first lock is the one that was waited for
	}
	in := heldPiece{k, release}
	if h, ok := t.held[in]; ok {
		return h
	}
	p.HeldIn = t.frame(release)
	if own {
		p.Kind = LockHolder
	}
	if len(t.held) >= mostParts {
		clear(t.held)
	}
	h := t.id(p) | k&inherited
	t.held[in] = h
	return h
}

// heldPiece is a piece of a goroutine that has a lock of which it lets go on a stack.
type heldPiece struct {
	key     key
	release event.StackID
}

// holding is holder, but for what the goroutine's creator did before there was the
// goroutine: that it ran does not mean that it had the lock.
func (t *pieceTable) holding(k key, release event.StackID, created bool) key {
	if created {
		return t.holder(k|inherited, release)&^inherited | k&inherited
	}
	return t.holder(k, release)
}

// letsGo is the piece of a goroutine that has a lock of which it lets go on a
// stack.
func (t *pieceTable) letsGo(release event.StackID) key {
	list := &t.others[LockHolder]
	for int(release) >= len(*list) {
		*list = append(*list, 0)
	}
	if k := (*list)[release]; k != 0 {
		return k - 1
	}
	k := t.id(Piece{Kind: LockHolder, How: ByStack, Frame: t.frame(release), Who: NoOne, HeldIn: t.frame(release)})
	(*list)[release] = k + 1
	return k
}

// ofInterval is the piece of a closed interval that is neither a run nor a wait
// for another goroutine nor one for a processor.
func (t *pieceTable) ofInterval(r *timeline.Record) key {
	switch {
	case r.Kind.Class() == waitkind.Running: // a short system call, C code
		return t.codeBetween(0, r.Stack)
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
