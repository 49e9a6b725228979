package blame

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// truth is a history as it was: what a history says is held against it.
type truth struct {
	start  int64
	before key
	parent *truth
	since  int64
	pieces []block // single pieces
}

func (e *truth) upTo() int64 {
	if n := len(e.pieces); n > 0 {
		return e.pieces[n-1].end
	}
	return e.start
}

// look calls f with what was in [from, to), in order.
func (e *truth) look(from, to int64, f func(k key, ns int64)) {
	if from < e.start && from < to {
		end := min(e.start, to)
		if e.parent != nil {
			e.parent.look(from, end, f)
		} else {
			f(e.before, end-from)
		}
		from = end
	}
	at := e.start
	for _, b := range e.pieces {
		if ns := min(b.end, to) - max(at, from); ns > 0 {
			f(b.key, ns)
		}
		at = b.end
	}
}

// world is a store with histories that live, each beside its truth.
type world struct {
	store
	now  int64
	live []*being
	ids  key
}

type being struct {
	h    *history
	true *truth
}

func newWorld(budget, fineness int64) *world {
	return &world{store: store{budget: budget, fineness: fineness}, ids: unknownKey + 1}
}

// born lets a being begin to live, created by another or by nobody.
func (w *world) born(creator *being) *being {
	b := &being{w.begin(w.now), &truth{start: w.now}}
	if creator != nil {
		w.descends(b.h, creator.h, w.now)
		b.true.parent, b.true.since = creator.true, w.now
	} else {
		b.h.before, b.true.before = w.newKey(), w.ids
	}
	w.live = append(w.live, b)
	return b
}

// newKey is a piece that nothing else is.
func (w *world) newKey() key {
	w.ids++
	return w.ids
}

// did writes a piece of a being's own, until now.
func (w *world) did(b *being, k key) {
	w.add(b.h, k, w.now)
	b.true.pieces = append(b.true.pieces, block{w.now, k})
}

// inherits writes what another did since the being's history ends, until now, as the
// ledger does.
func (w *world) inherits(b, from *being) {
	at := b.h.upTo()
	for _, s := range from.h.look(nil, at, w.now) {
		if at += s.ns; s.mix == nil {
			w.add(b.h, s.key|inherited, at)
			continue
		}
		var shares []share
		for _, sh := range sharesIn(&s) {
			shares = addShare(shares, share{sh.key | inherited, sh.ns})
		}
		w.add(b.h, w.keep(b.h, shares), at)
	}
	from.true.look(b.true.upTo(), w.now, func(k key, ns int64) {
		b.true.pieces = append(b.true.pieces, block{b.true.upTo() + ns, k | inherited})
	})
}

func (w *world) dies(i int) {
	w.end(w.live[i].h)
	w.live[i] = w.live[len(w.live)-1]
	w.live = w.live[:len(w.live)-1]
}

// asks looks into a history and holds what it says against the truth. It returns for
// how long it does not know.
func (w *world) asks(t *testing.T, b *being, from, to int64) (unresolved int64) {
	t.Helper()
	want := map[key]int64{}
	b.true.look(from, to, func(k key, ns int64) { want[k] += ns })
	got := map[key]int64{}
	var total int64
	for _, s := range b.h.look(nil, from, to) {
		if s.ns <= 0 {
			t.Fatalf("from %d to %d: a stretch of %d", from, to, s.ns)
		}
		total += s.ns
		if s.mix == nil {
			got[s.key] += s.ns
			continue
		}
		for _, sh := range sharesIn(&s) {
			if sh.ns <= 0 {
				t.Fatalf("from %d to %d: a share of %d", from, to, sh.ns)
			}
			got[sh.key] += sh.ns
		}
	}
	if total != to-from {
		t.Fatalf("from %d to %d: sums to %d", from, to, total)
	}
	var missing int64
	for k, ns := range want {
		missing += ns - got[k]
	}
	for k, ns := range got {
		if k&^inherited == unresolvedKey {
			unresolved += ns
		} else if ns > want[k] {
			t.Fatalf("from %d to %d: %d of piece %d, of which there was %d", from, to, ns, k, want[k])
		}
	}
	if missing != unresolved {
		t.Fatalf("from %d to %d: %d is missing, %d unresolved", from, to, missing, unresolved)
	}
	return unresolved
}

