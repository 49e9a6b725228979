package blame

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Options bound a Ledger.
type Options struct {
	// Bytes bounds the memory of the goroutines' histories; 0 is DefaultBytes. What
	// falls out of them is unresolved. What is summed up by place takes more.
	Bytes int64
	// From is the scope's start, ns.
	From int64
}

// DefaultBytes is how much the histories may take where nothing is said.
const DefaultBytes = 48 << 20

// Ledger sums what filled the waits of a trace.
type Ledger struct {
	from   int64
	pieces *pieceTable
	store  store
	lives  []*life // by slot; nil for those for which there was no memory
	blind  bool    // that there are such
	groups []int32 // by Ref: the group's number
	refs   []Ref   // by group number, plus 1

	accounts accounts
	paths    paths
	works    []*work // the first measures all regions
	wakes    wakeCosts
	busy     busy
	stop     stop

	recording *Recording // nil where nothing is recorded

	found  []stretch // scratch
	shares []share   // scratch
}

// life is a goroutine that lives.
type life struct {
	id       int64
	ref      Ref
	deselect bool // its waits are not asked for
	system   bool
	state    event.GoState // in which it is now
	hist     *history
	busyAt   int64         // what the clock of taken processors showed when the present state began
	runAt    int64         // since when it runs
	runIndex int           // among those that run
	callOn   int32         // the P on which it entered its system call
	on       event.StackID // where it was last seen; 0 is not known
	sample   key           // of a CPU sample since the last mark, plus 1
	regions  []openRegion
	account  int32 // of its last wait for a goroutine
	futile   *futile
	assist   bool        // within a mark assist
	children [2]childEnd // of those that it created, the last two that ended
	lanes    []lane      // in the works that are being measured
	// parent is where the creator lived, and parentID who that was, or NoG.
	parent   *life
	parentID int64
}

// openRegion is a region that a goroutine is in.
type openRegion struct {
	name  event.StringID
	begin int64
}

// stop is the last stop of the world.
type stop struct{ from, to int64 }

// childEnd is a goroutine that ended.
type childEnd struct {
	g  int64
	at int64
}

// New returns the ledger of a trace.
func New(o Options, tables *event.Tables) *Ledger {
	if o.Bytes == 0 {
		o.Bytes = DefaultBytes
	}
	b := &Ledger{from: o.From, pieces: newPieceTable(tables), store: store{budget: o.Bytes, fineness: defaultFineness}}
	b.accounts = newAccounts()
	b.paths = newPaths()
	b.stop = stop{-1, -1}
	b.newWork()
	return b
}

// Collect takes the records of a batch.
func (b *Ledger) Collect(batch []timeline.Record) {
	for i := range batch {
		b.take(&batch[i])
	}
}

func (b *Ledger) take(r *timeline.Record) {
	switch r.Op {
	case timeline.OpInterval:
		b.interval(r)
	case timeline.OpBorn:
		b.born(r)
	case timeline.OpIdentified:
		b.identified(r)
	case timeline.OpSample:
		b.sampled(r)
	case timeline.OpProcs:
		b.busy.procs = r.Value
	case timeline.OpProc:
		if r.ProcNext == event.ProcIdle {
			b.busy.idles(r.P, r.End)
		}
	case timeline.OpStop:
		b.stop = stop{r.Start, -1}
	case timeline.OpRange:
		if r.Range == event.RangeSTW {
			b.stop = stop{r.Start, r.End}
		}
	case timeline.OpTaskBegin, timeline.OpTaskEnd, timeline.OpRegionBegin, timeline.OpRegionEnd, timeline.OpLog:
		b.annotated(r)
	}
}

// GroupOf is the group that a Ref stands for, timeline.NoGroup if there is none.
func (b *Ledger) GroupOf(who Ref) int32 {
	if who < 0 {
		return timeline.NoGroup
	}
	return b.groups[who]
}

// refOf is the Ref of a group.
func (b *Ledger) refOf(group int32) Ref {
	if group == timeline.NoGroup {
		return b.newRef(group) // of the goroutine alone, until it is identified
	}
	for int(group) >= len(b.refs) {
		b.refs = append(b.refs, 0)
	}
	if b.refs[group] == 0 {
		b.refs[group] = b.newRef(group) + 1
	}
	return b.refs[group] - 1
}

func (b *Ledger) newRef(group int32) Ref {
	b.groups = append(b.groups, group)
	return Ref(len(b.groups) - 1)
}

