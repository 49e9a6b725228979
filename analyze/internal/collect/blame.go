package collect

import (
	"cmp"
	"maps"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/blame"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// blamed writes what a blame.Ledger found out: it knows what filled the waits, and
// accounting knows which of them are at rest.
type blamed struct {
	ledger     *blame.Ledger
	accounting *accounting
}

func newBlamed(o Options, tables *event.Tables, a *accounting) *blamed {
	return &blamed{blame.New(blame.Options{Bytes: o.BlameBytes, From: o.From}, tables), a}
}

// How many pieces and edges are listed.
const (
	maxPieces     = 50
	maxSitePieces = 8
	maxPathPieces = 12
	maxEdgePieces = 3
	maxEdges      = 50
	maxEdgeAt     = 3
)

// Finish writes the section, and the pieces of sites, tasks and regions.
func (b *blamed) Finish(end *End, r *result.Result) {
	w := blameWriter{
		blamed: b, end: end, r: r,
		all: newPieceSums(end, b.ledger), sites: make(map[cellKey]*pieceSums), edges: make(map[edgeKey]*edge), booked: make(map[*cell]int64),
	}
	b.ledger.Accounts(w.account)
	w.external()
	w.missing()
	w.ready()
	w.timedOut()
	w.write()
	b.finishPaths(end, r)
}

// blameWriter sums what filled the waits that are not at rest.
type blameWriter struct {
	*blamed
	end *End
	r   *result.Result

	all   *pieceSums
	sites map[cellKey]*pieceSums
	edges map[edgeKey]*edge

	booked map[*cell]int64 // ns
	inVain []vainPlace
}

// vainPlace is a place at which a group waited until a timer ended it, though otherwise
// goroutines of these groups end the waits there.
type vainPlace struct {
	from   int
	wakers []int
	waits  int64
	ns     int64
	frame  event.FrameID // of the piece that such a wait is to those who wait for the group
}

// cellOf is the account of a group's waits at a place, those of the whole trace left
// out; nil if they are at rest.
func (w *blameWriter) cellOf(g *groupAccount, kind waitkind.Kind, stack event.StackID) *cell {
	if c := g.cells[cellKey{kind: kind, stack: stack}]; c != nil && c.rest == "" {
		return c
	}
	return nil
}

// userGroups calls f with every group of the program's that is in the result, and
// where it is there.
func (w *blameWriter) userGroups(f func(at int, g *groupAccount)) {
	for n, g := range w.accounting.groups {
		if g != nil && !w.end.Groups[n].System && w.end.order[n] >= 0 {
			f(w.end.order[n], g)
		}
	}
}

// userCells calls f with every place of the program's goroutines at which waits are
// not at rest. A goroutine that reads a client's connection waits for whoever asked
// over it, who waits itself: that is one wait and not two.
func (w *blameWriter) userCells(f func(group int, c *cell)) {
	w.userGroups(func(at int, g *groupAccount) {
		for _, c := range g.sortedCells(w.end.Tables) {
			if c.rest == "" && c.ns > 0 && !(c.join && c.key.kind == waitkind.Network) {
				f(at, c)
			}
		}
	})
}

// account takes the waits that goroutines ended, or nobody.
func (w *blameWriter) account(a blame.Account, shares []blame.Share) {
	group := w.ledger.GroupOf(a.Waiter)
	if group == timeline.NoGroup || w.end.Groups[group].System || w.end.order[group] < 0 {
		return
	}
	g := w.accounting.groups[group]
	c := w.cellOf(g, a.Kind, a.Stack)
	if c == nil {
		return
	}
	key := edgeKey{from: w.end.order[group], to: -1, node: "others"}
	var idle float64
	waker := w.ledger.GroupOf(a.Waker)
	switch {
	case a.Waker == blame.NoOne && len(shares) > 0:
		key.node = shares[0].Piece.Kind.String()
	case waker != timeline.NoGroup && w.end.order[waker] >= 0:
		key.to, key.node = w.end.order[waker], "group"
		idle = c.idleBy(w.accounting.groups[waker], a.Ns)
	}
	w.booked[c] += a.Ns
	e := w.edge(key)
	e.add(a.Kind, a.Waits, a.Ns, result.Moment{FromNs: a.Worst.From, ToNs: a.Worst.To, Goroutine: a.Worst.G})
	e.out.LateNs += a.LateNs
	e.out.FutileWakeUps += a.Futile
	w.add(c.key, e, shares, idle, a.Ns)
}

// idleBy is the processor time that idled during so many ns of the waits that a group
// ended: several accounts may be about these, as of goroutines of which the group became
// known late.
func (c *cell) idleBy(g *groupAccount, ns int64) float64 {
	var idle float64
	var all int64
	for _, w := range c.wakers {
		if w.group.real() == g {
			idle += w.idleBlocked
			all += w.ns
		}
	}
	if all <= ns {
		return idle
	}
	return idle * float64(ns) / float64(all)
}

// add books pieces of waits of so many ns at a place, during which processors
// idled for so long.
func (w *blameWriter) add(key cellKey, e *edge, shares []blame.Share, idle float64, ns int64) {
	key.whole = false
	site := w.sites[key]
	if site == nil {
		site = newPieceSums(w.end, w.ledger)
		w.sites[key] = site
	}
	for _, sh := range shares {
		part := 0.0
		if ns > 0 {
			part = idle * float64(sh.Ns()) / float64(ns)
		}
		w.all.add(sh, part)
		site.add(sh, part)
		e.pieces.add(sh, part)
		if sh.Piece.Kind == blame.Timer {
			e.timers[sh.Piece.Frame] += sh.Ns()
		}
	}
}

// external takes the waits that end from outside, and those of the whole trace:
// nothing but their place says what filled them.
func (w *blameWriter) external() {
	w.userCells(func(group int, c *cell) {
		class := c.key.kind.Class()
		if (class == waitkind.BlockedSync || c.key.kind == waitkind.Unsaid) && !c.key.whole {
			return
		}
		w.fill(group, c, w.ledger.PieceOf(c.key.kind, c.key.stack, c.key.whole), c.waits.n, c.ns, c.worst.moments(maxEdgeAt)...)
		w.booked[c] += c.ns
	})
}

// missing takes the waits of goroutines for which there was no memory.
func (w *blameWriter) missing() {
	w.userCells(func(group int, c *cell) {
		if ns := c.ns - w.booked[c]; ns > 0 {
			w.fill(group, c, blame.Piece{Kind: blame.Unresolved, Who: blame.NoOne}, 0, ns)
		}
	})
}

// fill books waits at a place that consist of one piece.
func (w *blameWriter) fill(group int, c *cell, p blame.Piece, waits, ns int64, at ...result.Moment) {
	e := w.edge(edgeKey{from: group, to: -1, node: p.Kind.String()})
	e.add(c.key.kind, waits, ns, at...)
	w.add(c.key, e, []blame.Share{{Piece: p, DirectNs: ns}}, c.idleBlocked*float64(ns)/float64(c.ns), ns)
}

// ready takes the groups' waits for processors.
func (w *blameWriter) ready() {
	w.userGroups(func(at int, g *groupAccount) {
		for k, ns := range g.kinds {
			if kind := waitkind.Kind(k); kind.Class() == waitkind.Runnable && kind != waitkind.Yielded && ns > 0 {
				w.edge(edgeKey{from: at, to: -1, node: blame.Scheduler.String()}).add(kind, 0, ns)
			}
		}
	})
}

// timedOut finds waits that a timer ended where otherwise a goroutine does.
func (w *blameWriter) timedOut() {
	w.userGroups(func(at int, g *groupAccount) {
		for key, c := range g.cells {
			if key.kind != waitkind.TimerChannel || c.rest != "" {
				continue
			}
			for _, kind := range [...]waitkind.Kind{waitkind.Select, waitkind.ChanReceive} {
				if by := w.cellOf(g, kind, key.stack); by != nil {
					w.timedOutBy(at, by, c)
				}
			}
		}
	})
}

// timedOutBy books waits in vain, out, for those who otherwise end a group's waits at
// their place, by.
func (w *blameWriter) timedOutBy(from int, by, out *cell) {
	place := vainPlace{
		from: from, waits: out.waits.n, ns: out.ns,
		frame: w.ledger.PieceOf(out.key.kind, out.key.stack, false).Frame,
	}
	for _, waker := range by.wakers {
		n := waker.group.real().entry
		if n == timeline.NoGroup || w.end.order[n] < 0 || slices.Contains(place.wakers, w.end.order[n]) {
			continue
		}
		to := w.end.order[n]
		place.wakers = append(place.wakers, to)
		if e := w.edges[edgeKey{from, to, "group"}]; e != nil {
			e.out.TimedOut += out.waits.n
			e.out.TimedOutNs += out.ns
		}
	}
	if len(place.wakers) > 0 {
		w.inVain = append(w.inVain, place)
	}
}

type edgeKey struct {
	from, to int
	node     string
}

// edge is an edge that is being summed.
type edge struct {
	out    result.Edge
	pieces *pieceSums
	timers map[event.FrameID]int64 // ns of waits for timers in them, by line
}

func (w *blameWriter) edge(key edgeKey) *edge {
	e := w.edges[key]
	if e == nil {
		e = &edge{result.Edge{From: key.from, To: key.to, Node: key.node, Kinds: map[string]int64{}}, newPieceSums(w.end, w.ledger), make(map[event.FrameID]int64)}
		w.edges[key] = e
	}
	return e
}

func (e *edge) add(kind waitkind.Kind, waits, ns int64, at ...result.Moment) {
	e.out.Waits += waits
	e.out.Ns += ns
	e.out.Kinds[kind.Label()] += ns
	for _, m := range at {
		e.out.At = insertTop(e.out.At, m, compareMoments)
		e.out.At = e.out.At[:min(len(e.out.At), maxEdgeAt)]
	}
}

// compareMoments puts the longest first.
func compareMoments(x, y result.Moment) int {
	return cmp.Or(cmp.Compare(y.ToNs-y.FromNs, x.ToNs-x.FromNs), cmp.Compare(x.FromNs, y.FromNs), cmp.Compare(x.Goroutine, y.Goroutine))
}

// write writes the section and the pieces of sites.
func (w *blameWriter) write() {
	out := &w.r.Blame
	out.WaitedNs, out.UnresolvedNs = w.all.total, w.all.kinds[blame.Unresolved]
	out.Pieces, out.PiecesOmitted = w.all.top(maxPieces)
	all := slices.SortedFunc(maps.Values(w.edges), func(x, y *edge) int {
		a, b := &x.out, &y.out
		return cmp.Or(cmp.Compare(b.Ns, a.Ns), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Node, b.Node))
	})
	edges := make([]result.Edge, 0, len(all))
	for _, e := range all {
		if e.out.Node == "group" || e.out.Node == "others" {
			e.out.Pieces, _ = e.pieces.top(maxEdgePieces)
		}
		edges = append(edges, e.out)
	}
	out.Knots = w.knots(all)
	out.Edges = edges[:min(len(edges), maxEdges)]
	for _, e := range edges[len(out.Edges):] {
		out.EdgesOmitted.Count++
		out.EdgesOmitted.Ns += e.Ns
	}
	for i := range w.r.Sites {
		w.r.Sites[i].Pieces = []result.Piece{}
		if s := w.sites[w.end.sites[i]]; s != nil {
			w.r.Sites[i].Pieces = s.topAndOther(maxSitePieces)
		}
	}
}

