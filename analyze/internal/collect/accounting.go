package collect

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// accounting sums the time of goroutines: in all, by group, by wait site and,
// if asked for, one by one.
//
// A goroutine that is older than the trace may run before a stack tells what it
// is. Its time then goes into a group account of its own, which is merged into
// the real one as soon as that is known; histograms merge exactly.
type accounting struct {
	opts   Options
	tables *event.Tables

	lives    []life          // by slot
	groups   []*groupAccount // by group number
	children map[int64]int   // by parent, with opts.Goroutines
	details  []*detail       // with opts.Goroutines, in order of birth
	stacks   stackFacts
	patterns patterns
}

// life is the account of a goroutine that lives. There may be a million, so that small
// fields stand together.
type life struct {
	id      int64
	group   *groupAccount
	first   int64 // start of its time in the window
	pending int64 // ns of a running interval that a split cut
	cells   [4]*cell
	main    *cell // where it waited most, as far as counting pairs can tell
	mainNs  int64
	// stimulus is the goroutine that last woke or created this one.
	stimulus int64
	spans    int // tasks and regions that it is inside of
	detail   *detail

	// What the last wait was, for the sweep and for those that it was waited for
	// by: its end, the goroutine that ended it, as what it counted.
	lastWaker *waker
	// outside is when something from outside the program last woke the
	// goroutine, and outsideAs as what a wait for it counts since.
	outside     int64
	parent      int64 // creator, and the creator's
	grandparent int64
	// promise is the wait that the goroutine ended last, if it has done nothing
	// else since: one of a descendant that ends now was a join.
	promise *cell
	ranFrom int64 // since when it runs, -1 while it does not

	// What patterns go by (patterns.go).
	busy    int64   // time on a processor since its last wait, ns
	busyAll int64   // the same since its birth
	split   int64   // of the present run, what is in both already
	woken   int64   // when its last wait ended
	served  int64   // when it got a processor after that, -1 before
	aim     *aim    // the volley that it may be about to end
	volley  *volley // in which it was woken last
	rally   *rally
	took    *queue // at which it got something that it has not given back
	fork    *fork  // of those that it created last
	member  *fork  // that it is one of

	parentGroup int32
	ranAt       int32         // among those that run
	who         int32         // in the sweep
	waitStep    int32         // in the sweep: the step with which the present state began
	waitKind    waitkind.Kind // of the present wait, as far as its beginning tells
	lastClass   waitClass
	outsideAs   waitClass

	// own says that group is the goroutine's alone until it is identified.
	own bool
	// seen says that some of its time lies within the window.
	seen     bool
	selected bool
	// gave says that since its last wait the goroutine gave others something to
	// do: it created one, ended another's wait, or waited to send.
	gave bool
	// fromDemand says that its last wait was at a known place of rest.
	fromDemand bool
	afterIO    bool // its last wait was for input or output
	wrote      bool // it has written to a socket or pipe since its last wait for one
	asked      bool // its last wait was for an answer from outside
	reader     bool // it reads a client's connection for others
	called     bool // it has been in a system call since its last wait
	born       bool // it was created within the scope
	roused     bool // it has not waited since a volley woke it
	fresh      bool // it has not had a processor since
}

// groupAccount is the time of a group.
type groupAccount struct {
	tally
	entry     int32          // group number
	name      event.StringID // entry function
	system    bool
	into      *groupAccount // where this account went, once its goroutine was identified
	share     share
	running   width // members that run
	engaged   width // members in progress
	self      selfHarm
	bit       uint16 // in sets of groups, of those that are set apart
	afterIO   histogram
	firstBorn int64 // creations in the scope; 0 and lastBorn 0 for none
	lastBorn  int64
	count     int
	ended     int
	runCount  int64
	lists     [waitkind.BeforeTrace + 1]*histogram // of running and runnable kinds, which come first
	cells     map[cellKey]*cell
	latest    map[event.StackID]*cell // by place, of whatever kind the last wait of a goroutine new to it was
	parents   map[int32]int           // by parent's group number, NoGroup if unknown
	library   bool                    // the entry is library code: inside splits the time
	inside    []inside                // by handler; few, and mostly the one at the front
	lifeRuns  *histogram              // what its goroutines ran for that were created and ended within the scope; nil if none
	wokeUsers int64                   // waits of user goroutines that its members ended, locks aside
}

