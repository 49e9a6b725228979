package detect

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

// What slow-consumer and slow-producer share: a channel of which one side waits
// nearly always and the other never, while processors idle (methods.md A.7).

// leastHandOffs is how many waits at a channel say something, and how many there
// must be for each goroutine that waits: a gate that opens once is no queue.
const (
	leastHandOffs  = 5
	handOffsEach   = 3
	oneSided       = 0.8 // of the blocked time on one side
	leastBlocked   = 0.1 // of the scope's length on that side
	channelLow     = 0.1
	channelHigh    = 0.3
	mostlyComputes = 0.5
)

// channels are the classes of channels with enough waits of goroutines of
// distinct groups.
func (e *evidence) channels() []*result.SiteClass {
	var out []*result.SiteClass
	for i := range e.SiteClasses {
		c := &e.SiteClasses[i]
		if c.Kind != "channel" || len(c.Senders) == 0 || len(c.Receivers) == 0 || e.procs() < 1.5 {
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
	return waits >= leastHandOffs && waits >= handOffsEach*members
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
	io := share(t.BlockedIONs, engaged)
	timer := share(t.TimerNs, engaged)
	switch {
	case running >= mostlyComputes:
		return fmt.Sprintf("computed for %s of its time", percent(running))
	case io >= running && io >= timer:
		return fmt.Sprintf("waited for input or output for %s of its time", percent(io))
	case timer > running:
		return fmt.Sprintf("waited for timers for %s of its time", percent(timer))
	}
	return fmt.Sprintf("ran for %s of its time and waited for other goroutines for %s", percent(running), percent(share(t.BlockedSyncNs, engaged)))
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