// holds checks that a world is sound: what it says of its memory, and that no history
// that may be used again is still in use.
func (w *world) holds(t *testing.T) {
	t.Helper()
	var used int64
	free := map[*history]bool{}
	for _, h := range w.free {
		if free[h] {
			t.Fatal("a history is free twice")
		}
		free[h] = true
		used += h.bytes()
	}
	seen := map[*history]bool{}
	for _, b := range w.live {
		depth := 0
		for h := b.h; h != nil; h = h.parent {
			if free[h] {
				t.Fatal("a history is in use that is free")
			}
			if depth++; depth > mostParents+3 {
				t.Fatalf("more than %d parents", mostParents)
			}
			if !seen[h] {
				used += h.bytes()
			}
			seen[h] = true
		}
	}
	if w.used != used {
		t.Fatalf("%d bytes are held, the account says %d", used, w.used)
	}
}

// lengths draws how long something takes: mostly short, sometimes very long.
func lengths(r *rand.Rand) int64 { return 1 + r.Int64N(1<<r.IntN(20)) }

// moment draws an instant before now, mostly not long ago.
func moment(r *rand.Rand, now int64) int64 { return max(0, now-lengths(r)) }

// TestAHistoryNeverSaysWhatWasNot plays random worlds: beings that do things of which
// there are few or many kinds, inherit from each other, are created and die. Whatever
// the memory and the fineness, a look into any of them sums to what it asks for, has no
// more of a piece than there was, and what it does not know it says; and the memory is
// what the account says.
func TestAHistoryNeverSaysWhatWasNot(t *testing.T) {
	for _, budget := range []int64{1, 4 << 10, 64 << 10, 1 << 40} {
		for _, fineness := range []int64{1, 4, 32, 1 << 20} {
			for seed := range uint64(3) {
				t.Run(fmt.Sprintf("%d bytes, fineness %d, seed %d", budget, fineness, seed), func(t *testing.T) {
					playsRandomly(t, newWorld(budget, fineness), rand.New(rand.NewPCG(seed, uint64(budget)^uint64(fineness)<<32)), 1500)
				})
			}
		}
	}
}

func playsRandomly(t *testing.T, w *world, r *rand.Rand, steps int) {
	common := []key{w.newKey(), w.newKey(), w.newKey()}
	w.born(nil)
	for step := range steps {
		w.now += lengths(r)
		i := r.IntN(len(w.live))
		b := w.live[i]
		switch what := r.IntN(100); {
		case what < 5 && len(w.live) < 40:
			w.did(b, common[0])
			if r.IntN(10) == 0 {
				b = nil
			}
			w.born(b)
		case what < 8 && len(w.live) > 1:
			w.did(b, common[0])
			w.dies(i)
		case what < 30:
			o := w.live[r.IntN(len(w.live))]
			if o != b && w.now > o.h.upTo() {
				w.did(o, common[r.IntN(3)])
			}
			if o != b && b.h.upTo() < w.now {
				w.inherits(b, o)
			}
		case what < 60:
			w.did(b, w.newKey())
		default:
			// One that is busy: many blocks, of which a history must make fewer.
			for range 1 + r.IntN(40) {
				w.did(b, common[r.IntN(3)])
				w.now += lengths(r) % 1000
				if w.now == b.h.upTo() {
					w.now++
				}
			}
			w.did(b, common[r.IntN(3)])
		}
		if step%10 == 0 {
			b := w.live[r.IntN(len(w.live))]
			from := moment(r, w.now)
			if b.h.upTo() < w.now {
				w.did(b, common[1])
			}
			w.asks(t, b, from, w.now)
			to := moment(r, w.now)
			w.asks(t, b, min(from, to), max(from, to))
			w.asks(t, b, 0, w.now)
		}
		if step%100 == 0 {
			w.holds(t)
		}
	}
	w.holds(t)
}

// fills lets a being do random things of so many kinds, in so many blocks, and returns
// for how much more of a look than it may the history did not know: a look from any
// instant until now may leave a block unresolved that is no longer than a fineness-th of
// what it asks for.
func fills(t *testing.T, w *world, b *being, r *rand.Rand, blocks, kinds int) (worst float64) {
	keys := make([]key, kinds)
	for i := range keys {
		keys[i] = w.newKey()
	}
	for i := range blocks {
		w.now += lengths(r)
		w.did(b, keys[r.IntN(kinds)])
		for range 1 + 4*(i%50/49) {
			from := moment(r, w.now)
			if from == w.now {
				continue
			}
			if ns := w.asks(t, b, from, w.now); ns > 0 {
				worst = max(worst, float64(ns)/float64(w.now-from))
			}
		}
	}
	return worst
}

