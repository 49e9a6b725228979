package blame

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// tale is a hand-written trace of which every number follows by hand: each method is
// one event, in µs after the start unless unit says otherwise.
type tale struct {
	t      testing.TB
	tables *event.Tables
	events []event.Event
	on     map[int64]int32 // where a goroutine runs, or ran last
	unit   int64           // ns
	// contradicts says that the events contradict each other on purpose.
	contradicts bool
}

// clock is that of the first event: nothing may depend on it.
const clock = 7_000_003

// newTale begins a trace of a program with so many Ps.
func newTale(t testing.TB, procs int64) *tale {
	s := &tale{t: t, tables: event.NewTables(), on: map[int64]int32{}, unit: 1000}
	s.add(0, event.Event{Kind: event.Sync, G: event.NoG, P: event.NoP, M: event.NoM})
	s.add(0, event.Event{Kind: event.ProcsChange, Arg: procs, G: event.NoG, P: event.NoP})
	return s
}

func (s *tale) add(at int64, e event.Event) {
	e.Time = clock + at*s.unit
	s.events = append(s.events, e)
}

// stack interns a stack, leaf first: functions, each with ":line" or on line 1.
func (s *tale) stack(funcs ...string) event.StackID {
	if len(funcs) == 0 {
		return 0
	}
	frames := make([]event.Frame, len(funcs))
	for i, f := range funcs {
		name, line, _ := strings.Cut(f, ":")
		n, err := strconv.Atoi(line)
		if err != nil {
			n = 1
		}
		frames[i] = event.Frame{Func: name, File: "x.go", Line: n}
	}
	return s.tables.InternStack(frames)
}

func (s *tale) goes(at, id int64, from, to event.GoState, by int64, p int32, reason event.ReasonID, own, context event.StackID) {
	s.add(at, event.Event{Kind: event.GoTransition, Subject: id, From: uint8(from), To: uint8(to), G: by, P: p, M: int64(p) + 100, Reason: reason, SubjectStack: own, Stack: context})
}

// has is a goroutine that ran on a P when the trace began.
func (s *tale) has(id int64, p int32, stack ...string) {
	s.on[id] = p
	s.goes(0, id, event.GoUndetermined, event.GoRunning, event.NoG, p, 0, s.stack(stack...), 0)
}

// had is a goroutine that was in another state when the trace began.
func (s *tale) had(id int64, state event.GoState, stack ...string) {
	s.goes(0, id, event.GoUndetermined, state, event.NoG, event.NoP, 0, s.stack(stack...), 0)
}

// makes creates a goroutine, ready; by nobody if by is event.NoG.
func (s *tale) makes(at, id, by int64, entry string, on ...string) {
	p := event.NoP
	if by != event.NoG {
		p = s.on[by]
	}
	s.goes(at, id, event.GoNotExist, event.GoRunnable, by, p, 0, s.stack(entry), s.stack(on...))
}

// starts lets a ready goroutine run on a P.
func (s *tale) starts(at, id int64, p int32) {
	s.on[id] = p
	s.goes(at, id, event.GoRunnable, event.GoRunning, event.NoG, p, 0, 0, 0)
}

func (s *tale) blocks(at, id int64, reason event.ReasonID, funcs ...string) {
	st := s.stack(funcs...)
	s.goes(at, id, event.GoRunning, event.GoWaiting, id, s.on[id], reason, st, st)
}

// wakes lets a goroutine end another's wait.
func (s *tale) wakes(at, id, by int64, funcs ...string) {
	s.goes(at, id, event.GoWaiting, event.GoRunnable, by, s.on[by], 0, 0, s.stack(funcs...))
}

// fires lets a timer or the poller end a wait.
func (s *tale) fires(at, id int64) {
	s.goes(at, id, event.GoWaiting, event.GoRunnable, event.NoG, 0, 0, 0, 0)
}

// wakesTo and firesTo do so and let it run at once, on a P.
func (s *tale) wakesTo(at, id int64, p int32, by int64, funcs ...string) {
	s.wakes(at, id, by, funcs...)
	s.starts(at, id, p)
}

func (s *tale) firesTo(at, id int64, p int32) {
	s.fires(at, id)
	s.starts(at, id, p)
}

