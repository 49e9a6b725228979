package collect

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Finish writes totals, groups, sites and, if asked for, goroutines.
func (a *accounting) Finish(end *End, r *result.Result) {
	a.decide(end.To - end.From)
	a.bookAtRest()
	var user, system tally
	waits := newDistributions()
	for n, g := range a.groups {
		if g == nil {
			continue
		}
		if end.Groups[n].System {
			system.merge(&g.tally)
			r.Scope.SystemGoroutines += g.count
			continue
		}
		user.merge(&g.tally)
		r.Scope.Goroutines += g.count
		r.Scope.AtRestGoroutines += g.settledAtRest()
		waits.addGroup(g)
	}
	r.Time, r.SystemTime, r.Waits = user.time(), system.time(), waits.result()
	r.Scheduler.Latency = waits.schedulingLatency()
	r.Scheduler.LatencyByOrigin = waits.kindsOf(waitkind.Runnable)
	end.order = a.finishGroups(end, r)
	if a.opts.Goroutines {
		a.finishGoroutines(end, end.order, r)
	}
}

// decide applies the rules to every wait site of every group, by what is known of
// so many ns.
func (a *accounting) decide(length int64) {
	for _, g := range a.groups {
		if g == nil {
			continue
		}
		for _, c := range g.cells {
			a.judge(g, c, length)
		}
		for _, c := range g.cells {
			if c.rest == "" {
				c.rest = g.openTick(c)
			}
		}
		if g.onlyTicks() {
			for _, c := range g.cells {
				if c.key.kind == waitkind.Unsaid {
					c.rest = "ticker"
				}
			}
		}
	}
}

// judge applies the rules to the waits of a group at one place.
func (a *accounting) judge(g *groupAccount, c *cell, length int64) {
	funcs := funcsOf(a.tables, c.key.stack)
	c.rest = atRest(restCase{
		cell: c, group: g, funcs: funcs, life: g.life(), duration: length,
		opts: &a.opts, entry: a.tables.String(g.name), rule: a.stacks.rule(c.key.kind, c.key.stack),
	})
	c.join = c.joins(funcs)
}

// joins says whether whoever waits at a place is represented by another
// goroutine, so that both are one thing in progress (methods.md A.3 vi): it waits
// for a WaitGroup, or for a goroutine that it created itself and that ended once
// it had told its result. Or it reads a client's connection, and whoever asked
// over that waits for it: if nobody does, the connection is idle.
func (c *cell) joins(funcs []string) bool {
	switch c.key.kind {
	case waitkind.Network:
		return readsForOthers(funcs)
	case waitkind.WaitGroup:
		return true
	case waitkind.ChanReceive, waitkind.Select:
		return c.promises > 0 && c.promises*10 >= c.closed*9
	}
	return false
}

// bookAtRest books the waits that are at rest.
func (a *accounting) bookAtRest() {
	for _, g := range a.groups {
		if g == nil {
			continue
		}
		for _, c := range g.cells {
			if c.rest == "" {
				continue
			}
			g.atRest[c.key.kind] += c.ns
			if fact := a.stacks.of(c.key.stack); fact.library && c.key.stack != 0 {
				g.insideOf(fact.handler).atRest[c.key.kind] += c.ns
			}
		}
	}
}

// openTick finds the wait of a ticker's loop that the trace's end cut off: no
// timer has ended it, so that by itself it is a receive or select like another.
func (g *groupAccount) openTick(c *cell) string {
	if c.closed > 0 || c.key.kind != waitkind.ChanReceive && c.key.kind != waitkind.Select {
		return ""
	}
	if t := g.cells[cellKey{kind: waitkind.TimerChannel, stack: c.key.stack}]; t != nil && t.rest == "ticker" {
		return t.rest
	}
	return ""
}

// onlyTicks says whether all waits of a group that the trace tells about are those
// of a ticker's loop: then the one that is older than the trace is, too.
func (g *groupAccount) onlyTicks() bool {
	ticks := false
	for _, c := range g.cells {
		switch {
		case c.rest == "ticker":
			ticks = true
		case c.key.kind != waitkind.Unsaid:
			return false
		}
	}
	return ticks
}