// real is the account that this one became a part of, or itself.
func (g *groupAccount) real() *groupAccount {
	for g.into != nil {
		g = g.into
	}
	return g
}

// named takes the entry function's name from a record that gives a goroutine its
// group.
func (g *groupAccount) named(r *timeline.Record) {
	g.name, g.system = r.Name, r.Has(timeline.FlagSystem)
}

// childOf counts members that a group created.
func (g *groupAccount) childOf(parent int32, n int) {
	if g.parents == nil {
		g.parents = make(map[int32]int)
	}
	g.parents[parent] += n
}

func newGroupAccount() *groupAccount {
	return new(groupAccount) // its maps are made when something is in them: there may be a million
}

func newAccounting(o Options, tables *event.Tables) *accounting {
	return &accounting{opts: o, tables: tables, children: make(map[int64]int), stacks: newStackFacts(o, tables)}
}

// span follows how many tasks and regions a goroutine is inside of.
func (a *accounting) span(r *timeline.Record, by int) {
	if r.Slot >= 0 {
		l := &a.lives[r.Slot]
		l.spans = max(0, l.spans+by)
	}
}

func (a *accounting) born(r *timeline.Record) {
	for int(r.Slot) >= len(a.lives) {
		a.lives = append(a.lives, life{})
	}
	l := &a.lives[r.Slot]
	*l = life{id: r.G, selected: !r.Has(timeline.FlagDeselected), stimulus: r.Other, parentGroup: timeline.NoGroup}
	l.parent, l.grandparent, l.ranFrom = r.Other, event.NoG, -1
	if r.OtherSlot >= 0 {
		a.lives[r.OtherSlot].gave = true
		a.lives[r.OtherSlot].promise = nil
		l.grandparent = a.lives[r.OtherSlot].parent
		if p := a.lives[r.OtherSlot].group; p != nil && !a.lives[r.OtherSlot].own {
			l.parentGroup = p.entry
		}
	}
	if r.Group == timeline.NoGroup {
		l.own = true
	} else {
		l.group = a.group(r.Group)
		l.group.named(r)
	}
	if r.Flags&(timeline.FlagCensoredStart|timeline.FlagGap) == 0 {
		l.born = !r.Has(timeline.FlagOutside)
		if r.OtherSlot >= 0 && l.selected && !r.Has(timeline.FlagSystem) {
			a.forks(&a.lives[r.OtherSlot], l, r)
		}
	}
	if a.opts.Goroutines {
		a.keep(l, r)
	}
}

// account is the goroutine's group or, until that is known, its own.
func (l *life) account() *groupAccount {
	if l.group == nil {
		l.group = newGroupAccount()
		l.group.entry = timeline.NoGroup
	}
	return l.group
}

func (a *accounting) group(n int32) *groupAccount {
	for int(n) >= len(a.groups) {
		a.groups = append(a.groups, nil)
	}
	if a.groups[n] == nil {
		a.groups[n] = newGroupAccount()
		a.groups[n].entry = n
	}
	return a.groups[n]
}

// identified moves a goroutine's own account into its group's.
func (a *accounting) identified(r *timeline.Record) {
	l := &a.lives[r.Slot]
	g := a.group(r.Group)
	g.named(r)
	if l.group == nil {
		l.group = g
		l.own = false
		if l.detail != nil {
			l.detail.group = r.Group
		}
		return
	}
	g.merge(l.group)
	l.group.into = g
	moved := func(c *cell) *cell {
		if c == nil {
			return nil
		}
		return g.cells[c.key]
	}
	for i, c := range l.cells {
		l.cells[i] = moved(c)
	}
	l.main = moved(l.main)
	if l.detail != nil {
		l.detail.identified(r, moved)
	}
	l.group, l.own = g, false
}