// lifeBytes is about what a goroutine takes, its history without blocks included.
const lifeBytes = 320

// life is where a goroutine that is born lives, nil if there is no memory for one
// more.
func (b *Ledger) life(slot int32) *life {
	for int(slot) >= len(b.lives) {
		b.lives = append(b.lives, nil)
	}
	if b.lives[slot] == nil {
		if b.store.used+lifeBytes > b.store.budget && slot >= fewLives {
			b.blind = true
			return nil
		}
		b.store.used += lifeBytes
		b.lives[slot] = new(life)
	}
	return b.lives[slot]
}

// fewLives is how many goroutines there is always memory for.
const fewLives = 1000

func (b *Ledger) born(r *timeline.Record) {
	l := b.life(r.Slot)
	if l == nil {
		return
	}
	*l = life{
		id: r.G, ref: b.refOf(r.Group), state: r.Next, account: -1, hist: b.store.begin(r.Start), regions: l.regions[:0], lanes: l.lanes[:0],
		deselect: r.Has(timeline.FlagDeselected), system: r.Has(timeline.FlagSystem),
	}
	switch {
	case r.Has(timeline.FlagGap):
		l.hist.before = unknownKey
	case r.Has(timeline.FlagCensoredStart):
		// since the scope's start
	case r.OtherSlot >= 0 && b.lives[r.OtherSlot] == nil:
		l.hist.before, l.on = unresolvedKey, atEntry
	case r.OtherSlot >= 0 && !b.lives[r.OtherSlot].creates(l): // damage
		l.hist.before = unknownKey
	case r.OtherSlot >= 0:
		creator := b.lives[r.OtherSlot]
		b.mark(creator, r.Start, r.Stack)
		b.store.descends(l.hist, creator.hist, r.Start)
		l.parent, l.parentID, l.on = creator, creator.id, atEntry
		for _, w := range b.works {
			w.created(l, creator)
		}
	case r.Other == event.NoG: // a time.AfterFunc
		l.hist.before = b.pieces.on(Timer, 0)
	default:
		l.hist.before = unknownKey
	}
	l.state = event.GoNotExist
	b.busy.changes(l, r.Start, r.Next, r.P)
	l.state = r.Next
	for _, w := range b.works {
		w.marked(l, r.Start, b.busy.running)
	}
	if b.recording != nil {
		b.recording.born(l, l.parent, r)
	}
}

// creates says whether a goroutine may have created another: a damaged trace names the
// goroutine itself, or one that is gone.
func (l *life) creates(child *life) bool {
	return l != child && l.state != event.GoNotExist && l.hist != child.hist && !l.hist.ended
}

// write writes a piece of a goroutine's own into its history.
func (b *Ledger) write(l *life, k key, end int64, kind waitkind.Kind, stack event.StackID) {
	if b.recording != nil {
		b.recording.add(l.id, interval{from: l.hist.upTo(), to: end, key: k, stack: stack, kind: kind})
	}
	b.store.add(l.hist, k, end)
}

func (b *Ledger) identified(r *timeline.Record) {
	l := b.lives[r.Slot]
	if l == nil {
		return
	}
	l.system = l.system || r.Has(timeline.FlagSystem)
	if b.groups[l.ref] == timeline.NoGroup {
		b.groups[l.ref] = r.Group
	}
}

// mark writes down what a goroutine did until now, when something shows on which
// stack it is.
func (b *Ledger) mark(l *life, now int64, stack event.StackID) {
	if l.state == event.GoRunning {
		b.ran(l, now, stack)
	}
}

// ran writes down that a goroutine ran until an instant, and on which stack it is
// then, 0 if that is not known.
func (b *Ledger) ran(l *life, end int64, stack event.StackID) {
	from := l.hist.upTo()
	if end <= from {
		l.on = stack // outside the scope
		return
	}
	var k key
	switch n := len(l.regions); {
	case l.assist:
		k = b.pieces.on(GC, l.seenOn())
	case l.sample != 0:
		k = l.sample - 1
		l.sample = 0
	case stack != 0 && (stack != atEntry || n == 0 && l.on != atEntry && l.on != 0):
		k = b.pieces.codeBetween(l.on, stack)
	case n > 0:
		k = b.pieces.id(Piece{Kind: Code, How: ByRegion, Region: l.regions[n-1].name, Who: NoOne})
	default:
		k = b.pieces.id(Piece{Kind: Code, How: ByCreation, Who: l.ref})
	}
	l.on = stack
	for _, w := range b.works {
		w.ran(l, k, end-from)
	}
	kind := waitkind.User
	if l.assist {
		kind = waitkind.GCAssist
	}
	b.write(l, k, end, kind, stack)
}

