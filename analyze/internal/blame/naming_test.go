package blame

import (
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
)

// TestCodeBetweenTwoStacksIsWhatWasActiveAllAlong holds the function and its caller
// that code is named by, of a goroutine that ran from one stack to another. Stacks
// are leaf first; "entry" stands for the beginning or end of the goroutine, "" for a
// stack that is not known.
func TestCodeBetweenTwoStacksIsWhatWasActiveAllAlong(t *testing.T) {
	for name, c := range map[string]struct{ from, to, want string }{
		"one function, two lines":      {recv + " main.f:5 main.g:3 main.w", send + " main.f:9 main.g:3 main.w", "main.f:9 < main.g:3"},
		"two functions of one":         {recv + " main.f:5 main.g:3 main.w", send + " main.h:9 main.g:4 main.w", "main.g:4 < main.w:1"},
		"two functions of one line":    {recv + " main.f:5 main.g:3 main.w", send + " main.h:9 main.g:3 main.w", "main.g:3 < main.w:1"},
		"the same stack":               {recv + " main.f:5 main.g:3 main.w", recv + " main.f:5 main.g:3 main.w", "main.f:5 < main.g:3"},
		"deeper":                       {recv + " main.g:3 main.w", send + " main.h:9 main.f:5 main.g:4 main.w", "main.g:4 < main.w:1"},
		"back out":                     {recv + " main.h:9 main.f:5 main.g:4 main.w", send + " main.g:5 main.w", "main.g:5 < main.w:1"},
		"into what was on top":         {"main.g:3 main.w", send + " main.f:9 main.g:3 main.w", "main.g:3 < main.w:1"},
		"out to what is on top":        {recv + " main.f:9 main.g:3 main.w", "main.g:3 main.w", "main.g:3 < main.w:1"},
		"nothing in common":            {recv + " main.f main.g", send + " main.h main.i", "main.h:1 < main.i:1"},
		"a recursion less deep":        {recv + " main.f:3 main.f:5 main.f:5 main.w", recv + " main.f:3 main.f:5 main.w", "main.f:3 < main.w:1"},
		"a recursion deeper":           {recv + " main.f:3 main.f:5 main.w", recv + " main.f:3 main.f:5 main.f:5 main.w", "main.f:5 < main.w:1"},
		"from its entry":               {"entry", recv + " main.f:5 main.g:3 main.w", "main.w:1 < "},
		"to its end":                   {recv + " main.f:5 main.g:3 main.w:7", "entry", "main.w:7 < "},
		"from nowhere":                 {"", recv + " main.f:5 main.g:3 main.w", "main.f:5 < main.g:3"},
		"from nowhere to its end":      {"", "entry", ""},
		"a library's function":         {reads + " bufio.(*Reader).fill:1 encoding/json.(*Decoder).Decode:2 main.f:5 main.w", reads + " bufio.(*Reader).fill:1 encoding/json.(*Decoder).Decode:4 main.f:5 main.w", "main.f:5 < main.w:1"},
		"a library's, below no code":   {reads + " net/http.(*conn).serve:1", send + " main.handle:5 net/http.HandlerFunc.ServeHTTP net/http.(*conn).serve:2", "main.handle:5 < "},
		"a library's, nearest inwards": {"entry", send + " main.inner:5 sort.Slice:1 main.handle:7 net/http.(*conn).serve:2", "main.handle:7 < "},
		"a library's alone":            {reads + " bufio.(*Reader).Read net/http.(*conn).serve:1", reads + " bufio.(*Reader).Peek net/http.(*conn).serve:2", "net/http.(*conn).serve:2 < "},
		"callbacks from a library":     {send + " main.less:3 sort.insertionSort:1 sort.Slice:1 main.f:5 main.w", send + " main.less:4 sort.heapSort:1 sort.Slice:2 main.f:5 main.w", "main.f:5 < main.w:1"},
		"the caller is not a library":  {recv + " main.f:5 sync.(*Once).Do main.g:3 main.w", send + " main.f:6 sync.(*Once).Do main.g:3 main.w", "main.f:6 < main.g:3"},
		"the caller is not itself":     {recv + " main.f:5 main.f:8 main.f:8 main.w:2", send + " main.f:6 main.f:8 main.f:8 main.w:2", "main.f:6 < main.w:2"},

		"within a lock":            {lock + " main.f:10 main.g:5 main.w", unlock + " main.f:12 main.g:5 main.w", "main.f:12 < main.g:5"},
		"free, to the same lock":   {unlock + " main.f:12 main.g:5 main.w", lock + " main.f:10 main.g:5 main.w", "main.g:5 < main.w:1"},
		"free, to a lock further":  {unlock + " main.f:12 main.g:5 main.w", lock + " main.f:14 main.g:5 main.w", "main.f:14 < main.g:5"},
		"free, to another's lock":  {unlock + " main.f:12 main.g:5 main.w", lock + " main.h:10 main.g:6 main.w", "main.g:6 < main.w:1"},
		"lock after lock":          {lock + " main.f:10 main.g:5 main.w", lock + " main.f:10 main.g:5 main.w", "main.g:5 < main.w:1"},
		"unlock after unlock":      {unlock + " main.f:12 main.g:5 main.w", unlock + " main.f:12 main.g:5 main.w", "main.g:5 < main.w:1"},
		"lock in the entry":        {lock + " main.w:10", lock + " main.w:10", "main.w:10 < "},
		"read lock after lock":     {runlock + " main.f:12 main.g:5 main.w", rlock + " main.f:10 main.g:5 main.w", "main.g:5 < main.w:1"},
		"write lock after lock":    {wunlock + " main.f:12 main.g:5 main.w", wlock + " main.f:10 main.g:5 main.w", "main.g:5 < main.w:1"},
		"a channel does not lock":  {send + " main.f:12 main.g:5 main.w", recv + " main.f:10 main.g:5 main.w", "main.f:10 < main.g:5"},
		"two locks, one after one": {unlock + " main.get:14 main.loop:5 main.w", lock + " main.get:10 main.loop:6 main.w", "main.loop:6 < main.w:1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTale(t, 1)
			p := newPieceTable(s.tables)
			id := func(text string) event.StackID {
				if text == "entry" {
					return atEntry
				}
				return s.stack(strings.Fields(text)...)
			}
			if c.want == "" {
				return // never asked: see TestCodeWithoutStacks
			}
			for range 2 { // the second time it is remembered
				got := p.of(p.codeBetween(id(c.from), id(c.to)))
				if got.Kind != Code || got.How != ByStack || got.Who != NoOne || got.HeldIn != 0 {
					t.Errorf("piece %+v", got)
				}
				is(t, "name", line(s, got.Frame)+" < "+line(s, got.Caller), c.want)
			}
		})
	}
}

