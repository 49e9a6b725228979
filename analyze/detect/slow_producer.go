package detect

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

var slowProducer = Detector{
	Name:  "slow-producer",
	Title: "Receivers wait for a slow producer",
	Doc: "Goroutines that receive from a channel are blocked, not at rest, and those that send to it are not, for at least a tenth of the time, while processors idle: " +
		"the sending side is the bottleneck.",
	remedy: "Make the producer faster or start more of them; let it prepare items ahead of time.",
	caveat: "Receivers that only wait for work to come are idle and not held up; conctrace leaves out those that it recognises. If the producer waits for something outside the program, that is the bottleneck.",
	Scale:  Scale{"share of all processor time that idles for the producer", Share, 0.1, 0.3},
	Bounds: []Threshold{leastHandOffs, handOffsEach, oneSided, leastBlocked, hardlyRuns, alwaysRuns, mostHeldUp},
	find:   findSlowProducer,
}

// findSlowProducer leaves a stage out that is itself held up: where it also waits
// to receive, what it waits for is the bottleneck; where it waits to send, it is
// faster than what is behind it.
func findSlowProducer(e *evidence) []candidate {
	var out []candidate
	for _, class := range e.channels() {
		if class.ReceiveNs == 0 || share(class.ReceiveNs, class.SendNs+class.ReceiveNs) < e.limit(oneSided) || e.ofLength(class.ReceiveNs) < e.limit(leastBlocked) || !e.repeated(class.ReceiveWaits, class.Receivers) {
			continue
		}
		slow := class.Senders[0]
		site := e.waiting(class, class.Receivers)
		g := e.group(slow)
		if g == nil || g.System || site == nil || site.JoinNs*2 > site.TotalNs || fromOutside(site)*2 > site.TotalNs {
			continue
		}
		if share(g.Time.BlockedSyncNs, g.Time.LifetimeNs-g.Time.AtRestNs) > e.limit(mostHeldUp) {
			continue // what it waits for is the bottleneck
		}
		if e.answers(slow, class.Receivers) {
			continue // who asks waits for the answer: nothing is late
		}
		c := candidate{}
		c.LostNs, c.LostOf = class.ReceiveIdleNs, "processors"
		c.value = e.ofCapacity(c.LostNs)
		if share(g.Time.RunningNs, g.Time.LifetimeNs-g.Time.AtRestNs) < mostlyComputes {
			c.atMost = "low" // it is held up itself, by what the sentence says
		}
		computes := share(g.Time.RunningNs, g.Time.LifetimeNs-g.Time.AtRestNs) >= e.limit(alwaysRuns)
		if r := e.group(class.Receivers[0]); r != nil && !computes && share(r.Time.RunningNs, r.Time.LifetimeNs-r.Time.AtRestNs) < e.limit(hardlyRuns) {
			c.atMost = "low" // a pool that has little to do, rather
		}
		e.bottleneck(&c, class, slow, class.Receivers, site)
		receiver := e.who(class.Receivers[0], site.Frames)
		c.Sentence = fmt.Sprintf("%s waited %s to receive, %s in all, for %s to send, which %s; %s of the processor time idled for it.",
			receiver, counted(class.ReceiveWaits, "time", "times"), duration(class.ReceiveNs), e.groupName(slow), e.works(slow), percent(c.value))
		c.meanwhile = true
		c.classes = []*result.SiteClass{class}
		c.clause = fmt.Sprintf("%s waited for %s to send", receiver, e.groupName(slow))
		out = append(out, c)
	}
	return out
}

// fromOutside is the time of waits at a site for goroutines that were themselves
// held up from outside: whoever sends then only passes on what it gets.
func fromOutside(s *result.Site) (ns int64) {
	for _, w := range s.Wakers {
		for _, via := range w.ViaNs {
			ns += via
		}
	}
	return ns
}

var (
	// Below it goroutines wait for work rather than are kept from it, unless who makes
	// it does nothing else.
	hardlyRuns = Threshold{"hardly-runs", 0.2, Share, "share of their time for which receivers run, below which it is low"}
	mostHeldUp = Threshold{"most-held-up", 0.5, Share, "share of its time for which the producer waits for goroutines itself"}
	alwaysRuns = Threshold{"always-runs", 0.9, Share, "share of its time for which the producer runs, from which on it is not low for that"}
)

// answers says whether a group sends to those that it receives from: a call and not
// a stream.
func (e *evidence) answers(group int, receivers []int) bool {
	for _, class := range e.channels() {
		if slices.Contains(class.Receivers, group) && slices.ContainsFunc(class.Senders, func(g int) bool { return slices.Contains(receivers, g) }) {
			return true
		}
	}
	return false
}
