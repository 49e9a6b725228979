package detect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
)

// What slow-consumer and slow-producer share: a channel of which one side waits
// nearly always and the other never, while processors idle (methods.md A.7).

// What must be there for a channel to say something; a gate that opens once is no
// queue.
var (
	leastHandOffs = Threshold{"least-waits", 5, Number, "waits of the side that waits"}
	handOffsEach  = Threshold{"waits-each", 3, Number, "the same for each of its goroutines"}
	oneSided      = Threshold{"one-sided", 0.8, Share, "share of the blocked time that is on one side"}
	leastBlocked  = Threshold{"least-blocked", 0.1, Share, "share of the time for which that side is blocked, summed over its goroutines"}
)

// mostlyComputes is the share of its time from which on a goroutine mostly runs.
const mostlyComputes = 0.5

// channels are the classes of channels with enough waits of goroutines of
// distinct groups.
func (e *evidence) channels() []*result.SiteClass {
	var out []*result.SiteClass
	for i := range e.SiteClasses {
		c := &e.SiteClasses[i]
		if c.Kind != "channel" || meant(c.Rule) || len(c.Senders) == 0 || len(c.Receivers) == 0 || e.procs() < 1.5 {
			continue
		}
		if slices.ContainsFunc(c.Senders, func(g int) bool { return slices.Contains(c.Receivers, g) }) {
			continue // a token that is handed back, or one goroutine's own queue
		}
		out = append(out, c)
	}
	return out
}

// repeated says whether the goroutines of groups waited again and again, so many
// times in all.
func (e *evidence) repeated(waits int64, groups []int) bool {
	var members int64
	for _, g := range e.valid(groups...) {
		members += int64(e.Groups[g].Count)
	}
	return waits >= e.limitNs(leastHandOffs) && waits >= e.limitNs(handOffsEach)*members
}

// works says how the slow side spent its time: what makes it slow.
func (e *evidence) works(group int) string {
	g := e.group(group)
	if g == nil {
		return "is not seen"
	}
	t := g.Time
	engaged := max(1, t.LifetimeNs-t.AtRestNs)
	running := share(t.RunningNs, engaged)
	io := share(t.BlockedIONs-restOf(&t, "blocked-io"), engaged)
	timer := share(t.TimerNs-restOf(&t, "timer"), engaged)
	switch {
	case running >= mostlyComputes:
		return fmt.Sprintf("computed for %s of its time", percent(running))
	case io >= running && io >= timer:
		return fmt.Sprintf("waited for input or output for %s of its time", percent(io))
	case timer > running:
		return fmt.Sprintf("waited for timers for %s of its time", percent(timer))
	}
	return fmt.Sprintf("ran for %s of its time and waited for other goroutines for %s", percent(running), percent(share(t.BlockedSyncNs-restOf(&t, "blocked-sync"), engaged)))
}

// restOf is the part of the time in a class that is at rest, ns.
func restOf(t *result.Time, class string) (ns int64) {
	for kind, rest := range t.AtRestKinds {
		if strings.HasPrefix(kind, class+"/") {
			ns += rest
		}
	}
	return ns
}

// bottleneck fills in what a finding about a channel says, with the slow group
// and those that wait for it at a site.
func (e *evidence) bottleneck(c *candidate, class *result.SiteClass, slow int, victims []int, site *result.Site) {
	c.Groups, c.Victims = []int{slow}, victims
	c.At = worst(site.Worst)
	c.Stacks = stack("blocked", site.Frames)
	for _, w := range site.Wakers {
		if w.Group == slow {
			c.Stacks = append(c.Stacks, stack("waker", w.Frames)...)
			c.Culprit = where(w.Frames)
			break
		}
	}
	if at := culprit(e.causes(class, victims...)); at != nil {
		c.Culprit = place(*at.Frame)
	}
	if g := e.group(slow); c.Culprit == "" && g != nil {
		c.Culprit = g.Name
	}
	g := &e.Groups[slow]
	c.Evidence = map[string]float64{
		"send_waits": float64(class.SendWaits), "receive_waits": float64(class.ReceiveWaits), "blocked_senders_ns": float64(class.SendNs), "blocked_receivers_ns": float64(class.ReceiveNs),
		"idle_processors_ns": float64(c.LostNs), "bottleneck_running_share": share(g.Time.RunningNs, e.length()), "bottleneck_goroutines": float64(g.Count),
	}
}
