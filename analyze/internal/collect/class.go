package collect

import (
	"cmp"
	"maps"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// siteWaker is who ended the waits of a site, groups by their own accounts.
type siteWaker struct {
	group *groupAccount
	stack event.StackID
	waits int64
	ns    int64
	via   [numWaitClasses]int64
	idle  float64
}

// maxSiteWakers is how many wakers of a site are listed.
const maxSiteWakers = 8

func (s *site) addWaker(w *waker) {
	group := w.group.real()
	i := slices.IndexFunc(s.wakers, func(o *siteWaker) bool { return o.group == group && o.stack == w.stack })
	if i < 0 {
		i = len(s.wakers)
		s.wakers = append(s.wakers, &siteWaker{group: group, stack: w.stack})
	}
	o := s.wakers[i]
	o.waits += w.waits
	o.ns += w.ns
	o.idle += w.idleBlocked
	for class, ns := range w.via {
		o.via[class] += ns
	}
}

// viaNames is how the result calls what held a waker up.
var viaNames = [numWaitClasses]string{waitsVia: "io", waitsTimer: "timer"}

func (s *site) wakersResult(end *End) []result.Waker {
	order := func(g *groupAccount) int { return end.order[g.entry] }
	slices.SortFunc(s.wakers, func(x, y *siteWaker) int {
		return cmp.Or(cmp.Compare(y.ns, x.ns), cmp.Compare(y.waits, x.waits), cmp.Compare(order(x.group), order(y.group)), compareStacks(end.Tables, x.stack, y.stack))
	})
	var out []result.Waker
	for _, w := range s.wakers[:min(len(s.wakers), maxSiteWakers)] {
		r := result.Waker{Group: order(w.group), Frames: frames(end.Tables, w.stack), Waits: w.waits, TotalNs: w.ns, IdleBlockedNs: rounded(w.idle)}
		for class, ns := range w.via {
			if ns > 0 {
				if r.ViaNs == nil {
					r.ViaNs = map[string]int64{}
				}
				r.ViaNs[viaNames[class]] += ns
			}
		}
		out = append(out, r)
	}
	return out
}

// classes joins the sites of locks and of channels that wait for each other: a
// class is what is connected by who ends whose waits, line by line (methods.md
// 0.2.12). Most time first.
func (a *accounting) classes(sites []*site, end *End) []result.SiteClass {
	u := newUnion()
	node := func(kind waitkind.Kind, stack event.StackID) lineOf {
		return lineOf{isLock(kind), a.stacks.line(stack)}
	}
	for _, s := range sites {
		if s.ns <= 0 || !isLock(s.key.kind) && !isChannel(s.key.kind) {
			continue
		}
		here := node(s.key.kind, s.key.stack)
		u.find(here)
		for _, w := range s.wakers {
			u.join(here, node(s.key.kind, w.stack))
		}
	}
	found := map[lineOf]*classSum{}
	var list []*classSum
	for i, s := range sites {
		if s.ns <= 0 || !isLock(s.key.kind) && !isChannel(s.key.kind) {
			continue
		}
		root := u.find(node(s.key.kind, s.key.stack))
		if found[root] == nil {
			found[root] = newClassSum(root.lock)
			list = append(list, found[root])
		}
		found[root].add(i, s, a, end)
	}
	out := make([]result.SiteClass, 0, len(list))
	for _, c := range list {
		out = append(out, c.result(end))
	}
	slices.SortStableFunc(out, func(x, y result.SiteClass) int {
		return cmp.Or(cmp.Compare(y.IdleBlockedNs, x.IdleBlockedNs), cmp.Compare(y.TotalNs, x.TotalNs))
	})
	return out
}

// lineOf is a line at which goroutines wait for locks, or for channels, or end
// such waits.
type lineOf struct {
	lock bool
	line event.FrameID
}

// union is sets of lines that have been joined.
type union struct {
	parent map[lineOf]lineOf
}

func newUnion() *union { return &union{make(map[lineOf]lineOf)} }

// find is what stands for a line's set.
func (u *union) find(x lineOf) lineOf {
	for {
		p, ok := u.parent[x]
		if !ok {
			u.parent[x] = x
			return x
		}
		if p == x {
			return x
		}
		u.parent[x] = u.parent[p]
		x = p
	}
}

func (u *union) join(x, y lineOf) { u.parent[u.find(y)] = u.find(x) }

// classSum is a class on its way into the result.
type classSum struct {
	out       result.SiteClass
	senders   map[int]int64
	receivers map[int]int64
	release   map[event.StackID]*releases
}

type releases struct {
	stack event.StackID
	group int
	waits int64
}

func newClassSum(lock bool) *classSum {
	kind := "channel"
	if lock {
		kind = "lock"
	}
	return &classSum{out: result.SiteClass{Kind: kind}, senders: map[int]int64{}, receivers: map[int]int64{}, release: map[event.StackID]*releases{}}
}

// add takes in a site. A select that a receiver ended was about to send. A wait
// that a group ended has that group on the other side.
func (c *classSum) add(index int, s *site, a *accounting, end *End) {
	out := &c.out
	out.Sites = append(out.Sites, index)
	out.Waits += s.waits.n
	out.TotalNs += s.ns
	out.IdleBlockedNs += rounded(s.idle)
	out.MostWaiting = max(out.MostWaiting, int(s.most))
	sends := s.key.kind == waitkind.ChanSend
	if s.key.kind == waitkind.Select {
		var received, waits int64
		for _, w := range s.wakers {
			waits += w.waits
			if a.stacks.of(w.stack).receives {
				received += w.waits
			}
		}
		sends = received*2 > waits
	}
	mine, theirs := c.receivers, c.senders
	if sends {
		mine, theirs = c.senders, c.receivers
		out.SendNs += s.ns
		out.SendWaits += s.waits.n
		out.SendIdleNs += rounded(s.idle)
	} else if out.Kind == "channel" {
		out.ReceiveNs += s.ns
		out.ReceiveWaits += s.waits.n
		out.ReceiveIdleNs += rounded(s.idle)
	}
	for g, ns := range s.groups {
		mine[g] += ns
	}
	for _, w := range s.wakers {
		theirs[end.order[w.group.entry]] += w.ns
		r := c.release[w.stack]
		if r == nil {
			r = &releases{stack: w.stack, group: end.order[w.group.entry]}
			c.release[w.stack] = r
		}
		r.waits += w.waits
	}
}

func (c *classSum) result(end *End) result.SiteClass {
	byNs := func(m map[int]int64) []int {
		return slices.SortedFunc(maps.Keys(m), func(x, y int) int {
			return cmp.Or(cmp.Compare(m[y], m[x]), cmp.Compare(x, y))
		})
	}
	c.out.ReleaseGroup = -1
	if c.out.Kind == "lock" {
		c.out.Waiters = byNs(c.receivers)
	} else {
		c.out.Senders, c.out.Receivers = byNs(c.senders), byNs(c.receivers)
	}
	all := slices.SortedFunc(maps.Values(c.release), func(x, y *releases) int {
		return cmp.Or(cmp.Compare(y.waits, x.waits), cmp.Compare(x.group, y.group), compareStacks(end.Tables, x.stack, y.stack))
	})
	if len(all) > 0 {
		c.out.Release, c.out.ReleaseGroup = frames(end.Tables, all[0].stack), all[0].group
	}
	return c.out
}