// seenOn is the stack on which a goroutine was last seen, 0 if that was none.
func (l *life) seenOn() event.StackID {
	if l.on == atEntry {
		return 0
	}
	return l.on
}

func (b *Ledger) sampled(r *timeline.Record) {
	if r.Slot < 0 || r.Stack == 0 {
		return
	}
	l := b.lives[r.Slot]
	if l == nil || l.state != event.GoRunning {
		return
	}
	if l.assist {
		b.ran(l, r.Start, l.seenOn())
		return
	}
	l.sample = b.pieces.sampled(r.Stack) + 1
	b.ran(l, r.Start, r.Stack)
	l.sample = b.pieces.sampled(r.Stack) + 1 // what follows is most likely the same
}

func (b *Ledger) interval(r *timeline.Record) {
	l := b.lives[r.Slot]
	if l == nil {
		return
	}
	switch {
	case r.State == event.GoRunning:
		l.assist = r.Kind == waitkind.GCAssist
		on := leftOn(r)
		// A run is cut without a mark where an assist begins or ends, and its end has
		// no stack.
		turns := r.Next == event.GoRunning && !r.Has(timeline.FlagSplit)
		if turns && l.assist {
			on = l.seenOn()
		}
		b.ran(l, r.End, on)
		b.busy.had(r.P, l.ref, r.Start, r.End)
		l.assist = l.assist != turns && r.Next != event.GoUndetermined
		l.runAt = r.End
	case r.End <= l.hist.upTo():
		if b.endedBy(r) && b.lives[r.OtherSlot] != nil {
			b.mark(b.lives[r.OtherSlot], r.End, r.OtherStack)
		}
		if r.State != event.GoRunnable {
			l.on = r.Stack // outside the scope
		}
	case r.State == event.GoRunnable:
		b.write(l, b.ready(l, r), r.End, r.Kind, 0)
	case b.endedBy(r):
		b.resolve(l, b.lives[r.OtherSlot], r)
	default:
		b.unexplained(l, r, b.pieces.ofInterval(r))
		if r.State == event.GoSyscall {
			b.busy.had(r.P, l.ref, r.Start, heldUntil(r))
		}
	}
	if r.State != event.GoRunning || r.Next != event.GoRunning {
		l.sample = 0
	}
	if l.futile != nil {
		b.wasFutile(l, r)
	}
	if r.State != r.Next {
		b.busy.changes(l, r.End, r.Next, r.P)
		l.state = r.Next
	}
	if r.Next == event.GoNotExist || r.Next == event.GoUndetermined {
		b.ended(l, r)
	}
}

// endedBy says whether an interval is a wait that another goroutine ended.
func (b *Ledger) endedBy(r *timeline.Record) bool {
	return r.State == event.GoWaiting && r.OtherSlot >= 0 && r.OtherSlot != r.Slot && !r.Has(timeline.FlagExternal) && r.Kind.Class() != waitkind.Runtime
}

// leftOn is the stack on which a goroutine ran last, as far as its interval tells.
func leftOn(r *timeline.Record) event.StackID {
	if r.Next == event.GoNotExist || r.Next == event.GoUndetermined {
		return atEntry
	}
	return r.Stack
}

// unexplained writes down a wait that no goroutine ended that is known: as the piece
// that its kind and place make it.
func (b *Ledger) unexplained(l *life, r *timeline.Record, k key) {
	b.write(l, k, r.End, r.Kind, r.Stack)
	l.on = r.Stack
	for _, w := range b.works {
		if r.Kind.Class() == waitkind.Running { // C code, or a short system call
			w.ran(l, k, r.Ns())
		} else {
			w.waited(l, k, r.Ns())
		}
	}
	if b.counts(l, r) {
		b.accounts.book(b.accounts.of(l, r, NoOne), r, []share{{k, r.Ns()}})
	}
}

// heldUntil is when a goroutine in a system call lost its processor.
func heldUntil(r *timeline.Record) int64 {
	if r.Value < 0 {
		return r.End
	}
	return min(r.Value, r.End)
}