// line is a frame's function and line.
func line(s *tale, f event.FrameID) string {
	if f == 0 {
		return ""
	}
	frame := s.tables.Frame(f)
	return strings.Replace(frame.Format(), " x.go", "", 1)
}

// TestManyPairsOfStacks: what is remembered of a pair is not given for another that
// falls on its place.
func TestManyPairsOfStacks(t *testing.T) {
	s := newTale(t, 1)
	p := newPieceTable(s.tables)
	var stacks []event.StackID
	for i := range 120 {
		stacks = append(stacks, s.stack(recv, "main.leaf"+string(rune('a'+i%26)), "main.mid"+string(rune('a'+i%7)), "main.w"))
	}
	for range 2 {
		for _, from := range stacks {
			for _, to := range stacks {
				is(t, "piece", p.of(p.codeBetween(from, to)), p.partOf(from, to))
			}
		}
	}
}

// TestCodeWithoutStacks: where no stack shows where a goroutine ran, the region it is
// in names it, the innermost, and else where it comes from. b runs in no region from
// 0 to 100, in "outer" to 200, in "inner" to 300, in "outer" to 400, in none to 500.
func TestCodeWithoutStacks(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.a")
	s.has(2, 1)
	s.blocks(0, 1, event.ReasonChanReceive, recv, "main.a")
	s.region(100, 2, "outer")
	s.region(200, 2, "inner")
	s.leaves(300, 2, "inner")
	s.leaves(400, 2, "outer")
	s.wakes(500, 1, 2)
	s.blocks(510, 2, event.ReasonSleep, naps, "main.b")
	x := s.play(600)
	is(t, "path", x.path(1, 0, 500), "(100 code (from main.b), 100 code (region outer), 100 code (region inner), 100 code (region outer), 100 code (from main.b))")
}

