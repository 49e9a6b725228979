package collect

import (
	"cmp"
	"maps"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/blame"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// pieceSums sums pieces as the result has them: by function, whatever the line.
type pieceSums struct {
	end    *End
	ledger *blame.Ledger
	total  int64
	kinds  [blame.NumKinds]int64
	byName map[pieceName]*pieceSum
}

// pieceName is what makes pieces of the result the same.
type pieceName struct {
	kind     blame.Kind
	fn, file string
	caller   event.Frame // without its line
	heldIn   event.Frame // the same
	region   string
	group    int // -1 for none
	stopped  bool
	entry    string // of a group whose goroutines are all that is known
}

// pieceSum is a piece that is being summed.
type pieceSum struct {
	direct, propagated, held int64
	idle                     float64
	lines, callerLines       map[int]int64
	heldLines                map[int]int64
	hows                     map[blame.How]int64
}

func newPieceSums(end *End, ledger *blame.Ledger) *pieceSums {
	return &pieceSums{end: end, ledger: ledger, byName: make(map[pieceName]*pieceSum)}
}

// add adds a share, during which processors idled for so long.
func (s *pieceSums) add(sh blame.Share, idle float64) {
	name := s.nameOf(sh.Piece)
	line := func(frame event.FrameID) int { return s.end.Tables.Frame(frame).Line }
	sum := s.byName[name]
	if sum == nil {
		sum = &pieceSum{lines: make(map[int]int64), callerLines: make(map[int]int64), heldLines: make(map[int]int64), hows: make(map[blame.How]int64)}
		s.byName[name] = sum
	}
	sum.direct += sh.DirectNs
	sum.propagated += sh.PropagatedNs
	sum.idle += idle
	if sh.Piece.HeldIn != 0 {
		sum.held += sh.Ns()
	}
	sum.lines[line(sh.Piece.Frame)] += sh.Ns()
	sum.callerLines[line(sh.Piece.Caller)] += sh.Ns()
	sum.heldLines[line(sh.Piece.HeldIn)] += sh.Ns()
	sum.hows[sh.Piece.How] += sh.Ns()
	s.total += sh.Ns()
	s.kinds[sh.Piece.Kind] += sh.Ns()
}

// nameOf is what makes a piece the same as others in the result.
func (s *pieceSums) nameOf(p blame.Piece) pieceName {
	name := pieceName{kind: p.Kind, region: s.end.Tables.String(p.Region), group: -1, stopped: p.Who == blame.Stopped}
	frame := func(id event.FrameID) event.Frame {
		if id == 0 {
			return event.Frame{}
		}
		f := s.end.Tables.Frame(id)
		return event.Frame{Func: f.Func, File: f.File}
	}
	f := frame(p.Frame)
	name.fn, name.file, name.caller, name.heldIn = f.Func, f.File, frame(p.Caller), frame(p.HeldIn)
	if g := s.ledger.GroupOf(p.Who); g >= 0 {
		name.group = s.end.order[g] // -1 for one that was not asked for
		if p.How == blame.ByCreation {
			name.entry = s.end.Groups[g].Entry
		}
	}
	return name
}

// list are all pieces, the most first.
func (s *pieceSums) list() []result.Piece {
	out := make([]result.Piece, 0, len(s.byName))
	for name, sum := range s.byName {
		p := result.Piece{
			Kind: name.kind.String(), How: most(sum.hows).String(), Region: name.region, Stopped: name.stopped,
			Ns: sum.direct + sum.propagated, DirectNs: sum.direct, PropagatedNs: sum.propagated, HeldNs: sum.held, IdleBlockedNs: rounded(sum.idle),
		}
		if name.fn != "" {
			p.Frame = &result.Frame{Func: name.fn, File: name.file, Line: most(sum.lines)}
		}
		if name.caller.Func != "" {
			p.Caller = &result.Frame{Func: name.caller.Func, File: name.caller.File, Line: most(sum.callerLines)}
		}
		if name.heldIn.Func != "" {
			p.HeldIn = &result.Frame{Func: name.heldIn.Func, File: name.heldIn.File, Line: most(sum.heldLines)}
		}
		if name.group >= 0 {
			p.Group = &name.group
		}
		if name.entry != "" {
			p.Frame = &result.Frame{Func: name.entry}
		}
		out = append(out, p)
	}
	slices.SortFunc(out, comparePieces)
	return out
}

// most is the key with the highest sum, the least of equals.
func most[K cmp.Ordered](sums map[K]int64) (best K) {
	for i, k := range slices.Sorted(maps.Keys(sums)) {
		if i == 0 || sums[k] > sums[best] {
			best = k
		}
	}
	return best
}

// comparePieces puts the most first.
func comparePieces(x, y result.Piece) int {
	group := func(p result.Piece) int {
		if p.Group == nil {
			return -1
		}
		return *p.Group
	}
	frame := func(f *result.Frame) result.Frame {
		if f == nil {
			return result.Frame{}
		}
		return *f
	}
	return cmp.Or(
		cmp.Compare(y.Ns, x.Ns), cmp.Compare(x.Kind, y.Kind),
		compareFrames(frame(x.Frame), frame(y.Frame)), compareFrames(frame(x.Caller), frame(y.Caller)), compareFrames(frame(x.HeldIn), frame(y.HeldIn)), cmp.Compare(x.Region, y.Region),
		cmp.Compare(group(x), group(y)), compareBool(x.Stopped, y.Stopped), cmp.Compare(x.How, y.How),
	)
}

func compareFrames(f, g result.Frame) int {
	return cmp.Or(cmp.Compare(f.Func, g.Func), cmp.Compare(f.File, g.File), cmp.Compare(f.Line, g.Line))
}

// top are so many of the pieces, and what the others sum to.
func (s *pieceSums) top(n int) ([]result.Piece, result.Omitted) {
	all := s.list()
	var omitted result.Omitted
	for _, p := range all[min(n, len(all)):] {
		omitted.Count++
		omitted.Ns += p.Ns
	}
	return all[:min(n, len(all))], omitted
}

// topAndOther are so many of the pieces and, as one piece more, the others.
func (s *pieceSums) topAndOther(n int) []result.Piece {
	all := s.list()
	if len(all) <= n+1 {
		return all
	}
	other := result.Piece{Kind: "other"}
	for _, p := range all[n:] {
		other.Ns += p.Ns
		other.DirectNs += p.DirectNs
		other.PropagatedNs += p.PropagatedNs
		other.HeldNs += p.HeldNs
		other.IdleBlockedNs += p.IdleBlockedNs
	}
	return append(all[:n:n], other)
}