// settledAtRest counts the goroutines that were at rest for nearly all of the
// time.
func (g *groupAccount) settledAtRest() (n int) {
	for _, c := range g.cells {
		if c.rest != "" {
			n += int(c.settled)
		}
	}
	return n
}

// finishGroups writes the groups, the one with most engaged time first, and
// returns where each group number went.
func (a *accounting) finishGroups(end *End, r *result.Result) (order []int) {
	type entry struct {
		n    int
		g    *groupAccount
		time result.Time
	}
	var entries []entry
	for n, g := range a.groups {
		if g != nil && g.count > 0 {
			entries = append(entries, entry{n, g, g.tally.time()})
		}
	}
	slices.SortFunc(entries, func(x, y entry) int {
		gx, gy := end.Groups[x.n], end.Groups[y.n]
		return cmp.Or(
			compareBool(gx.System, gy.System),
			cmp.Compare(y.time.LifetimeNs-y.time.AtRestNs, x.time.LifetimeNs-x.time.AtRestNs),
			cmp.Compare(y.time.LifetimeNs, x.time.LifetimeNs),
			cmp.Compare(gx.Entry, gy.Entry),
			cmp.Compare(x.n, y.n),
		)
	})
	order = make([]int, len(end.Groups))
	for i := range order {
		order[i] = -1
	}
	for i, e := range entries {
		order[e.n] = i
	}
	r.Groups = make([]result.Group, 0, len(entries))
	for i, e := range entries {
		r.Groups = append(r.Groups, a.finishGroup(end, order, i, end.Groups[e.n], e.g, e.time))
	}
	return order
}

func (a *accounting) finishGroup(end *End, order []int, id int, about timeline.Group, g *groupAccount, time result.Time) result.Group {
	waits := newDistributions()
	waits.addGroup(g)
	out := result.Group{
		ID: id, Name: about.Entry, CreatedBy: createdBy(end.Tables, about.Creation), System: about.System,
		Count: g.count, Ended: g.ended, Verdict: groupVerdict(time), Time: time, RunCount: g.runCount, Waits: waits.result(),
	}
	for _, p := range slices.Sorted(maps.Keys(g.parents)) {
		if order[p] >= 0 {
			out.Parents = append(out.Parents, result.GroupCount{Group: order[p], Count: g.parents[p]})
		}
	}
	slices.SortStableFunc(out.Parents, func(x, y result.GroupCount) int { return cmp.Compare(y.Count, x.Count) })
	for _, c := range g.sortedCells(end.Tables) {
		if c.rest != "" {
			out.AtRest = append(out.AtRest, result.AtRest{Rule: c.rest, Kind: c.key.kind.Label(), Frames: frames(end.Tables, c.key.stack), Waits: c.waits.n, TotalNs: c.ns})
		}
	}
	out.Inside = a.insideOf(g)
	return out
}

// finishShares writes what the sweep found out about groups and sites. It is
// called when the sweep has finished.
func (a *accounting) finishShares(end *End, r *result.Result) {
	for n, g := range a.groups {
		if g == nil || end.order[n] < 0 {
			continue
		}
		out := &r.Groups[end.order[n]]
		out.Parallelism = g.parallelism(r.Concurrency.OnCPU, out.Time.Kinds[waitkind.User.Label()]+out.Time.Kinds[waitkind.GCAssist.Label()])
		out.IdleBlockedNs, out.HarmNs = rounded(g.share.idleBlocked), rounded(g.share.harm)
		out.HarmOthersNs = rounded(g.share.harmOthers)
		out.AfterIO, out.LifetimeRun = g.afterIO.latency(), g.lifeRuns.latency()
		out.OpenSites = g.openSites(end.Tables)
	}
	a.finishSites(end, r)
}

// maxOpenSites is how many places are listed at which goroutines of a group were
// still blocked.
const maxOpenSites = 10

// openSites are where goroutines of a group were blocked, and not at rest, at the
// scope's end: the places with most of them.
func (g *groupAccount) openSites(tables *event.Tables) []result.OpenSite {
	var out []result.OpenSite
	for _, c := range g.sortedCells(tables) {
		if c.open == 0 || c.rest != "" {
			continue
		}
		o := result.OpenSite{
			Kind: c.key.kind.Label(), Frames: frames(tables, c.key.stack), Count: int(c.open), LongestNs: c.openNs,
			FirstCreatedNs: g.firstBorn, LastCreatedNs: g.lastBorn,
		}
		for _, same := range g.cells {
			if same.key.kind == c.key.kind && same.key.stack == c.key.stack {
				o.Closed += same.closed
			}
		}
		out = append(out, o)
	}
	slices.SortStableFunc(out, func(x, y result.OpenSite) int { return cmp.Compare(y.Count, x.Count) })
	return out[:min(len(out), maxOpenSites)]
}