func (s *tale) preempts(at, id int64, funcs ...string) {
	st := s.stack(append([]string{"runtime.asyncPreempt2"}, funcs...)...)
	s.goes(at, id, event.GoRunning, event.GoRunnable, id, s.on[id], event.ReasonPreempted, st, st)
}

// calls begins a system call.
func (s *tale) calls(at, id int64, funcs ...string) {
	st := s.stack(funcs...)
	s.goes(at, id, event.GoRunning, event.GoSyscall, id, s.on[id], 0, st, st)
}

// returns ends a system call that kept its P, to Running, or lost it, to Runnable.
func (s *tale) returns(at, id int64, to event.GoState) {
	p := s.on[id]
	if to == event.GoRunnable {
		p = event.NoP
	}
	s.goes(at, id, event.GoSyscall, to, id, p, 0, 0, 0)
}

func (s *tale) ends(at int64, ids ...int64) {
	for _, id := range ids {
		s.goes(at, id, event.GoRunning, event.GoNotExist, id, s.on[id], 0, 0, 0)
	}
}

// up and down let a P begin to run and idle; a P that idles while its goroutine is
// in a system call was stolen.
func (s *tale) up(at int64, p int32) { s.proc(at, p, event.ProcIdle, event.ProcRunning) }

func (s *tale) down(at int64, p int32) { s.proc(at, p, event.ProcRunning, event.ProcIdle) }

func (s *tale) proc(at int64, p int32, from, to event.ProcState) {
	s.add(at, event.Event{Kind: event.ProcTransition, Subject: int64(p), From: uint8(from), To: uint8(to), G: event.NoG, P: event.NoP, M: 999})
}

func (s *tale) ranges(at, id int64, kind event.Kind, r event.Range, funcs ...string) {
	s.add(at, event.Event{Kind: kind, Range: r, Subject: id, G: id, P: s.on[id], Stack: s.stack(funcs...), Reason: s.tables.InternReason("GC mark termination")})
}

// assists is a mark assist, the end of which has no stack.
func (s *tale) assists(from, to, id int64, funcs ...string) {
	s.ranges(from, id, event.RangeBegin, event.RangeMarkAssist, funcs...)
	s.ranges(to, id, event.RangeEnd, event.RangeMarkAssist)
}

// stops is a stop of the world by a goroutine.
func (s *tale) stops(from, to, id int64, funcs ...string) {
	s.ranges(from, id, event.RangeBegin, event.RangeSTW, funcs...)
	s.ranges(to, id, event.RangeEnd, event.RangeSTW)
}

// samples is a CPU sample.
func (s *tale) samples(at, id int64, funcs ...string) {
	s.add(at, event.Event{Kind: event.Sample, G: id, P: s.on[id], Stack: s.stack(funcs...)})
}

func (s *tale) annotates(at, id int64, kind event.Kind, task int64, name string, funcs ...string) {
	s.add(at, event.Event{Kind: kind, G: id, P: s.on[id], Subject: task, Arg: event.NoTask, Name: s.tables.Intern(name), Stack: s.stack(funcs...)})
}

// region and leaves begin and end a region.
func (s *tale) region(at, id int64, name string, funcs ...string) {
	s.annotates(at, id, event.RegionBegin, event.NoTask, name, funcs...)
}

func (s *tale) leaves(at, id int64, name string, funcs ...string) {
	s.annotates(at, id, event.RegionEnd, event.NoTask, name, funcs...)
}

// switches is a coroutine switch, which the format writes as three events.
func (s *tale) switches(at, to, from int64) {
	p := s.on[from]
	s.goes(at, to, event.GoWaiting, event.GoRunnable, from, p, 0, 0, 0)
	s.goes(at, from, event.GoRunning, event.GoWaiting, from, p, 0, 0, 0)
	s.on[to] = p
	s.goes(at, to, event.GoRunnable, event.GoRunning, event.NoG, p, 0, 0, 0)
	for i, late := range []int64{0, 1, 2} { // ns
		s.events[len(s.events)-3+i].Time += late
	}
}

