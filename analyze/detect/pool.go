package detect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/result"
)

var poolTooSmall = Detector{
	Name:  "pool-too-small",
	Title: "A pool is too small",
	Doc: "Goroutines wait for a place in a pool, a semaphore or for a connection, while all who have one wait for the outside or a timer and processors idle: " +
		"more could be under way. Never more than medium, as the limit may be meant.",
	remedy: "Size the pool by Little's law: as many as arrive in a second times the seconds that each takes. Check first that what answers can do more at once.",
	caveat: "The limit may protect what is behind it: a database does not get faster by more connections.",
	Scale:  Scale{"share of all processor time that idles while others wait for a place", Share, 0.1, 0.3},
	Bounds: []Threshold{leastPoolWaits, leastOutside, leastGivenBack},
	find:   findPool,
}

var (
	leastPoolWaits = Threshold{"least-waits", 10, Number, "waits for a place"}
	leastGivenBack = Threshold{"least-given-back", 0.8, Share, "share of the hand-offs that give back what had been waited for"}
	leastOutside   = Threshold{"least-outside", 0.5, Share, "share of these waits that whoever had a place spent waiting for the outside or a timer"}
)

func findPool(e *evidence) []candidate {
	var out []candidate
	for i := range e.SiteClasses {
		class := &e.SiteClasses[i]
		if class.Waits < e.limitNs(leastPoolWaits) || meant(class.Rule) || !e.isPool(class) {
			continue
		}
		victims := class.Waiters
		if class.Kind == "channel" {
			victims = class.Senders
			if class.ReceiveNs > class.SendNs {
				victims = class.Receivers
			}
		}
		site := e.waiting(class, victims)
		outside, all, most := e.outside(class)
		if site == nil || len(victims) == 0 || most == nil || share(outside, all) < e.limit(leastOutside) {
			continue
		}
		out = append(out, e.pool(class, site, victims, most, share(outside, all)))
	}
	return out
}

// isPool says whether a class looks like places that are taken and given back: whoever
// has had one ends the wait for it, and waits in turn the next time. A queue whose workers all wait for the outside is
// one, too.
func (e *evidence) isPool(class *result.SiteClass) bool {
	if class.Rule != nil && class.Rule.Is == "pool" {
		return true
	}
	if class.Kind == "lock" {
		return false // lock-serialises has that
	}
	return e.givenBack(class) || e.waitsIn(class, "database/sql.(*DB).conn") || e.waitsIn(class, "golang.org/x/sync/semaphore.(*Weighted).Acquire") || e.workersWait(class)
}

// givenBack says whether those who wait at a channel are those who end such waits, each
// once for each of its own: a semaphore. Loops that send each other messages come near to
// that; there, who takes is to be who gives in one and the same function, unless it is by
// sending that places are taken, as nobody sends a message to itself.
func (e *evidence) givenBack(class *result.SiteClass) bool {
	back := slices.ContainsFunc(class.Senders, func(g int) bool { return e.group(g) != nil && slices.Contains(class.Receivers, g) })
	if !back || share(class.GivenBack, class.HandOffs) < e.limit(leastGivenBack) {
		return false
	}
	if class.SendNs > class.ReceiveNs {
		return true
	}
	site := e.waiting(class, class.Receivers)
	return site != nil && len(class.Wakers) > 0 && takesAndGives(site.Frames, class.Wakers[0].Frames)
}

// takesAndGives says whether a wait and its end are in one function of the program, or
// in two that one calls.
func takesAndGives(taken, given []result.Frame) bool {
	one, other := ownFrames(taken), ownFrames(given)
	if len(one) == 0 || len(other) == 0 {
		return false
	}
	return outermost(one[0].Func) == outermost(other[0].Func) || len(one) > 1 && len(other) > 1 && outermost(one[1].Func) == outermost(other[1].Func)
}

// outermost is the function that a closure is written in, or a function itself.
func outermost(fn string) string {
	name, _, _ := strings.Cut(fn[strings.LastIndexByte(fn, '/')+1:], ".func")
	return fn[:strings.LastIndexByte(fn, '/')+1] + name
}

