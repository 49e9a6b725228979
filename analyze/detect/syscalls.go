package detect

import (
	"fmt"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
)

var syscallsHoldProcessors = Detector{
	Name:  "syscalls-hold-processors",
	Title: "System calls hold processors",
	Doc: "Goroutines in system calls keep their processors while others are ready and none is free: at least 2 % of all processor time, or 5 ms in one call. " +
		"Calls that do so for less than 100 µs do not count.",
	remedy: "Use calls that the poller can wait for (sockets, pipes opened by package os), or move those that block into a few goroutines of their own.",
	caveat: "A call may be computing in the operating system, as when it copies a file, or its thread may have waited for a core among other processes: a trace does not tell.",
	Scale:  Scale{"share of all processor time that is held while others need it", Share, 0.02, 0.1},
	Bounds: []Threshold{longHold},
	find:   findSyscallHolds,
}

var longHold = Threshold{"long-hold", 5e6, Duration, "time for which a single call keeps a processor from others that is reported by itself"}

func findSyscallHolds(e *evidence) []candidate {
	s := &e.Scheduler
	if len(s.SyscallHolds) == 0 || len(s.HeldAt) == 0 {
		return nil
	}
	h := &s.SyscallHolds[0]
	c := candidate{value: e.ofCapacity(s.HeldHarmNs)}
	if h.HarmNs >= e.limitNs(longHold) {
		c.value = max(c.value, e.low())
	}
	c.LostNs, c.LostOf = s.HeldHarmNs, "processors"
	most := &s.HeldAt[0]
	c.Culprit = where(most.Frames)
	if c.Culprit == "" {
		c.Culprit = e.entry(h.Group)
	}
	c.Sentence = fmt.Sprintf("System calls held processors for %s while goroutines were ready and none was free, %s of all processor time: most of it in %s (%s, %s). The longest, in %s, held one for %s.",
		duration(s.HeldHarmNs), percent(e.ofCapacity(s.HeldHarmNs)), inner(most.Frames), counted(most.Calls, "call", "calls"), duration(most.HarmNs), inner(h.Frames), duration(h.HarmNs))
	if syncs(most.Frames) {
		c.Remedy = "Sync to disk less often, several changes at once, or in one goroutine: neither the poller nor the scheduler can wait for it."
	}
	if odd := e.quickAsARule(s.SyscallHolds); odd != nil {
		c.atMost = "low"
		why := fmt.Sprintf("mostly take no longer than %s", duration(max(e.usual(odd.Frames), shortCall)))
		if neverBlocks(odd.Frames) {
			why = "do not block, as the poller waits for the socket"
		}
		c.Sentence += fmt.Sprintf(" Calls as in %s %s: rather than blocking, the threads seem to have waited for a core.", inner(odd.Frames), why)
		c.Remedy = "Look whether other processes, or the load generator, use the same cores; if the calls do block, move them into a few goroutines of their own."
	}
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
	c.Stacks = stack("blocked", most.Frames)
	c.Evidence = map[string]float64{"held_harm_ns": float64(s.HeldHarmNs), "worst_ns": float64(h.HarmNs)}
	c.clause = fmt.Sprintf("system calls in %s held the processors that others needed", inner(most.Frames))
	return []candidate{c}
}

const (
	// quickCall is the median of a call that does not block, ns; farAbove is how
	// many times as long one is that was held up by something else.
	quickCall = 1_000_000
	farAbove  = 10
)

// quickAsARule says whether most of what calls are listed for is due to calls that
// are quick as a rule, and returns the worst of them: those block for nothing, but
// their thread may have lost its core to another process, which a trace does not
// show.
func (e *evidence) quickAsARule(holds []result.SyscallHold) *result.SyscallHold {
	var all, odd int64
	var worst *result.SyscallHold
	for i := range holds {
		h := &holds[i]
		all += h.HarmNs
		if syncs(h.Frames) {
			continue // a disk is as slow as it is
		}
		if usual := e.usual(h.Frames); neverBlocks(h.Frames) || usual < quickCall && h.DurationNs > farAbove*usual {
			odd += h.HarmNs
			if worst == nil {
				worst = h
			}
		}
	}
	if odd*2 <= all {
		return nil
	}
	return worst
}

// syncs says whether a call waits for a disk to have written.
func syncs(frames []result.Frame) bool {
	return slices.ContainsFunc(frames, func(f result.Frame) bool {
		fn := strings.ToLower(f.Func[strings.LastIndexAny(f.Func, "./")+1:])
		return fn == "fsync" || fn == "fdatasync" || fn == "syncfilerange"
	})
}

// neverBlocks says whether a call is one on a socket: package net makes those only when
// they need not wait, and leaves the waiting to the poller.
func neverBlocks(frames []result.Frame) bool {
	return slices.ContainsFunc(frames, func(f result.Frame) bool { return strings.HasPrefix(f.Func, "net.(*netFD).") })
}

// shortCall is the length of which shorter calls are not counted by place, ns.
const shortCall = 20_000

// usual is the median of the calls on a stack that took 20 µs or more; shorter ones
// are not counted by place.
func (e *evidence) usual(frames []result.Frame) int64 {
	for i := range e.Sites {
		if s := &e.Sites[i]; s.Class == "blocked-io" && slices.Equal(s.Frames, frames) {
			return s.P50Ns
		}
	}
	return 0
}