// gap loses what happens between two instants.
func (s *tale) gap(from, to int64) {
	s.add(from, event.Event{Kind: event.Gap, Arg: 77, G: event.NoG, P: event.NoP})
	s.add(to, event.Event{Kind: event.Sync, G: event.NoG, P: event.NoP, M: event.NoM})
}

// told is a tale that was played.
type told struct {
	*tale
	b     *Ledger
	m     *timeline.Machine
	tape  []timeline.Record
	waits []seen // those that are asked for
}

// seen is a wait and the account that it belongs to.
type seen struct {
	key accountKey
	timeline.Record
}

// play ends the tale at an instant and tells it.
func (s *tale) play(end int64) *told {
	s.t.Helper()
	return s.window(end, timeline.Options{}, nil)
}

// window tells a part of the tale (From and To in ns), to a ledger that set prepares.
// Whatever the tale, the pieces of every account must sum to its waits, and be what a
// walk through the recording of all intervals finds, and what somebody finds who looks
// at each instant for himself.
func (s *tale) window(end int64, o timeline.Options, set func(*Ledger)) *told {
	s.t.Helper()
	x := s.told(end, o, set)
	x.conserves()
	x.agreesWithTheWalk()
	if !s.contradicts {
		x.agreesWithWhoLooksAtEachInstant()
	}
	return x
}

// told tells the tale and does not hold anything against anything.
func (s *tale) told(end int64, o timeline.Options, set func(*Ledger)) *told {
	s.t.Helper()
	events := slices.Clone(s.events)
	events = append(events, event.Event{Kind: event.Sync, Time: clock + end*s.unit, G: event.NoG, P: event.NoP, M: event.NoM})
	slices.SortStableFunc(events, func(a, b event.Event) int { return cmp.Compare(a.Time, b.Time) })
	told := &told{tale: s, b: New(Options{From: o.From}, s.tables)}
	told.b.Record(NewRecording([]Window{{0, 1 << 62}}, 1<<40))
	if set != nil {
		set(told.b)
	}
	told.m = timeline.New(s.tables, 26, o, sinkFunc(told.collect))
	if err := told.m.Feed(events); err != nil {
		s.t.Fatal(err)
	}
	told.m.Finish()
	if n := told.m.Inconsistent(); n != 0 && !s.contradicts {
		s.t.Errorf("the tale contradicts itself %d times", n)
	}
	return told
}

func (x *told) collect(batch []timeline.Record) {
	for i := range batch {
		r := &batch[i]
		x.tape = append(x.tape, *r)
		if r.Op == timeline.OpInterval && r.Ns() > 0 && r.State == event.GoWaiting {
			if l := x.b.lives[r.Slot]; l != nil && x.b.counts(l, r) {
				waker := NoOne
				if resolvable(r) && x.b.lives[r.OtherSlot] != nil {
					waker = x.b.lives[r.OtherSlot].ref
				}
				x.waits = append(x.waits, seen{accountKey{l.ref, r.Kind, r.Stack, waker}, *r})
			}
		}
		x.b.Collect(batch[i : i+1])
	}
}

// resolvable says whether a wait was ended by a goroutine that can be looked at.
func resolvable(r *timeline.Record) bool {
	return r.State == event.GoWaiting && r.OtherSlot >= 0 && r.OtherSlot != r.Slot && !r.Has(timeline.FlagExternal) && r.Kind.Class() != waitkind.Runtime
}

// conserves holds the pieces of every account and path against its time.
func (x *told) conserves() {
	x.t.Helper()
	x.b.Accounts(func(a Account, shares []Share) {
		if got := total(x.t, shares); got != a.Ns {
			x.t.Errorf("the pieces of %s sum to %d ns", x.account(a), got)
		}
	})
	for _, p := range x.b.Paths() {
		for _, run := range append(slices.Clone(p.Slowest), p.Typical, Run{To: p.Ns, Shares: p.Shares}) {
			if got := total(x.t, run.Shares); got != run.ns() {
				x.t.Errorf("the pieces of a run of %d ns of %s sum to %d", run.ns(), x.tables.String(p.Name), got)
			}
		}
	}
}

