package collect

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// concurrency follows how many user goroutines run and are ready at each
// instant.
//
// What happened at the trace's start becomes known late: a goroutine that is
// older than the trace is first mentioned when something happens to it, and
// what it is, when a stack tells. The first hundred thousand steps are therefore
// held back and swept when they are complete, which covers the whole of many
// traces and the beginning of every one.
type concurrency struct {
	lives []sweepLife     // by slot
	early []step          // of goroutines older than the trace, at its start
	held  []step          // what followed, in the order of time
	who   []sweepIdentity // of the held steps' goroutines
	late  bool            // the held steps are swept; steps are swept as they come

	at    int64
	in    [8]int     // goroutines by state
	spent []runState // by how many run
	gapNs int64      // of which nothing is known
}

const maxHeld = 1 << 17

// sweepLife is what is known of the goroutine in a slot.
type sweepLife struct {
	who   int32 // in held steps
	state event.GoState
	is    sweepIdentity
}

type sweepIdentity uint8

const (
	identityUnknown sweepIdentity = iota // counts as user
	identityUser
	identityOther // system, or not asked for
)

// step is a change of state of a goroutine.
type step struct {
	at       int64
	who      int32
	from, to event.GoState
}

// runState is the time with so many goroutines running.
type runState struct {
	ns [2]int64 // 1: with others ready
}

func newConcurrency() *concurrency { return &concurrency{spent: make([]runState, 1, 64)} }

// interval follows a change of state.
func (c *concurrency) interval(r *timeline.Record) {
	if r.State != r.Next {
		c.change(&c.lives[r.Slot], r.End, r.Next, false)
	}
}

func (c *concurrency) born(r *timeline.Record) {
	for int(r.Slot) >= len(c.lives) {
		c.lives = append(c.lives, sweepLife{})
	}
	l := &c.lives[r.Slot]
	*l = sweepLife{who: int32(len(c.who))}
	if !c.late {
		c.who = append(c.who, identityUnknown)
	}
	if r.Group != timeline.NoGroup || r.Has(timeline.FlagDeselected) {
		c.identified(r)
	}
	c.change(l, r.Start, r.Next, r.Flags&(timeline.FlagCensoredStart|timeline.FlagGap) == timeline.FlagCensoredStart)
}

func (c *concurrency) identified(r *timeline.Record) {
	l := &c.lives[r.Slot]
	is := identityUser
	if r.Flags&(timeline.FlagSystem|timeline.FlagDeselected) != 0 {
		is = identityOther
	}
	if !c.late {
		c.who[l.who] = is
	} else if l.is == identityUnknown && is == identityOther {
		c.in[l.state&7]--
	}
	l.is = is
}

// change moves a goroutine to its next state, or into the one that it has been
// in since before the trace.
func (c *concurrency) change(l *sweepLife, at int64, next event.GoState, censored bool) {
	from := l.state
	l.state = next
	if c.late {
		c.sweep(at, l.is, from, next)
		return
	}
	s := step{at: at, who: l.who, from: from, to: next}
	if censored {
		c.early = append(c.early, s)
		return
	}
	c.held = append(c.held, s)
	if len(c.held) >= maxHeld {
		c.release()
	}
}

// release sweeps the held steps in the order of time.
func (c *concurrency) release() {
	for _, steps := range [][]step{c.early, c.held} {
		for _, s := range steps {
			c.sweep(s.at, c.who[s.who], s.from, s.to)
		}
	}
	c.early, c.held, c.who, c.late = nil, nil, nil, true
}

// sweep takes the next step.
func (c *concurrency) sweep(at int64, who sweepIdentity, from, to event.GoState) {
	c.advance(at)
	if who != identityOther {
		c.in[from&7]--
		c.in[to&7]++
	}
}

// advance books the time until the next step.
func (c *concurrency) advance(to int64) {
	ns := to - c.at
	if ns <= 0 {
		return
	}
	c.at = to
	running := max(0, c.in[event.GoRunning])
	for running >= len(c.spent) {
		c.spent = append(c.spent, runState{})
	}
	ready := max(0, min(c.in[event.GoRunnable], 1))
	c.spent[running].ns[ready] += ns
}

// gap leaves a stretch out of which nothing is known. Nobody is seen to run in
// it.
func (c *concurrency) gap(r *timeline.Record) { c.gapNs += r.Ns() }

// Finish writes the histogram and the averages.
func (c *concurrency) Finish(end End, r *result.Result) {
	if !c.late {
		c.release()
	}
	c.advance(end.To)
	histogram := make([]int64, len(c.spent))
	for k := range c.spent {
		r.Scheduler.RunnableSomeNs += c.spent[k].ns[1]
		histogram[k] = c.spent[k].ns[0] + c.spent[k].ns[1]
	}
	r.Scheduler.RunnableFullNs = c.spent[0].ns[1]
	histogram[0] -= end.From + c.gapNs // steps before the window stand at its start
	var run, any int64
	for k, ns := range histogram {
		run += int64(k) * ns
		if k > 0 {
			any += ns
		}
	}
	out := &r.Concurrency
	out.RunningHistogramNs = histogram
	if length := end.To - end.From - c.gapNs; length > 0 {
		out.AverageRunning = float64(run) / float64(length)
		// A parent that waits for its children is represented by them.
		join := r.Time.Kinds[waitkind.WaitGroup.Label()] - r.Time.AtRestKinds[waitkind.WaitGroup.Label()]
		out.AverageEngaged = float64(r.Time.LifetimeNs-r.Time.AtRestNs-join) / float64(end.To-end.From)
	}
	if any > 0 {
		out.AverageParallelism = float64(run) / float64(any)
	}
}
