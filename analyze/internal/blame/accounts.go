package blame

import (
	"cmp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Account is the waits of a group's goroutines in one kind of wait on one stack
// that the goroutines of one group ended.
type Account struct {
	Waiter Ref
	Kind   waitkind.Kind
	Stack  event.StackID
	Waker  Ref // NoOne for waits that nobody ended, or nobody who is named

	Waits, Ns int64
	// Worst is the longest of the waits.
	Worst Wait
	// Late and LateNs are of waits for a WaitGroup during which another goroutine
	// that the waiter had created ended: how many there were, and by how much the one
	// that ended the wait came after the last of those.
	Late, LateNs int64
	// Futile is how many wake-ups there were after which the goroutine found
	// that it had to wait on. They are not waits of their own here.
	Futile int64
}

// Wait is one wait.
type Wait struct {
	From, To int64 // ns
	G        int64
}

// Share is how much of a piece there is in the waits of an account.
type Share struct {
	Piece Piece
	// DirectNs is what those did who ended the waits, PropagatedNs what they
	// waited for meanwhile.
	DirectNs, PropagatedNs int64
}

// Ns is both together.
func (s Share) Ns() int64 { return s.DirectNs + s.PropagatedNs }

// accounts are all accounts of a trace, with their pieces.
type accounts struct {
	list []Account
	ids  map[accountKey]int32
	sums sumTable
}

type accountKey struct {
	waiter Ref
	kind   waitkind.Kind
	stack  event.StackID
	waker  Ref
}

func newAccounts() accounts {
	return accounts{ids: make(map[accountKey]int32), sums: newSumTable()}
}

// of is the account of a wait that a goroutine of a group ended.
func (a *accounts) of(l *life, r *timeline.Record, waker Ref) int32 {
	if l.account >= 0 {
		if was := &a.list[l.account]; was.Stack == r.Stack && was.Kind == r.Kind && was.Waker == waker && was.Waiter == l.ref {
			return l.account
		}
	}
	k := accountKey{l.ref, r.Kind, r.Stack, waker}
	id, ok := a.ids[k]
	if !ok {
		id = int32(len(a.list))
		a.list = append(a.list, Account{Waiter: k.waiter, Kind: k.kind, Stack: k.stack, Waker: k.waker})
		a.ids[k] = id
	}
	l.account = id
	return id
}

// book adds a wait that consists of shares.
func (a *accounts) book(id int32, r *timeline.Record, shares []share) {
	a.count(id, r)
	for _, sh := range shares {
		a.sums.add(id, sh.key, sh.ns)
	}
}

// count adds a wait, of which the pieces are added apart.
func (a *accounts) count(id int32, r *timeline.Record) {
	acc := &a.list[id]
	acc.Waits++
	acc.Ns += r.Ns()
	if r.Ns() > acc.Worst.To-acc.Worst.From {
		acc.Worst = Wait{r.Start, r.End, r.G}
	}
}

// Accounts calls f with every account and what its waits consisted of, the most
// first. The order of the accounts is that in which they came up.
func (b *Ledger) Accounts(f func(Account, []Share)) {
	shares := b.sharesBy(&b.accounts.sums, len(b.accounts.list))
	for i, acc := range b.accounts.list {
		f(acc, shares[i])
	}
}

// sharesBy are the pieces of so many accounts of a table, the most first.
func (b *Ledger) sharesBy(t *sumTable, n int) [][]Share {
	shares := make([][]Share, n)
	for _, s := range t.entries {
		if s.ns != [2]int64{} {
			shares[s.id] = append(shares[s.id], Share{b.pieces.of(s.key), s.ns[0], s.ns[1]})
		}
	}
	for i := range shares {
		slices.SortFunc(shares[i], b.compareShares)
	}
	return shares
}

// compareShares puts the most first.
func (b *Ledger) compareShares(x, y Share) int {
	return cmp.Or(cmp.Compare(y.Ns(), x.Ns()), b.comparePieces(x.Piece, y.Piece))
}

// comparePieces orders pieces by what they say, not by their numbers, which
// another decoder hands out differently.
func (b *Ledger) comparePieces(x, y Piece) int {
	t := b.pieces.tables
	return cmp.Or(
		cmp.Compare(x.Kind, y.Kind), cmp.Compare(x.How, y.How),
		compareFrames(t.Frame(x.Frame), t.Frame(y.Frame)), compareFrames(t.Frame(x.Caller), t.Frame(y.Caller)),
		cmp.Compare(t.String(x.Region), t.String(y.Region)), cmp.Compare(b.GroupOf(x.Who), b.GroupOf(y.Who)), cmp.Compare(x.Who, y.Who),
		compareFrames(t.Frame(x.HeldIn), t.Frame(y.HeldIn)),
	)
}

// sumTable adds up pieces by account: a hash table with open addressing, never
// more than half full.
type sumTable struct {
	entries []sum // a power of two
	n       int
}

type sum struct {
	id  int32
	key key
	ns  [2]int64 // direct, propagated
}

func newSumTable() sumTable { return sumTable{entries: make([]sum, 1<<8)} }

// add adds so many ns of a piece; it must be more than none.
func (t *sumTable) add(id int32, k key, ns int64) {
	if t.n*2 >= len(t.entries) {
		t.grow()
	}
	s := t.at(id, k&keyMask)
	if s.ns == [2]int64{} {
		t.n++
		s.id, s.key = id, k&keyMask
	}
	s.ns[k>>31] += ns
}

// at is the entry of a piece, or the empty one where it belongs.
func (t *sumTable) at(id int32, k key) *sum {
	mask := uint32(len(t.entries) - 1)
	h := uint64(uint32(id))<<32 | uint64(k)
	for i := uint32(h*0x9e3779b97f4a7c15>>32) & mask; ; i = (i + 1) & mask {
		s := &t.entries[i]
		if s.ns == [2]int64{} || s.id == id && s.key == k {
			return s
		}
	}
}

func (t *sumTable) grow() {
	old := t.entries
	t.entries = make([]sum, 2*len(old))
	for _, s := range old {
		if s.ns != [2]int64{} {
			*t.at(s.id, s.key) = s
		}
	}
}

// blame books a wait of which b.found says what filled it.
func (b *Ledger) blame(l, waker *life, r *timeline.Record) {
	id := b.accounts.of(l, r, waker.ref)
	if r.Kind == waitkind.Cond {
		b.holdBack(l, waker, id, r)
		return
	}
	b.accounts.count(id, r)
	b.bookFound(id)
	if r.Kind == waitkind.WaitGroup {
		b.late(id, l, waker, r)
	}
}

func (b *Ledger) bookFound(id int32) {
	for i := range b.found {
		s := &b.found[i]
		if s.mix == nil {
			b.accounts.sums.add(id, s.key, s.ns)
			continue
		}
		for _, sh := range s.mix.shares {
			b.accounts.sums.add(id, sh.key, sh.ns)
		}
	}
}

// late says by how much the last of those that a goroutine created and waited for with
// a WaitGroup came after the last but one, if that ended during the wait: what blame on
// the last alone leaves out (methods.md A.8).
func (b *Ledger) late(id int32, l, waker *life, r *timeline.Record) {
	before := int64(-1)
	for _, c := range l.children {
		if c.g != waker.id && c.at > r.Start {
			before = max(before, c.at)
		}
	}
	if before < 0 {
		return
	}
	acc := &b.accounts.list[id]
	acc.Late++
	acc.LateNs += r.End - before
}

func compareFrames(f, g event.Frame) int {
	return cmp.Or(cmp.Compare(f.Func, g.Func), cmp.Compare(f.File, g.File), cmp.Compare(f.Line, g.Line))
}