// sortedCells are the wait sites, most time first.
func (g *groupAccount) sortedCells(tables *event.Tables) []*cell {
	return slices.SortedFunc(maps.Values(g.cells), func(x, y *cell) int {
		if x.ns != y.ns {
			return cmp.Compare(y.ns, x.ns)
		}
		return cmp.Or(cmp.Compare(x.key.kind, y.key.kind), compareStacks(tables, x.key.stack, y.key.stack), compareBool(x.key.whole, y.key.whole))
	})
}

// insideOf splits a group's time by handler; what no stack tells is a part of
// its own, so that the parts sum to the group's time.
func (a *accounting) insideOf(g *groupAccount) []result.Inside {
	if !g.library || len(g.inside) == 1 && g.inside[0].handler == 0 {
		return nil
	}
	rest := g.tally
	var out []result.Inside
	for _, t := range g.inside {
		if t.handler == 0 {
			continue
		}
		for k := range rest.kinds {
			rest.kinds[k] -= t.kinds[k]
			rest.atRest[k] -= t.atRest[k]
		}
		rest.inferred -= t.inferred
		rest.stw -= t.stw
		out = append(out, result.Inside{Func: a.stacks.handlers[t.handler], Time: t.time()})
	}
	if t := rest.time(); t.LifetimeNs > 0 {
		out = append(out, result.Inside{Time: t})
	}
	slices.SortFunc(out, func(x, y result.Inside) int {
		return cmp.Or(cmp.Compare(y.Time.LifetimeNs-y.Time.AtRestNs, x.Time.LifetimeNs-x.Time.AtRestNs), cmp.Compare(x.Func, y.Func))
	})
	return out
}

// groupVerdict names the class that has at least half of a group's engaged time.
func groupVerdict(t result.Time) string {
	engaged := t.LifetimeNs - t.AtRestNs
	if engaged <= 0 || t.AtRestNs*1000 >= t.LifetimeNs*999 {
		return "at-rest"
	}
	var classes [waitkind.NumClasses]int64
	for k := range waitkind.NumKinds {
		classes[k.Class()] += t.Kinds[k.Label()] - t.AtRestKinds[k.Label()]
	}
	for c, ns := range classes {
		if ns*2 >= engaged {
			return waitkind.Class(c).String()
		}
	}
	return "mixed"
}

// maxSites bounds the sites that are listed one by one.
const maxSites = 1000

// finishSites joins the wait sites of all user groups, most time first.
func (a *accounting) finishSites(end *End, r *result.Result) {
	sites := make(map[cellKey]*site)
	for n, g := range a.groups {
		if g == nil || end.Groups[n].System {
			continue
		}
		for _, c := range g.sortedCells(end.Tables) {
			key := cellKey{kind: c.key.kind, stack: c.key.stack}
			s := sites[key]
			if s == nil {
				s = &site{key: key, groups: make(map[int]int64)}
				sites[key] = s
			}
			s.add(c, end.order[n])
		}
	}
	sorted := slices.SortedFunc(maps.Values(sites), func(x, y *site) int {
		if x.ns != y.ns {
			return cmp.Compare(y.ns, x.ns)
		}
		return cmp.Or(cmp.Compare(y.restNs, x.restNs), cmp.Compare(x.key.kind, y.key.kind), compareStacks(end.Tables, x.key.stack, y.key.stack))
	})
	r.Sites = make([]result.Site, 0, min(len(sorted), maxSites))
	for i, s := range sorted {
		if i >= maxSites {
			r.SitesOmitted.Count++
			r.SitesOmitted.TotalNs += s.ns
			continue
		}
		s.rule = ruleResult(a.stacks.rule(s.key.kind, s.key.stack))
		r.Sites = append(r.Sites, s.result(end))
		end.sites = append(end.sites, s.key)
	}
	r.SiteClasses = a.classes(sorted[:len(r.Sites)], end)
	a.finishPatterns(end, r)
}