// TestALifeWithoutStacks: of a goroutine that only ever ran, and whose wake-ups have
// no stack, it is known where it comes from. A region of before the trace counts.
func TestALifeWithoutStacks(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.main")
	s.blocks(0, 1, event.ReasonChanReceive, recv, "main.a")
	s.makes(100, 3, 2, "main.b", "main.main")
	s.starts(100, 3, 2)
	s.wakesTo(300, 1, 0, 3)
	s.blocks(310, 1, event.ReasonChanReceive, recv, "main.a")
	s.region(320, 3, "r")
	s.wakesTo(500, 1, 0, 3)
	s.blocks(510, 1, event.ReasonChanReceive, recv, "main.a")
	s.ends(600, 3)
	x := s.play(700)
	is(t, "path", x.path(1, 0, 300), "(100 code main.main, 200 code (from main.b))")
	is(t, "path", x.path(1, 310, 500), "(10 code (from main.b), 180 code (region r))")
	is(t, "path", x.path(3, 100, 600), "200 code (from main.b), 20 code (from main.b), 180 code (region r), 100 code (region r)")
}

// TestASampleNamesTheCodeAroundIt: b runs from 0 and is seen by CPU samples at 100, in
// main.hot, and at 200, in main.cold; it sends at 300 and at 400. A sample names what
// was since the mark before it, and what is until the next; no more.
func TestASampleNamesTheCodeAroundIt(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.blocks(0, 1, event.ReasonChanReceive, recv, "main.a")
	s.samples(100, 2, "runtime.memmove", "main.hot", "main.b")
	s.samples(200, 2, "main.cold", "main.b")
	s.wakesTo(300, 1, 0, 2, send, "main.b:3")
	s.blocks(310, 1, event.ReasonChanReceive, recv, "main.a")
	s.wakesTo(400, 1, 0, 2, send, "main.b:3")
	x := s.play(500)
	is(t, "path", x.path(1, 0, 300), "(100 code main.hot (sample), 100 code main.cold (sample), 100 code main.cold (sample))")
	is(t, "path", x.path(1, 310, 400), "(90 code main.b)")
}

// TestASampleDoesNotOutliveARun: what b runs after it was preempted, or waited, is not
// what a sample before that showed; a sample of somebody who does not run, or without
// a stack, or of no goroutine, says nothing.
func TestASampleDoesNotOutliveARun(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.blocks(0, 1, event.ReasonChanReceive, recv, "main.a")
	s.samples(100, 2, "main.hot", "main.b")
	s.preempts(150, 2, "main.f:3", "main.b")
	s.samples(160, 2, "main.cold", "main.b")
	s.starts(200, 2, 1)
	s.samples(210, 2)
	s.add(220, event.Event{Kind: event.Sample, G: event.NoG, P: 1, Stack: s.stack("main.cold", "main.b")})
	s.blocks(300, 2, event.ReasonSleep, naps, "main.f:4", "main.b")
	s.firesTo(350, 2, 1)
	s.wakes(400, 1, 2, send, "main.f:5", "main.b")
	x := s.play(500)
	is(t, "path", x.path(1, 0, 400), "(100 code main.hot (sample), 50 code main.hot (sample), 50 scheduler, 100 code main.f, 50 timer main.f, 50 code main.f)")
}

