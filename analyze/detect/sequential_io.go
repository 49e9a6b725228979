package detect

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

var sequentialIO = Detector{
	Name:  "sequential-io",
	Title: "Input and output one after the other",
	Doc: "One goroutine asks for something outside the program and waits for the answer, again and again, while nothing else is in progress: " +
		"at least three times in a row, and without the longest of these waits for at least 30 % of the time.",
	whole:  true,
	remedy: "If the answers do not depend on each other, ask for all of them at once: a goroutine for each and a WaitGroup or errgroup, or one request for several.",
	caveat: "Whether a request needs the answer to the one before cannot be seen in a trace. A consumer that confirms each message looks the same.",
	Scale:  Scale{"share of the time that asking at once could save", Share, 0.3, 0.6},
	Bounds: []Threshold{leastInARow},
	find:   findSequentialIO,
}

var leastInARow = Threshold{"least-in-a-row", 3, Number, "answers in a row"}

func findSequentialIO(e *evidence) []candidate {
	var best *result.SequentialIO
	for i := range e.Concurrency.SequentialIO {
		s := &e.Concurrency.SequentialIO[i]
		if s.MostInARow >= e.limitNs(leastInARow) && (best == nil || s.TotalNs-s.LongestNs > best.TotalNs-best.LongestNs) {
			best = s
		}
	}
	if best == nil || e.ofLength(best.TotalNs) < 0.5 && e.ofEngaged(best.TotalNs) < 0.5 {
		return nil
	}
	saving := best.TotalNs - best.LongestNs
	c := candidate{value: e.ofLength(saving), atMost: "medium"} // a question, not a verdict
	if best.ViaWaits*2 < best.Waits {
		c.atMost = "low" // who reads for itself may wait for what is to come
	}
	c.LostNs, c.LostOf = saving, "wall"
	c.Culprit = where(best.Frames)
	c.Groups = []int{best.Group}
	c.Sentence = fmt.Sprintf("%s waited for %s from outside, one after the other, %s in all, while nothing else was in progress. If they do not depend on each other, asking at once would take no longer than the longest, %s: up to %s less.",
		e.groupName(best.Group), counted(best.Waits, "answer", "answers"), duration(best.TotalNs), duration(best.LongestNs), duration(saving))
	if at := e.answered(best); at != nil && function(at.Frame.Func) != inner(best.Frames) {
		c.Sentence += fmt.Sprintf(" What it waited for mostly %s.", doing(at))
	}
	for _, m := range best.At {
		m.Goroutine = best.Goroutine
		c.At = append(c.At, m)
	}
	c.Stacks = stack("blocked", best.Frames)
	c.Evidence = map[string]float64{
		"waits": float64(best.Waits), "waits_in_a_row": float64(best.MostInARow), "wait_ns": float64(best.TotalNs), "longest_ns": float64(best.LongestNs), "goroutine": float64(best.Goroutine),
	}
	c.clause = fmt.Sprintf("%s asked for one thing after the other and waited for each answer", e.groupName(best.Group))
	return []candidate{c}
}

// answered is what mostly filled such waits, where they were for another goroutine
// that asked.
func (e *evidence) answered(s *result.SequentialIO) *result.Piece {
	for i := range e.Sites {
		if site := &e.Sites[i]; site.Class == "blocked-sync" && slices.Equal(site.Frames, s.Frames) {
			return culprit(site.Pieces)
		}
	}
	return nil
}

// ofEngaged is a share of the time in which anything was in progress.
func (e *evidence) ofEngaged(ns int64) float64 {
	return share(ns, e.Concurrency.PartitionNs.Engaged())
}