// TestARecentLookIsExactButForItsFinenessth: the bound that history's comment gives.
// A block of several pieces was made when its length was at most a fineness-th of the
// time since its end; a look until now that begins in it leaves less than that length
// unresolved, and asks for more than the time since its end.
func TestARecentLookIsExactButForItsFinenessth(t *testing.T) {
	for _, fineness := range []int64{4, 32, 100} {
		for _, kinds := range []int{2, 3, 10, 1000} {
			for seed := range uint64(3) {
				w := newWorld(1<<40, fineness)
				worst := fills(t, w, w.born(nil), rand.New(rand.NewPCG(seed, 7)), 2000, kinds)
				if worst > 1/float64(fineness) {
					t.Errorf("fineness %d, %d kinds of pieces, seed %d: %.4f of a look is unresolved, at most %.4f may be", fineness, kinds, seed, worst, 1/float64(fineness))
				}
			}
		}
	}
}

// TestALongPieceIsExact: A for 1, B for 1, A for a million, and then so many short ones
// that it is no longer recent. What was in the last half of the million is known.
func TestALongPieceIsExact(t *testing.T) {
	for _, later := range []int{0, 100, 300, 1000} {
		w := newWorld(1<<40, defaultFineness)
		b, x := w.born(nil), []key{w.newKey(), w.newKey()}
		for i, ns := range []int64{1, 1, 1_000_000} {
			w.now += ns
			w.did(b, x[i%2])
		}
		from := w.now - 500_000
		for i := range later {
			w.now++
			w.did(b, x[(i+1)%2])
		}
		is(t, "unresolved", w.asks(t, b, from, w.now), 0)
	}
}

// TestALookThroughCreatorsIsExactButForAFinenesssthEach: a look that goes on in the
// creator's history, at the creation, may cut a block there too, so that with n
// creators it is n+1 times as much.
func TestALookThroughCreatorsIsExactButForAFinenesssthEach(t *testing.T) {
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 9))
		w := newWorld(1<<40, defaultFineness)
		b := w.born(nil)
		for n := range 4 {
			most := float64(n+1) / defaultFineness
			if worst := fills(t, w, b, r, 600, 5); worst > most {
				t.Errorf("seed %d, %d creators: %.4f of a look is unresolved, at most %.4f may be", seed, n, worst, most)
			}
			child := w.born(b)
			fills(t, w, b, r, 600, 5) // what the creator does later
			b = child
			w.did(b, w.newKey())
		}
	}
}

// TestWhatIsInheritedIsExactButForAFinenesssthEach: what one inherits from another may
// already be unresolved for a fineness-th of each wait, so that through n others it is
// n+1 times as much.
func TestWhatIsInheritedIsExactButForAFinenesssthEach(t *testing.T) {
	for seed := range uint64(5) {
		r := rand.New(rand.NewPCG(seed, 10))
		w := newWorld(1<<40, defaultFineness)
		keys := []key{w.newKey(), w.newKey(), w.newKey(), w.newKey()}
		for range 4 {
			w.born(nil)
		}
		for range 20_000 {
			w.now += lengths(r)
			n := r.IntN(4)
			b := w.live[n]
			if n == 0 || r.IntN(3) == 0 {
				w.did(b, keys[r.IntN(4)])
			} else if other := w.live[n-1]; other.h.upTo() < w.now {
				w.did(other, keys[r.IntN(4)])
				w.inherits(b, other)
			}
			from := moment(r, w.now)
			if b.h.upTo() < w.now || from == w.now || r.IntN(8) > 0 {
				continue
			}
			if part := float64(w.asks(t, b, from, w.now)) / float64(w.now-from); part > float64(n+1)/defaultFineness {
				t.Errorf("seed %d, through %d others: %.4f of a look is unresolved, at most %.4f may be", seed, n, part, float64(n+1)/defaultFineness)
			}
		}
	}
}

// TestAPinIsExact: what was since a pinned instant is known exactly, however long ago.
func TestAPinIsExact(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 11))
		w := newWorld(1<<40, defaultFineness)
		b := w.born(nil)
		keys := []key{w.newKey(), w.newKey(), w.newKey()}
		for i := range 3000 {
			w.now += lengths(r)
			w.did(b, keys[r.IntN(3)])
			if i == 500 {
				b.h.pin = w.now
			}
		}
		if ns := w.asks(t, b, b.h.pin, w.now); ns != 0 {
			t.Errorf("seed %d: %d of %d since the pin are unresolved", seed, ns, w.now-b.h.pin)
		}
	}
}

