package detect

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

var channelPingPong = Detector{
	Name:  "channel-ping-pong",
	Title: "Goroutines hand over to each other in turns",
	Doc: "Two goroutines wake each other by turns, a thousand times a second or more, run for less than 50 µs each time and hardly ever at once: " +
		"much of the time goes into the handing over, from the one's wake-up to the other's running.",
	remedy: "Hand over several items at a time, give the channel a buffer, or let one goroutine do both parts.",
	caveat: "A protocol of questions and answers looks like this; it is cheap while there is nothing else to do.",
	Scale:  Scale{"share of the time that goes into the handing over", Share, 0.1, 0.4},
	Bounds: []Threshold{leastHandOverRate, mostOverlap, busyPingPong},
	find:   findPingPong,
}

var (
	leastHandOverRate = Threshold{"least-rate", 1000, Number, "hand-overs a second"}
	busyPingPong      = Threshold{"busy", 0.8, Share, "share of the processors that run goroutines, from which on it is low"}
	mostOverlap       = Threshold{"most-overlap", 0.05, Share, "share of their time in which both run"}
)

func findPingPong(e *evidence) []candidate {
	var out []candidate
	for _, groups := range e.pairs() {
		var p result.PingPong
		var lists [][]result.Moment
		for _, x := range e.Patterns.PingPongs {
			if slices.Equal(sorted(x.Groups), groups) && !meant(e.Sites[x.Sites[0]].Rule) && !meant(e.Sites[x.Sites[1]].Rule) {
				if p.HandOvers < x.HandOvers {
					p.Sites, p.Groups = x.Sites, x.Groups
				}
				p.HandOvers += x.HandOvers
				p.Ns += x.Ns
				p.RunningNs += x.RunningNs
				p.OverlapNs += x.OverlapNs
				lists = append(lists, x.At)
			}
		}
		if p.Ns <= 0 || float64(p.HandOvers)*1e9/float64(p.Ns) < e.limit(leastHandOverRate) || share(p.OverlapNs, p.Ns) > e.limit(mostOverlap) {
			continue
		}
		p.At = worst(lists...)
		out = append(out, e.pingPong(&p))
	}
	return out
}

// pairs are the groups that hand over to each other, sorted, each pair once.
func (e *evidence) pairs() [][]int {
	var out [][]int
	for _, p := range e.Patterns.PingPongs {
		pair := sorted(p.Groups)
		if !slices.ContainsFunc(out, func(have []int) bool { return slices.Equal(have, pair) }) {
			out = append(out, pair)
		}
	}
	return out
}

func sorted(list []int) []int { return slices.Sorted(slices.Values(list)) }

func (e *evidence) pingPong(p *result.PingPong) candidate {
	var c candidate
	lost := p.Ns - p.RunningNs
	c.LostNs, c.LostOf = lost, "wall"
	c.value = share(lost, max(e.length(), p.Ns)) // several pairs may be at it at once
	if e.Concurrency.Efficiency > e.limit(busyPingPong) {
		c.atMost = "low" // they wait for processors that others have
	}
	site := &e.Sites[p.Sites[0]]
	one, other := e.who(p.Groups[0], site.Frames), e.who(p.Groups[1], e.Sites[p.Sites[1]].Frames)
	both := one + " and " + other
	if one == other {
		both = "Goroutines of " + one
	}
	c.Sentence = fmt.Sprintf("%s handed over to each other %s in turns, %s a second; one of them ran for %s on average, and %s, %s of their time, went into the handing over.",
		both, counted(p.HandOvers, "time", "times"), grouped(int64(float64(p.HandOvers)*1e9/float64(p.Ns))), duration(p.RunningNs/max(1, p.HandOvers)), duration(lost), percent(share(lost, p.Ns)))
	c.Culprit = where(site.Frames)
	c.Groups, c.Victims = p.Groups, p.Groups
	c.At = p.At
	c.classes = e.classesAt(site, &e.Sites[p.Sites[1]])
	c.Stacks = stack("blocked", site.Frames)
	c.Stacks = append(c.Stacks, stack("blocked", e.Sites[p.Sites[1]].Frames)...)
	c.Evidence = map[string]float64{
		"hand_overs": float64(p.HandOvers), "in_turns_ns": float64(p.Ns), "running_ns": float64(p.RunningNs), "overlap_ns": float64(p.OverlapNs),
	}
	c.meanwhile = true
	c.clause = both + " handed over to each other in turns"
	return c
}