// site is the waits of one kind on one stack, of all groups.
type site struct {
	key       cellKey
	waits     histogram // at-rest waits left out, as in all that follows
	joinNs    int64
	asked     int64
	askedNs   int64
	idle      float64
	wakers    []*siteWaker
	worst     topSpans
	ns        int64
	restWaits int64
	restNs    int64
	groups    map[int]int64
	rule      *result.SiteRule
}

func (s *site) add(c *cell, group int) {
	s.groups[group] += c.ns
	if c.rest != "" {
		s.restWaits += c.waits.n
		s.restNs += c.ns
		return
	}
	s.waits.merge(&c.waits)
	s.ns += c.ns
	s.idle += c.idleBlocked
	s.asked += c.asked
	s.askedNs += c.askedNs
	if c.join {
		s.joinNs += c.ns
	}
	s.worst.merge(&c.worst)
	for _, w := range c.wakers {
		s.addWaker(w)
	}
}

func (s *site) result(end *End) result.Site {
	tables := end.Tables
	l := s.waits.latency()
	groups := slices.SortedFunc(maps.Keys(s.groups), func(x, y int) int {
		return cmp.Or(cmp.Compare(s.groups[y], s.groups[x]), cmp.Compare(x, y))
	})
	return result.Site{
		Class: s.key.kind.Class().String(), Kind: s.key.kind.String(), Frames: frames(tables, s.key.stack),
		Waits: l.Count, TotalNs: s.ns, P50Ns: l.P50Ns, P90Ns: l.P90Ns, P99Ns: l.P99Ns, MaxNs: l.MaxNs, Rule: s.rule,
		AtRestWaits: s.restWaits, AtRestNs: s.restNs, Groups: groups,
		JoinNs: s.joinNs, AskedWaits: s.asked, AskedNs: s.askedNs, IdleBlockedNs: rounded(s.idle), Wakers: s.wakersResult(end), Worst: s.worst.moments(maxWorst),
	}
}

// distributions are histograms by class and kind.
type distributions struct {
	classes [waitkind.NumClasses]histogram
	kinds   [waitkind.NumKinds]histogram
}

func newDistributions() *distributions { return new(distributions) }

// addGroup adds a group's distributions, at-rest waits left out.
func (d *distributions) addGroup(g *groupAccount) {
	add := func(k waitkind.Kind, h *histogram) {
		d.kinds[k].merge(h)
		d.classes[k.Class()].merge(h)
	}
	for k, h := range g.lists {
		if h != nil {
			add(waitkind.Kind(k), h)
		}
	}
	for _, c := range g.cells {
		if c.rest == "" {
			add(c.key.kind, &c.waits)
		}
	}
}

func (d *distributions) result() result.Latencies {
	out := result.Latencies{}
	for c := range d.classes {
		if d.classes[c].n > 0 {
			out[waitkind.Class(c).String()] = d.classes[c].latency()
		}
	}
	for k := range d.kinds {
		if d.kinds[k].n > 0 {
			out[waitkind.Kind(k).Label()] = d.kinds[k].latency()
		}
	}
	return out
}

// schedulingLatency is the distribution of all waits for a processor but those
// of goroutines that gave theirs up: a collection alone yields thousands of
// times (Go's runtime.GC and its sweeper), for nobody's harm.
func (d *distributions) schedulingLatency() result.Latency {
	var all histogram
	for k := range d.kinds {
		if kind := waitkind.Kind(k); kind.Class() == waitkind.Runnable && kind != waitkind.Yielded {
			all.merge(&d.kinds[k])
		}
	}
	return all.latency()
}

// kindsOf are the distributions of the kinds of one class, by the kind's name.
func (d *distributions) kindsOf(c waitkind.Class) result.Latencies {
	out := result.Latencies{}
	for k := range d.kinds {
		if kind := waitkind.Kind(k); kind.Class() == c && d.kinds[k].n > 0 {
			out[kind.String()] = d.kinds[k].latency()
		}
	}
	return out
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

// frameName is a frame in one line: function, file and line.
func frameName(f event.Frame) string {
	return fmt.Sprintf("%s %s:%d", f.Func, path.Base(f.File), f.Line)
}