// TestMemoryGrowsWithTheLogarithmOfTheTime: a million pieces of a few kinds take no more
// than a few hundred kilobytes.
func TestMemoryGrowsWithTheLogarithmOfTheTime(t *testing.T) {
	w := newWorld(1<<40, defaultFineness)
	b, r := w.born(nil), rand.New(rand.NewPCG(1, 13))
	keys := []key{w.newKey(), w.newKey(), w.newKey(), w.newKey(), w.newKey()}
	for range 1_000_000 {
		w.now += 1 + r.Int64N(1000)
		w.add(b.h, keys[r.IntN(5)], w.now)
	}
	if n := b.h.bytes(); n > 256<<10 {
		t.Errorf("%d bytes", n)
	}
}

// TestWhatIsForgottenIsUnresolved: with next to no memory a history knows what was last,
// and says of what was before that it does not know. Its creator's is let go.
func TestWhatIsForgottenIsUnresolved(t *testing.T) {
	w := newWorld(1, defaultFineness)
	creator := w.born(nil)
	w.now = 5
	w.did(creator, w.newKey())
	b, keys := w.born(creator), []key{w.newKey(), w.newKey(), w.newKey()}
	for i := range 10_000 {
		w.now += 10
		w.did(b, keys[i%3])
	}
	if b.h.parent != nil || creator.h.heirs != 0 {
		t.Error("what is forgotten is looked for with the creator")
	}
	if b.h.start == 5 {
		t.Error("nothing is forgotten")
	}
	is(t, "unresolved before what is known", w.asks(t, b, 0, b.h.start), b.h.start)
	is(t, "unresolved of what is known", w.asks(t, b, b.h.start, w.now), 0)
	if known := w.now - b.h.start; known < 40 {
		t.Errorf("only %d are known", known)
	}
}

// TestALongLineOfCreatorsIsCut: of four thousand beings each of which creates the next and
// dies, the last knows its next of kin exactly, at least the 64 next; what is further
// away is unresolved; and the rest of the histories is free again.
func TestALongLineOfCreatorsIsCut(t *testing.T) {
	w := newWorld(1<<40, defaultFineness)
	w.now = 1
	w.born(nil)
	for i := range 4000 {
		w.now += 10
		w.did(w.live[0], w.newKey())
		w.born(w.live[0])
		w.dies(0)
		if i%200 != 0 {
			continue
		}
		w.holds(t)
		b := w.live[0]
		w.asks(t, b, 0, w.now)
		is(t, "unresolved of the 64 next", w.asks(t, b, max(0, w.now-640), w.now), 0)
	}
	if n := len(w.free); n == 0 || n > 2*mostParents {
		t.Errorf("%d histories are free", n)
	}
	w.dies(0)
	if len(w.live) > 0 || w.used < 0 {
		t.Error("something is left")
	}
}

// TestABushOfCreatorsIsCutWithoutHarm: random trees of beings, deep ones, in which
// those in the middle die in any order.
func TestABushOfCreatorsIsCutWithoutHarm(t *testing.T) {
	for seed := range uint64(20) {
		r := rand.New(rand.NewPCG(seed, 17))
		w := newWorld(1<<40, defaultFineness)
		w.born(nil)
		for range 3000 {
			w.now += lengths(r)
			// The youngest mostly, so that lines get long.
			i := len(w.live) - 1 - min(len(w.live)-1, r.IntN(1+r.IntN(6)))
			b := w.live[i]
			if b.h.upTo() < w.now {
				w.did(b, w.newKey())
			}
			switch {
			case len(w.live) < 30 && r.IntN(2) == 0:
				w.born(b)
			case len(w.live) > 1 && r.IntN(3) == 0:
				w.dies(i)
			}
			b = w.live[r.IntN(len(w.live))]
			if b.h.upTo() < w.now {
				w.did(b, w.newKey())
			}
			w.asks(t, b, moment(r, w.now), w.now)
		}
		w.holds(t)
		for len(w.live) > 0 {
			w.dies(r.IntN(len(w.live)))
			w.holds(t)
		}
		for _, h := range w.free {
			if h.heirs != 0 {
				t.Errorf("seed %d: a history without anybody has %d heirs", seed, h.heirs)
			}
		}
	}
}

