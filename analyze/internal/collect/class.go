package collect

import (
	"cmp"
	"maps"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/code"
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
	s.addSiteWaker(&siteWaker{w.group.real(), w.stack, w.waits, w.ns, w.via, w.idleBlocked})
}

func (s *site) addSiteWaker(w *siteWaker) {
	i := slices.IndexFunc(s.wakers, func(o *siteWaker) bool { return o.group == w.group && o.stack == w.stack })
	if i < 0 {
		i = len(s.wakers)
		s.wakers = append(s.wakers, &siteWaker{group: w.group, stack: w.stack})
	}
	o := s.wakers[i]
	o.waits += w.waits
	o.ns += w.ns
	o.idle += w.idle
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

// classes are the sites of locks and of channels by the queues that their waiters
// are in, most idle processor time first.
func (a *accounting) classes(sites []*site, end *End) []result.SiteClass {
	found := map[*queue]*classSum{}
	var list []*classSum
	for i, s := range sites {
		if s.ns <= 0 || !queues[s.key.kind] {
			continue
		}
		q := a.stacks.queue(s.key.kind, s.key.stack).root()
		if found[q] == nil {
			found[q] = newClassSum(q, isLock(s.key.kind))
			list = append(list, found[q])
		}
		found[q].add(i, s, a, end)
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

// classSum is a class on its way into the result.
type classSum struct {
	out       result.SiteClass
	queue     *queue
	wakers    site // of all its sites
	senders   map[int]int64
	receivers map[int]int64
	release   map[event.StackID]*releases
}

type releases struct {
	stack event.StackID
	group int
	waits int64
}

func newClassSum(q *queue, lock bool) *classSum {
	kind := "channel"
	if lock {
		kind = "lock"
	}
	return &classSum{out: result.SiteClass{Kind: kind}, queue: q, senders: map[int]int64{}, receivers: map[int]int64{}, release: map[event.StackID]*releases{}}
}

// add takes in a site. A select that a receiver ended was about to send. A wait
// that a group ended has that group on the other side.
func (c *classSum) add(index int, s *site, a *accounting, end *End) {
	out := &c.out
	out.Sites = append(out.Sites, index)
	out.Waits += s.waits.n
	out.TotalNs += s.ns
	out.IdleBlockedNs += rounded(s.idle)
	if out.Rule == nil { // sites come in the order of their time
		out.Rule = s.rule
	}
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
		c.wakers.addSiteWaker(w)
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
	c.queued(end)
	return c.out
}

// queued writes what is known of the queue.
func (c *classSum) queued(end *End) {
	q, out := c.queue, &c.out
	q.finish(end.To)
	out.MostWaiting = int(q.most)
	out.WaitingNs, out.BusyNs = q.waited, q.busy
	out.HandOffs, out.DirectHandOffs, out.GivenBack, out.InTurn = q.handOffs, q.direct, q.givenBack, q.inTurn
	out.Service, out.Resume = q.service.latency(), q.resume.latency()
	out.Wakers = c.wakers.wakersResult(end)
	if v := &q.convoys; v.count > 0 && out.Kind == "lock" {
		out.Convoys = &result.Convoys{Count: v.count, Ns: v.ns, HandOffs: v.handOffs, Requeued: v.requeued, At: v.longest.moments(maxWorst)}
	}
}

// lockShares writes how much of the time of tasks and regions goes by in waits for
// whoever had a lock: the pieces of their paths that are named by where a class's waits
// are ended. It is called when the paths are known.
func lockShares(r *result.Result) {
	var all int64
	held := map[string]int64{}
	for _, spans := range [][]result.Span{r.Tasks, r.Regions} {
		for i := range spans {
			if path := spans[i].Path; path != nil {
				all += path.Ns
				for _, p := range path.Pieces {
					if p.HeldIn != nil {
						held[p.HeldIn.Func] += p.HeldNs
					}
				}
			}
		}
	}
	if all == 0 || len(held) == 0 {
		return
	}
	for i := range r.SiteClasses {
		if c := &r.SiteClasses[i]; c.Kind == "lock" {
			c.CriticalPathShare = float64(heldIn(c, held)) / float64(all)
		}
	}
}

// heldIn sums what is held in the functions that end waits at a lock.
func heldIn(c *result.SiteClass, held map[string]int64) (ns int64) {
	seen := map[string]bool{}
	for _, w := range c.Wakers {
		for _, f := range w.Frames {
			if code.IsPlumbing(f.Func) {
				continue
			}
			if !seen[f.Func] {
				seen[f.Func] = true
				ns += held[f.Func]
			}
			break
		}
	}
	return ns
}