// TestALocksHolderIsNamedByWhereItLetsGo: whatever stacks lie within the time in which
// a goroutine has a lock, but a sample shows more; and where nothing is known of where
// it lets go, the code itself remains.
func TestALocksHolderIsNamedByWhereItLetsGo(t *testing.T) {
	for name, c := range map[string]struct {
		release []string
		want    string
	}{
		"stack":    {[]string{unlock, "main.release", "main.b"}, "(50 lock-holder main.release held, 50 lock-holder main.hot (sample) held in main.release, 40 lock-holder main.hot (sample) held in main.release, 60 lock-holder main.release held)"},
		"no stack": {nil, "(50 lock-holder main.create, 50 lock-holder main.hot (sample), 40 lock-holder main.hot (sample), 60 lock-holder (from main.b))"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newTale(t, 3)
			s.has(1, 0, "main.a")
			s.has(2, 1, "main.b")
			s.blocks(0, 1, event.ReasonSync, lock, "main.a")
			s.makes(50, 3, 2, "main.c", "main.create", "main.b")
			s.samples(100, 2, "main.hot", "main.b")
			s.makes(140, 4, 2, "main.c", "main.create", "main.b")
			s.wakes(200, 1, 2, c.release...)
			x := s.play(300)
			is(t, "path", x.path(1, 0, 200), c.want)
		})
	}
}

// TestWhatWasWaitedForBeforeTheTraceIsAPlaceToo: b waits in main.next, called by
// main.loop, since before the trace, which a status stack shows. Woken by a goroutine
// it runs on and sends from main.put, called by main.loop: what it ran was main.loop's,
// as it is when a timer had ended the wait.
func TestWhatWasWaitedForBeforeTheTraceIsAPlaceToo(t *testing.T) {
	for _, by := range []int64{event.NoG, 3} {
		s := newTale(t, 3)
		s.has(1, 0, "main.a")
		s.had(2, event.GoWaiting, "runtime.gopark", "runtime.chanrecv", "main.next", "main.loop", "main.b")
		s.has(3, 2, "main.c")
		s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
		s.wakesTo(100, 2, 1, by)
		s.wakes(300, 1, 2, send, "main.put", "main.loop", "main.b")
		x := s.play(400)
		is(t, "path", x.path(1, 100, 300), "(200 code main.loop)")
	}
}

// TestAnAssistIsNamedByWhereItBegan: b was last seen to block in main.take, and then
// assists the collector in main.fill. The end of an assist has no stack.
func TestAnAssistIsNamedByWhereItBegan(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.blocks(10, 2, event.ReasonSleep, naps, "main.take", "main.b")
	s.firesTo(20, 2, 1)
	s.blocks(30, 1, event.ReasonChanReceive, recv, "main.a")
	s.assists(40, 70, 2, "runtime.mallocgc", "main.fill", "main.b")
	s.wakes(90, 1, 2, send, "main.b:4")
	x := s.play(400)
	is(t, "path", x.path(1, 30, 90), "(10 code main.b, 30 gc main.fill, 20 code main.b)")
}

// TestASampleInAnAssistIsTheCollectors: b assists the collector from 40 to 70 and is
// sampled at 60. All of it is the collector's.
func TestASampleInAnAssistIsTheCollectors(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.blocks(30, 1, event.ReasonChanReceive, recv, "main.a")
	s.assists(40, 70, 2, "runtime.mallocgc", "main.fill", "main.b")
	s.samples(60, 2, "runtime.gcDrainN", "runtime.mallocgc", "main.fill", "main.b")
	s.wakes(90, 1, 2, send, "main.b:4")
	var gc int64
	for _, sh := range sharesOf(s.play(400)) {
		if sh.Piece.Kind == GC {
			gc += sh.Ns()
		}
	}
	is(t, "the collector's part", gc, 30_000)
}