// total is the time of shares, of which none may be negative or nothing.
func total(t testing.TB, shares []Share) (ns int64) {
	t.Helper()
	for _, s := range shares {
		if s.DirectNs < 0 || s.PropagatedNs < 0 || s.Ns() == 0 {
			t.Errorf("share %+v", s)
		}
		ns += s.Ns()
	}
	return ns
}

// agreesWithTheWalk holds every account but those of conditions, the waits of which
// are joined, against a walk through each of its waits.
func (x *told) agreesWithTheWalk() {
	x.t.Helper()
	want := map[accountKey]map[Piece]Share{}
	for _, w := range x.waits {
		steps := x.b.Walk(w.G, w.Start, w.End)
		x.follow(steps, w.Start, w.End)
		if len(steps) != 1 || steps[0].IsWait() != resolvable(&w.Record) {
			x.t.Errorf("the walk of the wait of goroutine %d from %d to %d has %d steps", w.G, w.Start, w.End, len(steps))
			continue
		}
		if steps[0].IsWait() {
			steps = steps[0].Steps
		}
		if want[w.key] == nil {
			want[w.key] = map[Piece]Share{}
		}
		for _, sh := range x.b.Sum(steps) {
			sum := want[w.key][sh.Piece]
			want[w.key][sh.Piece] = Share{sh.Piece, sum.DirectNs + sh.DirectNs, sum.PropagatedNs + sh.PropagatedNs}
		}
	}
	x.b.Accounts(func(a Account, shares []Share) {
		if a.Kind == waitkind.Cond {
			return
		}
		got := map[Piece]Share{}
		for _, sh := range shares {
			got[sh.Piece] = sh
		}
		if key := (accountKey{a.Waiter, a.Kind, a.Stack, a.Waker}); !maps.Equal(got, want[key]) {
			x.t.Errorf("%s\n  the ledger has %v\n the walk found %v", x.account(a), x.shares(slices.Collect(maps.Values(got))), x.shares(slices.Collect(maps.Values(want[key]))))
		}
	})
}

// follow holds steps against each other: one begins where the one before it ends, and
// those below a wait fill it.
func (x *told) follow(steps []Step, from, to int64) {
	x.t.Helper()
	for i := range steps {
		s := &steps[i]
		if s.From != from || s.To <= s.From {
			x.t.Errorf("a step from %d to %d follows at %d", s.From, s.To, from)
		}
		if s.IsWait() {
			x.follow(s.Steps, s.From, s.To)
		}
		from = s.To
	}
	if from != to {
		x.t.Errorf("the steps end at %d, want %d", from, to)
	}
}

// agreesWithWhoLooksAtEachInstant holds the accounts against methods.md A.8 in its
// plainest form: for each instant of each wait, who ended the wait, what he did at
// that instant, and if he waited who ended that.
func (x *told) agreesWithWhoLooksAtEachInstant() {
	x.t.Helper()
	o := newOnlooker(x.tape)
	want := map[accountKey]map[glimpse]int64{}
	for i := range x.waits {
		w := &x.waits[i]
		if want[w.key] == nil {
			want[w.key] = map[glimpse]int64{}
		}
		for from, to := range o.moments(w.Start, w.End) {
			want[w.key][o.at(x, w.G, from)] += to - from
		}
	}
	x.b.Accounts(func(a Account, shares []Share) {
		if a.Kind == waitkind.Cond {
			return
		}
		got := map[glimpse]int64{}
		for _, sh := range shares {
			got[glimpse{sh.Piece.Kind, sh.Piece.HeldIn, false}] += sh.DirectNs
			got[glimpse{sh.Piece.Kind, sh.Piece.HeldIn, true}] += sh.PropagatedNs
		}
		maps.DeleteFunc(got, func(_ glimpse, ns int64) bool { return ns == 0 })
		if key := (accountKey{a.Waiter, a.Kind, a.Stack, a.Waker}); !maps.Equal(got, want[key]) {
			x.t.Errorf("%s\n     the ledger has %v\n the onlooker saw %v", x.account(a), got, want[key])
		}
	})
}

// onlooker finds out what goes on at an instant with nothing but the intervals.
type onlooker struct {
	intervals map[int64][]timeline.Record
	born      map[int64]timeline.Record
	cuts      []int64 // where anything begins or ends
}

