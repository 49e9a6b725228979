package collect

import (
	"cmp"
	"math"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
)

// looped is the waits at a place between which a goroutine did next to nothing and came
// back to the same: of a sleep, a poll.
type looped struct {
	rounds int64
	ran    int64   // between them, ns
	slept  int64   // ns
	square float64 // Σ slept²
}

// quietRun is how long a goroutine runs at most between two looks, ns (methods.md
// F26).
const quietRun = 100_000

// sleepsAgain takes the end of a sleep, before which the goroutine had slept at the
// same place and did nothing since that shows: no system call, no wake-up, no other
// wait. How long one would have been that the scope's end cuts off is not known.
func (c *cell) sleepsAgain(l *life, r *timeline.Record) {
	if l.busy >= quietRun || l.gave || l.called || r.Flags&notWithin != 0 {
		return
	}
	loop := &c.ofTimers().loop
	loop.rounds++
	loop.ran += l.busy
	loop.slept += r.Ns()
	loop.square += float64(r.Ns()) * float64(r.Ns())
}

// timed is what is known of waits at a place because timers end them.
type timed struct {
	loop looped
	aim  *aim // the volley that they may be about to end
}

func (c *cell) ofTimers() *timed {
	if c.timed == nil {
		c.timed = new(timed)
	}
	return c.timed
}

func (c *looped) merge(o *looped) {
	c.rounds += o.rounds
	c.ran += o.ran
	c.slept += o.slept
	c.square += o.square
}

// sleepLoops are the places at which goroutines slept again and again, most rounds
// first.
func (a *accounting) sleepLoops(end *End, at siteIndex) []result.SleepLoop {
	out := []result.SleepLoop{}
	for n, g := range a.groups {
		if g == nil || end.Groups[n].System {
			continue
		}
		for _, c := range g.cells {
			if c.timed == nil || c.timed.loop.rounds < 2 || c.rest != "" || at.of(c) < 0 {
				continue
			}
			mean := float64(c.timed.loop.slept) / float64(c.timed.loop.rounds)
			out = append(out, result.SleepLoop{
				Site: at.of(c), Group: end.order[n], Rounds: c.timed.loop.rounds, SleptNs: c.timed.loop.slept, RunningNs: c.timed.loop.ran,
				Spread: spread(c.timed.loop.rounds, mean, c.timed.loop.square),
			})
		}
	}
	return ranked(out, func(r result.SleepLoop) int64 { return r.Rounds }, func(x, y result.SleepLoop) int {
		return cmp.Or(cmp.Compare(x.Site, y.Site), cmp.Compare(x.Group, y.Group))
	})
}

// spread is the coefficient of variation of n values with a mean and a sum of squares.
func spread(n int64, mean, square float64) float64 {
	if n == 0 || mean <= 0 {
		return 0
	}
	return math.Sqrt(max(0, square/float64(n)-mean*mean)) / mean
}

// yieldSums are the calls of runtime.Gosched by the program, by group and place.
type yieldSums struct {
	bounded[yieldKey, yieldSum]
	last *yieldSum
}

type yieldKey struct {
	group *groupAccount
	stack event.StackID
}

type yieldSum struct {
	yieldKey
	sum result.YieldLoop
}

// yields follows that a goroutine gave its processor up, on a stack of which the
// runtime itself is no reason.
func (s *yieldSums) yields(l *life, r *timeline.Record) {
	key := yieldKey{l.account(), r.Stack}
	sum := s.last
	if sum == nil || sum.yieldKey != key {
		if sum = s.find(key, func() yieldSum { return yieldSum{yieldKey: key} }); sum == nil {
			return
		}
		s.last = sum
	}
	sum.sum.Count++
	sum.sum.RunningNs += r.Ns()
}

// result is the places with most running time first.
func (s *yieldSums) result(end *End) []result.YieldLoop {
	merged := map[yieldKey]*result.YieldLoop{}
	var order []yieldKey
	for _, sum := range s.list {
		key := yieldKey{sum.group.real(), sum.stack}
		out := merged[key]
		if out == nil {
			out = &result.YieldLoop{Group: end.order[key.group.entry], Frames: frames(end.Tables, key.stack)}
			merged[key] = out
			order = append(order, key)
		}
		out.Count += sum.sum.Count
		out.RunningNs += sum.sum.RunningNs
	}
	out := make([]result.YieldLoop, 0, len(order))
	for _, key := range order {
		out = append(out, *merged[key])
	}
	return ranked(out, func(r result.YieldLoop) int64 { return r.RunningNs }, func(x, y result.YieldLoop) int {
		return cmp.Or(cmp.Compare(y.Count, x.Count), cmp.Compare(x.Group, y.Group))
	})
}