// leastInKnot is the share of the scope's length from which on a wait counts in a
// knot, leastTrapped the share of the members' waiting that is for each other
// (methods.md A.8: edges below 1 % removed, internal edges below 20 %).
const (
	leastInKnot  = 0.01
	leastTrapped = 0.8
)

// knots are the groups that wait for each other in a circle and hardly for anything
// else, or a group whose goroutines wait so for each other in vain. A timer is no way
// out: it ends a wait, and does not bring what was waited for.
func (w *blameWriter) knots(edges []*edge) []result.Knot {
	length := float64(w.end.To - w.end.From)
	var arcs []blame.Arc
	sets := [][]int{}
	for _, e := range edges {
		switch o := &e.out; {
		case o.To < 0 || float64(o.Ns+o.TimedOutNs) < leastInKnot*length:
		case o.To != o.From:
			arcs = append(arcs, blame.Arc{From: o.From, To: o.To})
		case o.TimedOut > 0:
			sets = append(sets, []int{o.From})
		}
	}
	sets = append(sets, blame.Circles(len(w.r.Groups), arcs)...)
	out := []result.Knot{}
	for _, set := range sets {
		k := result.Knot{Groups: set}
		for _, e := range edges {
			w.addToKnot(&k, e)
		}
		for _, place := range w.inVain {
			if slices.Contains(set, place.from) && slices.ContainsFunc(place.wakers, func(g int) bool { return slices.Contains(set, g) }) {
				k.TimedOut += place.waits
				k.TimedOutNs += place.ns
			}
		}
		if inside := float64(k.InsideNs + k.TimedOutNs); inside >= leastTrapped*(inside+float64(k.OutsideNs)) {
			out = append(out, k)
		}
	}
	return out
}

