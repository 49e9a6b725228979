package detect

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

var slowConsumer = Detector{
	Name:  "slow-consumer",
	Title: "Senders wait for a slow consumer",
	Doc: "Goroutines that send to a channel are blocked and those that receive from it are not, for at least a tenth of the time, while processors idle: " +
		"the receiving side is the bottleneck. In a pipeline, what the stage behind it waits counts too.",
	remedy: "Make the consumer faster or start more of them; take several items at a time. A larger buffer only smooths bursts.",
	caveat: "A channel may be meant to hold the senders back. If the consumer waits for something outside the program, that is the bottleneck.",
	Scale:  Scale{"share of all processor time that idles for the consumer", Share, 0.1, 0.3},
	Bounds: []Threshold{leastHandOffs, handOffsEach, oneSided, leastBlocked},
	find:   findSlowConsumer,
}

func findSlowConsumer(e *evidence) []candidate {
	var out []candidate
	for _, class := range e.channels() {
		if class.SendNs == 0 || share(class.SendNs, class.SendNs+class.ReceiveNs) < e.limit(oneSided) || e.ofLength(class.SendNs) < e.limit(leastBlocked) || !e.repeated(class.SendWaits, class.Senders) {
			continue
		}
		slow := class.Receivers[0]
		site := e.waiting(class, class.Senders)
		if e.group(slow) == nil || site == nil || e.heldUp(slow) {
			continue // what it waits for is the bottleneck
		}
		c := candidate{}
		var behind int64
		for _, out := range e.behind(slow, class) {
			behind += out.ReceiveIdleNs
			c.also = append(c.also, out)
		}
		c.LostNs, c.LostOf = class.SendIdleNs+behind+e.before(class), "processors"
		c.value = e.ofCapacity(c.LostNs)
		e.bottleneck(&c, class, slow, class.Senders, site)
		sender := e.who(class.Senders[0], site.Frames)
		c.Sentence = fmt.Sprintf("%s waited %s to send, %s in all, for %s to receive, which %s; %s of the processor time idled for it.",
			sender, counted(class.SendWaits, "time", "times"), duration(class.SendNs), e.groupName(slow), e.works(slow), percent(c.value))
		if behind > 0 {
			c.Sentence += " The stage behind it waited for it as well."
		}
		c.meanwhile = true
		c.classes = []*result.SiteClass{class}
		c.clause = fmt.Sprintf("%s waited for %s to receive", sender, e.groupName(slow))
		out = append(out, c)
	}
	return out
}

// behind are the channels to which a stage sends that receives from another.
func (e *evidence) behind(stage int, in *result.SiteClass) (out []*result.SiteClass) {
	for _, class := range e.channels() {
		if class != in && class.Senders[0] == stage {
			out = append(out, class)
		}
	}
	return out
}

// heldUp says whether a group waits for most of its time to send to another
// itself.
func (e *evidence) heldUp(group int) bool {
	for _, class := range e.channels() {
		if class.Senders[0] == group && e.group(group) != nil && class.SendNs*2 > e.Groups[group].Time.LifetimeNs-e.Groups[group].Time.AtRestNs {
			return true
		}
	}
	return false
}

// longestChain bounds the channels that are followed upstream.
const longestChain = 16

// before is the processor time that idled while others waited to send to the
// senders of a class, which are held up themselves, and so on upstream.
func (e *evidence) before(class *result.SiteClass) (ns int64) {
	chain := []*result.SiteClass{class}
	for i := 0; i < len(chain) && len(chain) < longestChain; i++ {
		stage := chain[i].Senders[0]
		if !e.heldUp(stage) {
			continue
		}
		for _, up := range e.channels() {
			if up.Receivers[0] == stage && !slices.Contains(chain, up) && len(chain) < longestChain {
				chain = append(chain, up)
				ns += up.SendIdleNs
			}
		}
	}
	return ns
}