// sharesOf are the pieces of the only account.
func sharesOf(x *told) (out []Share) {
	x.b.Accounts(func(_ Account, shares []Share) { out = append(out, shares...) })
	return out
}

// TestARunThatGoesOnHasNoStack: b waited in main.take, called by main.loop, runs since
// 20 and to the trace's end. Nothing shows where it is then, least of all that it is
// in main.take; all along it is in its entry function.
func TestARunThatGoesOnHasNoStack(t *testing.T) {
	s := newTale(t, 2)
	s.has(2, 1, "main.b")
	s.blocks(10, 2, event.ReasonSleep, naps, "main.take", "main.loop", "main.b")
	s.firesTo(20, 2, 1)
	x := s.play(400)
	is(t, "path", x.path(2, 20, 400), "380 code main.b")
}

// TestACoroutineSwitchHasNoStack: b waited in main.take, runs from 20 and switches to
// the coroutine c at 100, on no stack. Nothing shows that it was in main.take
// meanwhile.
func TestACoroutineSwitchHasNoStack(t *testing.T) {
	s := newTale(t, 2)
	s.has(2, 1, "main.b")
	s.had(3, event.GoWaiting, "runtime.coroswitch", "main.c")
	s.blocks(10, 2, event.ReasonSleep, naps, "main.take", "main.loop", "main.b")
	s.firesTo(20, 2, 1)
	s.switches(100, 3, 2)
	x := s.play(400)
	is(t, "path", x.path(2, 20, 100), "80 code (from main.b)")
}

// TestAWindowDoesNotRenameCode: b runs from main.take to main.put, both called by
// main.loop, from 200 to 400. In the window, which begins at 300, it is main.loop too.
func TestAWindowDoesNotRenameCode(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.main")
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
	s.makes(20, 3, 2, "main.b", "main.main")
	s.starts(21, 3, 2)
	s.blocks(100, 3, event.ReasonSleep, naps, "main.take", "main.loop", "main.b")
	s.firesTo(200, 3, 2)
	s.wakes(400, 1, 3, send, "main.put", "main.loop", "main.b")
	x := s.window(500, timeline.Options{From: 300_000}, nil)
	is(t, "path", x.path(1, 300, 400), "(100 code main.loop)")
}

// TestALoopOverTwoLocksIsTheLoop: main.loop calls main.get on line 5 and main.put on
// line 6, over and over. From the end of main.put to the next main.get it is main.loop
// that runs, not what called it: main.loop does not take a lock itself.
func TestALoopOverTwoLocksIsTheLoop(t *testing.T) {
	s := newTale(t, 1)
	p := newPieceTable(s.tables)
	got := p.of(p.codeBetween(s.stack(unlock, "main.put:24", "main.loop:6", "main.w"), s.stack(lock, "main.get:10", "main.loop:5", "main.w")))
	is(t, "name", line(s, got.Frame)+" < "+line(s, got.Caller), "main.loop:5 < main.w:1")
}

// TestWhatIsBeforeAnUnlockerIsNotItsCode: main creates g at 600, which lets go at 1000
// of a lock that was waited for since 10. Until 600 there was no g that could have been
// in main.release.
func TestWhatIsBeforeAnUnlockerIsNotItsCode(t *testing.T) {
	s := newTale(t, 3)
	s.contradicts = true // for the onlooker, who does not tell them apart either
	s.has(1, 0, "main.main")
	s.has(2, 1, "main.waiter")
	s.blocks(10, 2, event.ReasonSync, lock, "main.waiter")
	s.makes(600, 3, 1, "main.g", "main.create", "main.main")
	s.starts(605, 3, 2)
	s.wakes(1000, 2, 3, unlock, "main.release", "main.g")
	x := s.play(1100)
	is(t, "path", x.path(2, 10, 1000), "(590 code main.create held in main.release, 5 scheduler held in main.release, 395 lock-holder main.release held)")
}