// TestALookBeyondTheEndIsUnknown: whoever is asked for more than its history has, as in
// a damaged trace, does not know; and what it does know is not negative.
func TestALookBeyondTheEndIsUnknown(t *testing.T) {
	w := newWorld(1<<40, defaultFineness)
	b := w.born(nil)
	w.now = 100
	w.did(b, w.newKey())
	for _, c := range []struct{ from, to int64 }{{50, 150}, {100, 150}, {120, 150}} {
		var unknown int64
		for _, s := range b.h.look(nil, c.from, c.to) {
			if s.ns <= 0 {
				t.Errorf("from %d to %d: a stretch of %d", c.from, c.to, s.ns)
			}
			if s.key == unknownKey {
				unknown += s.ns
			}
		}
		is(t, fmt.Sprint("unknown from ", c.from), unknown, c.to-max(100, c.from))
	}
}

// ---------------------------------------------------------------- memory

// least is the memory that a history of so many kinds of pieces may always have, bytes:
// its first blocks, the sum of each kind, and its first marks with as many sums. Lists
// grow by doubling.
func least(kinds int64) int64 {
	return firstBlocks*blockBytes + 2*kinds*shareBytes + 16*(32+2*kinds*8)
}

// TestTheBudgetBoundsHistoriesOfPieces: of one being or a hundred that do things of few
// kinds. A list may be doubled while there is still memory.
func TestTheBudgetBoundsHistoriesOfPieces(t *testing.T) {
	for _, n := range []int{1, 10, 100} {
		for _, budget := range []int64{1, 4 << 10, 64 << 10} {
			r := rand.New(rand.NewPCG(uint64(n), 19))
			w := newWorld(budget, defaultFineness)
			keys := []key{w.newKey(), w.newKey(), w.newKey()}
			for range n {
				w.born(nil)
			}
			for range 20_000 {
				w.now += lengths(r)
				b := w.live[r.IntN(n)]
				w.add(b.h, keys[r.IntN(3)], w.now)
				if most := 2*budget + int64(n)*least(3); w.used > most {
					t.Fatalf("%d beings, budget %d: %d bytes are in use, at most %d may be", n, budget, w.used, most)
				}
			}
		}
	}
}

// TestTheBudgetBoundsSummedUpPieces: of one being that does things of so many kinds
// that each mark is large.
func TestTheBudgetBoundsSummedUpPieces(t *testing.T) {
	const budget = 64 << 10
	r := rand.New(rand.NewPCG(1, 23))
	w := newWorld(budget, defaultFineness)
	b := w.born(nil)
	keys := make([]key, 5000)
	for i := range keys {
		keys[i] = w.newKey()
	}
	most := int64(0)
	for range 100_000 {
		w.now += lengths(r)
		w.add(b.h, keys[r.IntN(len(keys))], w.now)
		most = max(most, w.used)
	}
	if most > 2*budget+least(0) {
		t.Errorf("budget %d: %d bytes are in use", budget, most)
	}
}

// TestTheBudgetBoundsWhatIsInherited: two thousand beings wait for one of which they
// inherit sums of 300 pieces each.
func TestTheBudgetBoundsWhatIsInherited(t *testing.T) {
	const budget, n = 1 << 18, 2000
	w := newWorld(budget, defaultFineness)
	waker := w.born(nil)
	for range n {
		w.born(nil)
	}
	var sum []share
	for range 300 {
		w.now++
		sum = append(sum, share{w.newKey(), 1})
		waker.true.pieces = append(waker.true.pieces, block{w.now, w.ids})
	}
	w.add(waker.h, w.keep(waker.h, sum), w.now)
	for _, b := range w.live[1:] {
		w.inherits(b, waker)
	}
	if most := 2*budget + (n+1)*least(0); w.used > most {
		t.Errorf("%d bytes are in use, at most %d may be", w.used, most)
	}
}

// TestTheMemoryOfTheDeadServesTheLiving: two thousand beings use up the memory and die.
// The one that is left may have all of it.
func TestTheMemoryOfTheDeadServesTheLiving(t *testing.T) {
	const budget = 1 << 20
	r := rand.New(rand.NewPCG(1, 29))
	w := newWorld(budget, 1<<20)
	for range 2000 {
		w.born(nil)
	}
	for range 60 {
		w.now++
		for _, b := range w.live {
			w.add(b.h, w.newKey(), w.now)
		}
	}
	for len(w.live) > 1 {
		w.dies(len(w.live) - 1)
	}
	b := w.live[0]
	for range 10_000 {
		w.now += lengths(r)
		w.add(b.h, w.newKey(), w.now)
	}
	if got := b.h.bytes(); got < budget/4 {
		t.Errorf("the last history has %d bytes of the %d that there are", got, budget)
	}
}