// ownFrames are the program's frames of a stack.
func ownFrames(frames []result.Frame) []result.Frame {
	return slices.DeleteFunc(slices.Clone(frames), func(f result.Frame) bool { return code.IsLibrary(f.Func) })
}

// waitsIn says whether the waits of a class are in a function of a library.
func (e *evidence) waitsIn(class *result.SiteClass, fn string) bool {
	return slices.ContainsFunc(class.Sites, func(i int) bool {
		return slices.ContainsFunc(e.Sites[i].Frames, func(f result.Frame) bool { return f.Func == fn })
	})
}

// workersWait says whether senders are blocked for several workers that hardly
// compute.
func (e *evidence) workersWait(class *result.SiteClass) bool {
	if class.SendNs <= class.ReceiveNs || len(class.Receivers) != 1 {
		return false
	}
	g := e.group(class.Receivers[0])
	return g != nil && !g.System && g.Count >= 2 && (g.Time.BlockedIONs+g.Time.TimerNs)*2 > g.Time.LifetimeNs-g.Time.AtRestNs
}

// outside sums what filled the waits of a class that is no goroutine's running, and the
// largest part of it.
func (e *evidence) outside(class *result.SiteClass) (outside, all int64, most *result.Piece) {
	pieces := e.causes(class)
	for i := range pieces {
		p := &pieces[i]
		all += p.Ns
		switch p.Kind {
		case "io", "syscall", "timer":
			outside += p.Ns
			if most == nil && p.Frame != nil {
				most = p
			}
		}
	}
	return outside, all, most
}

func (e *evidence) pool(class *result.SiteClass, site *result.Site, victims []int, most *result.Piece, outside float64) candidate {
	var c candidate
	c.LostNs, c.LostOf = class.IdleBlockedNs, "processors"
	c.value, c.atMost = e.ofCapacity(class.IdleBlockedNs), "medium"
	queue := float64(class.TotalNs) / float64(max(1, e.length()))
	what := "a place" + named(class.Rule)
	if e.waitsIn(class, "database/sql.(*DB).conn") {
		what = "a connection of database/sql"
	}
	c.Sentence = fmt.Sprintf("%s waited %s for %s in %s, %s in all: %s at once on average, up to %d. For %s of that time none of those who had one ran; mostly one %s. %s of the processor time idled meanwhile.",
		e.who(victims[0], site.Frames), counted(class.Waits, "time", "times"), what, inner(site.Frames), duration(class.TotalNs), number(queue), class.MostWaiting,
		percent(outside), doing(most), percent(c.value))
	c.Culprit = place(*most.Frame)
	if at := where(site.Frames); at != "" {
		c.Culprit = at
	}
	c.Groups, c.Victims = victims, victims
	c.At = worst(site.Worst)
	c.Stacks = append(stack("blocked", site.Frames), stack("waker", class.Release)...)
	c.Stacks = append(c.Stacks, stack("running", []result.Frame{*most.Frame})...)
	c.Evidence = map[string]float64{
		"waits": float64(class.Waits), "wait_ns": float64(class.TotalNs), "wait_mean_ns": float64(class.TotalNs) / float64(max(1, class.Waits)), "queue_average": queue, "queue_most": float64(class.MostWaiting),
		"arrivals_per_second": float64(class.Waits) * 1e9 / float64(max(1, e.length())), "outside_share": outside, "idle_processors_ns": float64(class.IdleBlockedNs),
	}
	c.meanwhile = true
	c.classes = []*result.SiteClass{class}
	c.clause = fmt.Sprintf("%s waited for a place in a pool, in %s", e.who(victims[0], site.Frames), inner(site.Frames))
	return c
}

// named is what a user's rule calls a place, in parentheses.
func named(rule *result.SiteRule) string {
	if rule == nil {
		return ""
	}
	return " (" + rule.Name + ")"
}

// meant says whether a user's rule says that waiting at a place is meant: to hold back, or
// as there is nothing to do.
func meant(rule *result.SiteRule) bool {
	return rule != nil && (rule.Is == "limiter" || rule.Is == "idle")
}