// counts says whether a wait is one of those that are asked for, and not one of the
// whole trace, of which nothing is known but its place.
func (b *Ledger) counts(l *life, r *timeline.Record) bool {
	return r.State == event.GoWaiting && !l.deselect && !l.system && !r.Has(timeline.FlagWholeTrace) && (r.Kind.Class() == waitkind.BlockedSync || r.Kind == waitkind.Unsaid)
}

func (b *Ledger) ended(l *life, r *timeline.Record) {
	if r.Next == event.GoNotExist {
		for _, w := range b.works {
			w.gone(l, b.parentOf(l), r.End, b.busy.running)
		}
		b.childEnds(l, r.End)
		if b.recording != nil {
			b.recording.ends(l.id, r.End)
		}
		b.store.end(l.hist)
	}
}

// childEnds tells a goroutine's creator of its end.
func (b *Ledger) childEnds(l *life, at int64) {
	if parent := b.parentOf(l); parent != nil {
		parent.children = [2]childEnd{{l.id, at}, parent.children[0]}
	}
}

// parentOf is the goroutine that created another, nil if it is gone.
func (b *Ledger) parentOf(l *life) *life {
	if l.parent == nil || l.parent.id != l.parentID || l.parent.state == event.GoNotExist {
		return nil
	}
	return l.parent
}

// resolve writes down a wait that another goroutine ended: what that one did
// meanwhile.
func (b *Ledger) resolve(l, waker *life, r *timeline.Record) {
	if waker != nil {
		b.mark(waker, r.End, r.OtherStack)
	}
	if upTo := l.hist.upTo(); upTo != r.Start { // damage
		b.write(l, unknownKey, max(upTo, r.Start), waitkind.NumKinds, 0)
	}
	if waker == nil {
		b.unexplained(l, r, unresolvedKey)
		return
	}
	b.look(waker, r.Start, r.End)
	if IsLock(r.Kind) {
		b.hold(waker, r)
	}
	l.on = r.Stack
	if b.recording != nil {
		b.recording.add(l.id, interval{from: r.Start, to: r.End, waker: b.recording.threads[waker.id], stack: r.Stack, wakerOn: r.OtherStack, kind: r.Kind})
	}
	b.inherit(l, r)
	for _, w := range b.works {
		w.woken(l, waker, r)
	}
	if b.counts(l, r) {
		b.blame(l, waker, r)
	}
}

// look finds what filled a part of a goroutine's time, for one that waits for it.
func (b *Ledger) look(waker *life, from, to int64) {
	b.found = waker.hist.look(b.found[:0], from, to)
}

// hold makes of what was found of a waker what it is to those who wait for a lock that
// it lets go of. Who created it in the meantime did not have the lock.
func (b *Ledger) hold(waker *life, r *timeline.Record) {
	at, release := r.Start, r.OtherStack
	for i := range b.found {
		s := &b.found[i]
		at += s.ns
		created := waker.hist.parent != nil && at <= waker.hist.since
		if s.mix == nil {
			s.key = b.pieces.holding(s.key, release, created)
			continue
		}
		m := new(mix)
		for _, sh := range s.mix.shares {
			m.shares = addShare(m.shares, share{b.pieces.holding(sh.key, release, created), sh.ns})
		}
		s.mix = m
	}
}

// inherit writes what was found into a goroutine's own history.
func (b *Ledger) inherit(l *life, r *timeline.Record) {
	at := r.Start
	for i := range b.found {
		s := &b.found[i]
		at += s.ns
		if at <= l.hist.upTo() {
			continue // damage
		}
		if s.mix == nil {
			b.store.add(l.hist, s.key|inherited, at)
			continue
		}
		b.shares = b.shares[:0]
		for _, sh := range s.mix.shares {
			b.shares = addShare(b.shares, share{sh.key | inherited, sh.ns})
		}
		b.store.add(l.hist, b.store.keep(l.hist, b.shares), at)
	}
}

// PieceOf is what a wait of a kind on a stack is that no goroutine ended, or nobody
// at all.
func (b *Ledger) PieceOf(kind waitkind.Kind, stack event.StackID, open bool) Piece {
	r := timeline.Record{State: stateOf(kind), Next: event.GoRunnable, Kind: kind, Stack: stack}
	if open {
		r.Next = event.GoUndetermined
	}
	return b.pieces.of(b.pieces.ofInterval(&r))
}

// stateOf is the raw state in which a goroutine is during a wait.
func stateOf(kind waitkind.Kind) event.GoState {
	if kind == waitkind.File || kind == waitkind.Syscall {
		return event.GoSyscall
	}
	return event.GoWaiting
}
