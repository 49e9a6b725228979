package collect

import (
	"cmp"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/timeline"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// hiddenDelays are waits that a timer or the poller ended late, since both are
// served by the processors and none was free (methods.md 0.2.16). The wait for
// a processor that follows shows nothing of that.
//
// Timers are looked after by their P whenever it looks for the next goroutine:
// one cannot be later than the slice of the goroutine that ran there before. The
// poller is asked when a P has nothing else to do, or by the runtime's monitor
// every 10 ms: it cannot be later than the time since a P was idle.
type hiddenDelays struct {
	count int64
	upper int64
	waits []lateWait // those that may have been late, at most maxLateWaits
}

const (
	maxLateWaits = 10_000
	// leastLate is from when on a delay is noted, and servedWithin for how long
	// a P looks for the next goroutine at most, ns.
	leastLate    = 1_000_000
	servedWithin = 50_000
)

// lateWait is a wait that may have ended late.
type lateWait struct {
	at, ns, g int64
	group     *groupAccount
	cell      *cell
	upper     int64 // by which it may be late; -1 if only the sweep can tell
	ran       []groupNs
}

// candidate says whether a wait of leastLate and more that nobody ended may have
// ended late.
func (h *hiddenDelays) candidate(r *timeline.Record, c *cell, l *life, recent *recent) (lateWait, bool) {
	if r.Flags&(timeline.FlagCensoredStart|timeline.FlagCensoredEnd|timeline.FlagSystem|timeline.FlagDeselected) != 0 {
		return lateWait{}, false
	}
	w := lateWait{at: r.Start, ns: r.Ns(), g: r.G, group: l.account(), cell: c, upper: -1}
	before, known := recent.lastOn(r.P, r.End, servedWithin)
	switch {
	case r.P != event.NoP && !known:
		return lateWait{}, false // its P did nothing else
	case known:
		w.ran = []groupNs{{before.group, before.to - before.from}}
		if r.Kind != waitkind.Network {
			w.upper = min(w.ns, before.to-before.from)
		}
	}
	if w.upper >= 0 && w.upper < leastLate {
		return lateWait{}, false
	}
	switch r.Kind {
	case waitkind.Sleep, waitkind.TimerChannel, waitkind.Network:
		return w, true
	}
	return lateWait{}, false
}

// book takes in a candidate at the instant at which its wait ended.
func (h *hiddenDelays) book(now *instant, w *lateWait) {
	if now.idle() > 0 || now.stopped { // the P that ended the wait looks for work itself
		return
	}
	// Until the last instant at which a P was idle it would have been served.
	busy := min(w.ns, now.at-now.busyFrom)
	if w.upper < 0 || w.upper > busy {
		w.upper = busy
	}
	if w.upper < leastLate {
		return
	}
	h.count++
	h.upper += w.upper
	if len(h.waits) < maxLateWaits {
		h.waits = append(h.waits, *w)
	}
}

// lower is how late a wait was at least: a timer's, beyond the shortest wait at
// its place.
func (w *lateWait) lower() int64 {
	if c := w.cell.real(); c.shortest > 0 && w.cell.key.kind != waitkind.Network {
		return max(0, min(w.upper, w.ns-c.shortest))
	}
	return 0
}

func (h *hiddenDelays) result(tables *event.Tables, order []int) result.HiddenDelay {
	out := result.HiddenDelay{Count: h.count, UpperNs: h.upper}
	var top []lateWait
	for _, w := range h.waits {
		lower := w.lower()
		out.LowerNs += lower
		if lower >= leastLateTimer && lower >= w.ns-lower {
			out.LateTimers++
		}
		top = insertTop(top, w, func(x, y lateWait) int {
			return cmp.Or(cmp.Compare(y.lower(), x.lower()), cmp.Compare(y.upper, x.upper), cmp.Compare(x.at, y.at), cmp.Compare(x.g, y.g))
		})
	}
	for _, w := range top {
		out.Worst = append(out.Worst, result.LateWait{
			AtNs: w.at, DurationNs: w.ns, Goroutine: w.g, Group: order[w.group.real().entry], Kind: w.cell.key.kind.Label(),
			LowerNs: w.lower(), UpperNs: w.upper, Frames: frames(tables, w.cell.key.stack), Ran: ran(w.ran, order),
		})
	}
	return out
}

// leastLateTimer is from when on a timer counts as late, ns.
const leastLateTimer = 5_000_000

// sampled holds CPU samples against running time.
type sampled struct {
	n           int64
	first, last int64 // ∫ of all running, ns, at the first and last sample
}

func (s *sampled) add(now *instant) {
	all := now.sums.ran + now.sums.system
	if s.n == 0 {
		s.first = all
	}
	s.n++
	s.last = all
}

// samplePeriod is runtime/pprof's: 100 samples a second of processor time.
const samplePeriod = 10_000_000

// leastSamples is how many samples say something.
const leastSamples = 50

func (s *sampled) result() *result.OnCPU {
	if s.n < leastSamples || s.last <= s.first {
		return nil
	}
	out := result.OnCPU{Samples: s.n, PeriodNs: samplePeriod, RunningNs: s.last - s.first}
	// The first sample stands for the time before it.
	out.Ratio = float64((s.n-1)*samplePeriod) / float64(out.RunningNs)
	return &out
}