// addToKnot books an edge that begins within a knot.
func (w *blameWriter) addToKnot(k *result.Knot, e *edge) {
	o := &e.out
	switch {
	case !slices.Contains(k.Groups, o.From) || o.From == o.To && len(k.Groups) > 1:
	case slices.Contains(k.Groups, o.To):
		k.InsideNs += o.Ns
		for _, kind := range [...]blame.Kind{blame.Code, blame.LockHolder, blame.Syscall, blame.GC} {
			k.WorkNs += e.pieces.kinds[kind]
		}
		k.TimerNs += e.pieces.kinds[blame.Timer]
		k.TrappedNs += w.trapped(k, e)
		for _, m := range o.At {
			k.At = insertTop(k.At, m, compareMoments)
			k.At = k.At[:min(len(k.At), maxEdgeAt)]
		}
	default:
		switch o.Node {
		case blame.Scheduler.String(), blame.Open.String(), blame.Timer.String():
		default:
			k.OutsideNs += o.Ns
		}
	}
}

// trapped is for how long those of an edge waited for somebody who waited in vain for
// the knot meanwhile: each for the other.
func (w *blameWriter) trapped(k *result.Knot, e *edge) (ns int64) {
	for _, place := range w.inVain {
		if slices.Contains(k.Groups, place.from) && slices.ContainsFunc(place.wakers, func(g int) bool { return slices.Contains(k.Groups, g) }) {
			ns += e.timers[place.frame]
		}
	}
	return ns
}