// merge adds the account of a single goroutine.
func (g *groupAccount) merge(o *groupAccount) {
	g.tally.merge(&o.tally)
	g.count += o.count
	g.runCount += o.runCount
	g.wokeUsers += o.wokeUsers
	for k, h := range o.lists {
		if h != nil {
			g.list(waitkind.Kind(k)).merge(h)
		}
	}
	for key, c := range o.cells {
		g.cell(key).merge(c)
	}
	g.share.add(&o.share)
	g.running.merge(&o.running)
	g.engaged.merge(&o.engaged)
	g.afterIO.merge(&o.afterIO)
	if o.lifeRuns != nil {
		g.runsOfLives().merge(o.lifeRuns)
	}
	for p, n := range o.parents {
		g.childOf(p, n)
	}
}

// runsOfLives is the distribution of what short-lived goroutines ran for.
func (g *groupAccount) runsOfLives() *histogram {
	if g.lifeRuns == nil {
		g.lifeRuns = new(histogram)
	}
	return g.lifeRuns
}

// list is the distribution of a kind of running or runnable time.
func (g *groupAccount) list(k waitkind.Kind) *histogram {
	if g.lists[k] == nil {
		g.lists[k] = new(histogram)
	}
	return g.lists[k]
}

func (a *accounting) interval(r *timeline.Record) {
	l := &a.lives[r.Slot]
	if l.selected && r.Ns() > 0 {
		a.account(l, r)
	}
	switch r.State {
	case event.GoWaiting:
		if l.selected && r.Other != event.NoG {
			a.woken(l, r)
		}
		l.stimulus, l.woken, l.served = r.Other, r.End, -1
		a.attribute(l, r)
	case event.GoSyscall:
		l.called = true
		a.attribute(l, r)
	case event.GoRunning:
		a.runs(l, r)
	case event.GoRunnable:
		if l.served < 0 && r.Next == event.GoRunning {
			l.served = r.End
		}
		if l.fresh {
			l.readyInVolley(r)
		}
	}
	if r.Next == event.GoUndetermined && r.Has(timeline.FlagGap) {
		a.loses(l)
	}
	if r.Next == event.GoNotExist {
		a.dies(l, r)
	}
	if r.Next == event.GoNotExist || r.Next == event.GoUndetermined && !r.Has(timeline.FlagGap) {
		l.end(r)
	}
}

// end takes the last interval of a goroutine, by its own end or the trace's.
func (l *life) end(r *timeline.Record) {
	if r.Next == event.GoNotExist {
		if l.promise != nil {
			l.promise.promises++
		}
		if l.selected && l.seen && r.Flags&notWithin == 0 {
			l.account().ended++
		}
		if l.detail != nil {
			l.detail.ended = r.At
		}
	}
	if r.Next == event.GoUndetermined && r.State == event.GoRunning && l.main != nil {
		l.main.recorder++
	}
	if l.seen {
		l.retire(r.End - l.first)
	}
}

// account books an interval that lies in the window.
func (a *accounting) account(l *life, r *timeline.Record) {
	g := l.account()
	if !l.seen {
		l.enter(g, r)
	}
	g.add(r)
	if countsAsRun(r) {
		g.runCount++
	}
	var c *cell
	on := a.stacks.of(r.Stack)
	if waiting[r.Kind] {
		c = l.waited(r, on)
		if c.queue == nil && queues[r.Kind] {
			c.queue = a.stacks.queue(r.Kind, r.Stack)
		}
	} else {
		l.ran(g, r)
	}
	if on.library && !l.own {
		g.library = true
		g.insideOf(on.handler).add(r)
	}
	if l.detail != nil {
		l.detail.add(r, c)
	}
}

// enter counts a goroutine in its group, of which it is known to have lived in the
// window.
func (l *life) enter(g *groupAccount, r *timeline.Record) {
	l.seen, l.first = true, r.Start
	g.count++
	if r.Kind == waitkind.New && !r.Has(timeline.FlagCensoredStart) {
		if g.firstBorn == 0 {
			g.firstBorn = r.Start
		}
		g.lastBorn = r.Start
	}
	if l.parentGroup != timeline.NoGroup {
		g.childOf(l.parentGroup, 1)
	}
}

// countsAsRun says whether a goroutine gets a processor at the end of an
// interval, or had one when the trace began.
func countsAsRun(r *timeline.Record) bool {
	return r.State == event.GoRunnable && r.Next == event.GoRunning || r.State == event.GoRunning && r.Has(timeline.FlagCensoredStart)
}