// TestSelectionDoesNotRenameCode: the region that names the code of a goroutine names
// it too where the goroutine is not one of those that are asked for.
func TestSelectionDoesNotRenameCode(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.a")
	s.has(2, 1)
	s.blocks(0, 1, event.ReasonChanReceive, recv, "main.a")
	s.region(10, 2, "r")
	s.wakes(100, 1, 2)
	s.blocks(110, 2, event.ReasonSleep, naps, "main.b")
	x := s.window(200, timeline.Options{Select: func(id int64) bool { return id == 1 }}, nil)
	is(t, "path", x.path(1, 0, 100), "(10 code (from main.b), 90 code (region r))")
}

// TestAnAssistGoesOnBehindAWait: b assists the collector from 40 to 90, within which it
// waits for work from 50 to 60. That it is sampled at 70 and wakes somebody at 80 does
// not make code of it.
func TestAnAssistGoesOnBehindAWait(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.has(3, 2, "main.c")
	s.blocks(30, 1, event.ReasonChanReceive, recv, "main.a")
	s.blocks(30, 3, event.ReasonChanReceive, recv, "main.c")
	s.assists(40, 90, 2, "runtime.mallocgc", "main.fill", "main.b")
	s.blocks(50, 2, event.ReasonGCAssistWait, "runtime.gcParkAssist", "main.fill", "main.b")
	s.firesTo(60, 2, 1)
	s.samples(70, 2, "runtime.gcDrainN", "main.fill", "main.b")
	s.wakes(80, 3, 2, send, "main.fill", "main.b")
	s.wakes(100, 1, 2, send, "main.b:4")
	x := s.play(400)
	var gc int64
	x.b.Accounts(func(a Account, shares []Share) {
		for _, sh := range shares {
			if x.who(a.Waiter) == "main.a" && sh.Piece.Kind == GC {
				gc += sh.Ns()
			}
		}
	})
	is(t, "the collector's part", gc, 50_000)
}

// TestBehindAnAssistAGoroutineIsWhereItBegan: b was last seen to block in main.take, then
// begins an assist in main.fill, and sends from there when it is over. What it ran in
// between is main.fill's.
func TestBehindAnAssistAGoroutineIsWhereItBegan(t *testing.T) {
	s := newTale(t, 2)
	s.has(1, 0, "main.a")
	s.has(2, 1, "main.b")
	s.blocks(10, 2, event.ReasonSleep, naps, "main.take", "main.b")
	s.firesTo(20, 2, 1)
	s.blocks(30, 1, event.ReasonChanReceive, recv, "main.a")
	s.assists(40, 70, 2, "runtime.mallocgc", "main.fill:3", "main.b")
	s.wakes(90, 1, 2, send, "main.fill:9", "main.b")
	x := s.play(400)
	is(t, "path", x.path(1, 30, 90), "(10 code main.b, 30 gc main.fill, 20 code main.fill)")
}

// TestAWindowKnowsWhereAWakerWas: b wakes c from main.put at 100 and a at 400 from
// main.put again, which it has not left. In the window, which begins at 300, it is
// main.put too, and not its entry.
func TestAWindowKnowsWhereAWakerWas(t *testing.T) {
	s := newTale(t, 3)
	s.has(1, 0, "main.a")
	s.has(3, 2, "main.c")
	s.makes(5, 2, 1, "main.b", "main.a")
	s.starts(6, 2, 1)
	s.blocks(10, 1, event.ReasonChanReceive, recv, "main.a")
	s.blocks(10, 3, event.ReasonChanReceive, recv, "main.c")
	s.wakes(100, 3, 2, send, "main.put:3", "main.b")
	s.wakes(400, 1, 2, send, "main.put:4", "main.b")
	x := s.window(500, timeline.Options{From: 300_000}, nil)
	is(t, "path", x.path(1, 300, 400), "(100 code main.put)")
}