// finishPaths writes what tasks and regions consist of.
func (b *blamed) finishPaths(end *End, r *result.Result) {
	for _, p := range b.ledger.Paths() {
		spans := r.Regions
		if p.Task {
			spans = r.Tasks
		}
		i := slices.IndexFunc(spans, func(s result.Span) bool { return s.Type == end.Tables.String(p.Name) })
		if i < 0 {
			continue // too many types
		}
		span := &spans[i]
		span.Path = &result.Path{Runs: p.Runs, Ns: p.Ns, Pieces: piecesOf(end, b.ledger, p.Shares, maxPathPieces)}
		span.Typical = &result.SlowRun{
			Task: p.Typical.Task, Goroutine: p.Typical.G, BeginNs: p.Typical.From, DurationNs: p.Typical.To - p.Typical.From,
			Pieces: piecesOf(end, b.ledger, p.Typical.Shares, maxSitePieces),
		}
		for j := range span.Slowest {
			s := &span.Slowest[j]
			for _, run := range p.Slowest {
				if run.From == s.BeginNs && run.To-run.From == s.DurationNs && run.Task == s.Task {
					s.Pieces = piecesOf(end, b.ledger, run.Shares, maxSitePieces)
				}
			}
		}
	}
	for _, w := range b.ledger.Works() {
		for i := range r.Regions {
			if r.Regions[i].Type == end.Tables.String(w.Name) {
				work := workOf(end, b.ledger, w)
				r.Regions[i].Work = &work
			}
		}
	}
}

func workOf(end *End, ledger *blame.Ledger, w blame.Work) result.Work {
	return result.Work{
		Runs: w.Runs, Ns: w.Ns, WorkNs: w.Spans.Work, JoinedNs: w.Spans.Joined, ForeignNs: w.ForeignNs,
		SpanNs: w.Spans.CPU, SpanLocksNs: w.Spans.Locks, SpanOutsideNs: w.Spans.Outside,
		SpanLatencyNs: w.Spans.Latency, SpanBurdenedNs: w.Spans.Burdened, Chain: piecesOf(end, ledger, w.Chain, maxPathPieces),
	}
}

func piecesOf(end *End, ledger *blame.Ledger, shares []blame.Share, most int) []result.Piece {
	sums := newPieceSums(end, ledger)
	for _, sh := range shares {
		sums.add(sh, 0)
	}
	return sums.topAndOther(most)
}