// glimpse is what somebody who waits sees go on at an instant.
type glimpse struct {
	kind       Kind
	heldIn     event.FrameID // where the last lock on the way is let go of
	propagated bool
}

func newOnlooker(tape []timeline.Record) *onlooker {
	o := &onlooker{intervals: map[int64][]timeline.Record{}, born: map[int64]timeline.Record{}}
	for _, r := range tape {
		switch {
		case r.Op == timeline.OpBorn:
			o.born[r.G] = r
			o.cuts = append(o.cuts, r.Start)
		case r.Op == timeline.OpInterval && r.Ns() > 0:
			o.intervals[r.G] = append(o.intervals[r.G], r)
			o.cuts = append(o.cuts, r.Start, r.End)
		}
	}
	slices.Sort(o.cuts)
	o.cuts = slices.Compact(o.cuts)
	return o
}

// moments yields the parts of a stretch in which nothing begins or ends.
func (o *onlooker) moments(from, to int64) func(yield func(from, to int64) bool) {
	return func(yield func(from, to int64) bool) {
		i, _ := slices.BinarySearch(o.cuts, from+1)
		for at := from; at < to; i++ {
			end := min(to, o.cuts[i])
			if !yield(at, end) {
				return
			}
			at = end
		}
	}
}

// at is what a goroutine that waits at an instant sees go on.
func (o *onlooker) at(x *told, g, at int64) glimpse {
	x.t.Helper()
	waits, lock, heldIn := 0, false, event.FrameID(0)
	for range 1 << 20 {
		i, found := slices.BinarySearchFunc(o.intervals[g], at, func(r timeline.Record, at int64) int {
			switch {
			case r.End <= at:
				return -1
			case r.Start > at:
				return 1
			}
			return 0
		})
		switch born := o.born[g]; {
		case found && resolvable(&o.intervals[g][i]):
			r := &o.intervals[g][i]
			waits++
			if lock = IsLock(r.Kind); lock {
				heldIn = x.b.pieces.frame(r.OtherStack)
			}
			g = r.Other
			continue
		case found:
			kind := whatIs(&o.intervals[g][i])
			if kind == Code && lock {
				kind = LockHolder
			}
			if kind >= Open {
				heldIn = 0
			}
			return glimpse{kind, heldIn, waits > 1}
		case at < born.Start && born.OtherSlot >= 0:
			g, lock = born.Other, false // who creates somebody does not have its locks
			continue
		case at < born.Start && born.Other == event.NoG && !born.Has(timeline.FlagCensoredStart):
			return glimpse{Timer, heldIn, waits > 1}
		}
		return glimpse{Unknown, 0, waits > 1}
	}
	x.t.Fatalf("goroutine %d waits for itself at %d", g, at)
	return glimpse{}
}

// whatIs is what a goroutine does in an interval of its own.
func whatIs(r *timeline.Record) Kind {
	switch class := r.Kind.Class(); {
	case r.Kind == waitkind.GCAssist || class == waitkind.Runtime:
		return GC
	case class == waitkind.Running:
		return Code
	case class == waitkind.Runnable:
		return Scheduler
	case r.State == event.GoSyscall:
		return Syscall
	case r.Kind == waitkind.Unsaid:
		return Unknown
	case r.Kind == waitkind.Network:
		return IO
	case class == waitkind.Timer:
		return Timer
	case r.Next == event.GoUndetermined && !r.Has(timeline.FlagGap):
		return Open
	}
	return Unknown
}