// waiting says of which kinds Class().Waiting() is true.
var waiting = func() (w [256]bool) {
	for k := range waitkind.NumKinds {
		w[k] = k.Class().Waiting()
	}
	return w
}()

// waited books a wait on a stack of which facts are known under its site.
func (l *life) waited(r *timeline.Record, on *stackFact) *cell {
	before := l.cells[0]
	c := l.cell(cellKey{kind: r.Kind, stack: r.Stack, whole: wholeTraceWait(r)})
	c.add(r)
	l.waitsAgain(before, c, r)
	l.promise = nil
	if l.spans > 0 {
		c.spanNs += r.Ns()
	}
	if l.gave {
		c.gave++
	}
	l.gave = r.Kind == waitkind.ChanSend
	if r.Kind != waitkind.Mutex { // a lock on the way is not what it waited for
		l.fromDemand = on.demand
	}
	l.mainCell(c, r.Ns())
	return c
}

// ran adds an interval that is no wait to the distribution of its kind.
func (l *life) ran(g *groupAccount, r *timeline.Record) {
	switch {
	case r.Flags&(timeline.FlagSwitch|timeline.FlagSplit) == 0:
		g.list(r.Kind).add(l.pending + r.Ns())
		if l.afterIO && r.Kind == waitkind.Woken {
			g.afterIO.add(r.Ns())
		}
		l.pending = 0
	case r.Has(timeline.FlagSwitch): // an instant that only the format has
	default:
		l.pending += r.Ns()
	}
}

// cell finds the account of a wait site; a goroutine mostly returns to the few
// sites that it has been at. They are kept in the order of the last wait.
func (l *life) cell(key cellKey) *cell {
	if c := l.cells[0]; c != nil && c.key == key {
		return c
	}
	for i, c := range l.cells {
		if c != nil && c.key == key {
			l.remember(c, i)
			return c
		}
	}
	g := l.account()
	c := g.cell(key)
	c.members++
	if !l.own {
		if g.latest == nil {
			g.latest = make(map[event.StackID]*cell)
		}
		g.latest[key.stack] = c
	}
	l.remember(c, len(l.cells)-1)
	return c
}

// remember puts a site first, where it was the i-th or the i-th makes place.
func (l *life) remember(c *cell, i int) {
	for ; i > 0; i-- {
		l.cells[i] = l.cells[i-1]
	}
	l.cells[0] = c
}

// mainCell keeps the site at which a goroutine has waited longest. It is exact
// for a goroutine that spends more than half of its time at one site, which is
// all that is asked of it.
func (l *life) mainCell(c *cell, ns int64) {
	switch {
	case c == l.main:
		l.mainNs += ns
	case ns > l.mainNs:
		l.main, l.mainNs = c, ns-l.mainNs
	default:
		l.mainNs -= ns
	}
}

// retire folds what only the goroutine's whole life tells, of which so many ns
// were in the window.
func (l *life) retire(total int64) {
	if l.main != nil && l.mainNs*100 >= total*99 { // mainNs is at most the time there
		l.main.settled++
	}
}

// woken books what the end of a wait says about the goroutine that ended it.
func (a *accounting) woken(l *life, r *timeline.Record) {
	if r.OtherSlot < 0 || r.Has(timeline.FlagExternal) {
		return
	}
	waker := &a.lives[r.OtherSlot]
	switch r.Kind {
	case waitkind.Mutex, waitkind.RWMutexRead, waitkind.RWMutexWrite, waitkind.Once, waitkind.Coroutine:
		return // exclusion and turn-taking are not demand
	}
	if !r.Has(timeline.FlagSystem) {
		waker.account().wokeUsers++
	}
	waker.gave = true
	if r.Ns() == 0 {
		return
	}
	if r.Kind == waitkind.ChanSend {
		if c := waker.cells[0]; c != nil {
			c.servedSenders++
		}
		return
	}
	if c := l.cells[0]; c != nil && c.key.kind == r.Kind && c.key.stack == r.Stack {
		c.ended(r, l, waker, a.stacks.of(r.OtherStack))
	}
}
