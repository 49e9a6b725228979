package detect

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

var syscallsHoldProcessors = Detector{
	Name:  "syscalls-hold-processors",
	Title: "System calls hold processors",
	Doc: "Goroutines in system calls keep their processors while others are ready and none is free: at least 2 % of all processor time, or 5 ms in one call. " +
		"Calls that do so for less than 100 µs do not count.",
	remedy: "Use calls that the poller can wait for (sockets, pipes opened by package os), or move those that block into a few goroutines of their own.",
	caveat: "A call may be computing in the operating system, as when it copies a file, or its thread may have waited for a core among other processes: a trace does not tell.",
	find:   findSyscallHolds,
}

// longHold is a harm in one call that is reported by itself, ns.
const longHold = 5_000_000

func findSyscallHolds(e *evidence) []candidate {
	s := &e.Scheduler
	if len(s.SyscallHolds) == 0 {
		return nil
	}
	h := &s.SyscallHolds[0]
	c := candidate{value: e.ofCapacity(s.HeldHarmNs), low: 0.02, high: 0.1}
	if h.HarmNs >= longHold {
		c.value = max(c.value, c.low)
	}
	c.LostNs, c.LostOf = s.HeldHarmNs, "processors"
	c.Culprit = where(h.Frames)
	if c.Culprit == "" {
		c.Culprit = e.Groups[h.Group].Name
	}
	c.Sentence = fmt.Sprintf("System calls held processors for %s while goroutines were ready and none was free, %s of all processor time. The worst, in %s, held one for %s.",
		duration(s.HeldHarmNs), percent(c.value), inner(h.Frames), duration(h.HarmNs))
	for _, l := range s.SyscallHolds {
		if !slices.Contains(c.Groups, l.Group) {
			c.Groups = append(c.Groups, l.Group)
		}
		if len(c.At) < 3 {
			c.At = append(c.At, result.Moment{FromNs: l.AtNs, ToNs: l.AtNs + l.DurationNs, Goroutine: l.Goroutine})
		}
	}
	c.Victims = e.top(3, func(g *result.Group) int64 {
		if g.ID == h.Group {
			return 0
		}
		return g.Time.RunnableNs
	})
	c.Stacks = stack("blocked", h.Frames)
	c.Evidence = map[string]float64{"held_harm_ns": float64(s.HeldHarmNs), "worst_ns": float64(h.HarmNs)}
	c.clause = fmt.Sprintf("system calls in %s held the processors that others needed", inner(h.Frames))
	return []candidate{c}
}