// want holds all accounts against a text: for each account a line
//
//	WAITER KIND in FUNCTION by WAKER: waits×ns
//
// and below it its pieces, DIRECT|PROPAGATED and what they are; what is "held" is so
// in the function that it is in. Times are in the tale's unit. Of code that a stack
// names the way is left out.
func (x *told) want(text string) {
	x.t.Helper()
	var b strings.Builder
	x.b.Accounts(func(a Account, shares []Share) {
		if a.Waits == 0 && a.Futile == 0 {
			return
		}
		fmt.Fprintln(&b, x.account(a))
		for _, s := range x.shares(shares) {
			fmt.Fprintln(&b, "\t"+s)
		}
	})
	got, want := tidy(b.String()), tidy(text)
	if got != want {
		x.t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// tidy is a text without empty lines and indentation.
func tidy(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			if line[0] >= '0' && line[0] <= '9' {
				line = "  " + line
			}
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

func (x *told) account(a Account) string {
	text := fmt.Sprintf("%s %s in %s by %s: %d×%s", x.who(a.Waiter), a.Kind, x.fn(x.b.pieces.frame(a.Stack)), x.who(a.Waker), a.Waits, x.time(a.Ns))
	if a.Late > 0 {
		text += fmt.Sprintf(" late %d×%s", a.Late, x.time(a.LateNs))
	}
	if a.Futile > 0 {
		text += fmt.Sprintf(" futile %d", a.Futile)
	}
	return text
}

func (x *told) shares(shares []Share) (lines []string) {
	slices.SortFunc(shares, x.b.compareShares)
	for _, s := range shares {
		lines = append(lines, fmt.Sprintf("%s|%s %s", x.time(s.DirectNs), x.time(s.PropagatedNs), x.piece(s.Piece)))
	}
	return lines
}

// piece is what a piece says, but for callers.
func (x *told) piece(p Piece) string {
	text := p.Kind.String()
	switch {
	case p.How == ByRegion:
		text += " (region " + x.tables.String(p.Region) + ")"
	case p.How == ByCreation:
		text += " (from " + x.who(p.Who) + ")"
	case p.How == BySample:
		text += " " + x.fn(p.Frame) + " (sample)"
	case p.Frame != 0:
		text += " " + x.fn(p.Frame)
	}
	switch {
	case p.Kind == Scheduler && p.Who == Stopped:
		text += " stopped"
	case p.Kind == Scheduler && p.Who != NoOne:
		text += " for " + x.who(p.Who)
	}
	switch {
	case p.HeldIn == 0:
	case p.HeldIn == p.Frame:
		text += " held"
	default:
		text += " held in " + x.fn(p.HeldIn)
	}
	return text
}

func (x *told) fn(f event.FrameID) string {
	if f == 0 {
		return "?"
	}
	return x.tables.Frame(f).Func
}

func (x *told) who(r Ref) string {
	switch group := x.b.GroupOf(r); {
	case r == NoOne:
		return "nobody"
	case r < 0 || group == timeline.NoGroup:
		return fmt.Sprint("group ", group)
	default:
		return x.m.Groups()[group].Entry
	}
}

// time is a time in the tale's unit, as short as it can be told exactly.
func (x *told) time(ns int64) string {
	return strconv.FormatFloat(float64(ns)/float64(x.unit), 'f', -1, 64)
}

// path is what filled a part of a goroutine's time, by the walk: pieces in order,
// those below waits in parentheses.
func (x *told) path(g, from, to int64) string {
	steps := x.b.Walk(g, from*x.unit, to*x.unit)
	x.follow(steps, from*x.unit, to*x.unit)
	return x.steps(steps)
}

func (x *told) steps(steps []Step) string {
	var parts []string
	for i := range steps {
		if s := &steps[i]; s.IsWait() {
			parts = append(parts, "("+x.steps(s.Steps)+")")
		} else {
			parts = append(parts, x.time(s.Ns())+" "+x.piece(s.Piece))
		}
	}
	return strings.Join(parts, ", ")
}

// is holds two values against each other.
func is[T comparable](t testing.TB, what string, got, want T) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

// The stacks on which goroutines of these tales wait, but for the entry.
const (
	lock    = "sync.(*Mutex).Lock"
	unlock  = "sync.(*Mutex).Unlock"
	rlock   = "sync.(*RWMutex).RLock"
	runlock = "sync.(*RWMutex).RUnlock"
	wlock   = "sync.(*RWMutex).Lock"
	wunlock = "sync.(*RWMutex).Unlock"
	recv    = "runtime.chanrecv1"
	send    = "runtime.chansend1"
	selects = "runtime.selectgo"
	reads   = "internal/poll.(*FD).Read"
	naps    = "time.Sleep"
	waits   = "sync.(*WaitGroup).Wait"
	done    = "sync.(*WaitGroup).Done"
	condW   = "sync.(*Cond).Wait"
	bcast   = "sync.(*Cond).Broadcast"
)
