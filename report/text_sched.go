package report

import (
	"math"
	"slices"
	"strconv"

	"github.com/conctrace/conctrace/analyze/result"
)

// drawProcessors shows how much ran at once, and how ready work was served.
func drawProcessors(p *page, r *result.Result) {
	facts := []struct {
		label string
		text  line
	}{
		{"Running at once", p.runningAtOnce(r)},
		{"On average", p.averages(r)},
		{"Ps spent", p.processorTime(r.Scheduler.PTimeNs)},
		{"Waiting for a P", p.schedulingLatency(r)},
		{"  by origin", p.latencyByOrigin(r.Scheduler.LatencyByOrigin)},
	}
	headed := false
	for _, f := range facts {
		if len(f.text) == 0 {
			continue
		}
		if !headed {
			p.heading("PROCESSORS", "P: what the scheduler runs goroutines on; there are GOMAXPROCS of them")
			headed = true
		}
		p.fact("  "+f.label, f.text)
	}
}

// bucket is a range of numbers of goroutines that ran at once.
type bucket struct {
	from, to int
	ns       int64
}

// buckets groups a histogram as 0, 1, 2, 3, 4–7, 8–15, …; the last ends where
// the histogram or the processors end.
func buckets(histogram []int64, processors int) []bucket {
	var all []bucket
	for from := 0; from < len(histogram); {
		to := from
		if from >= 4 {
			to = 2*from - 1
		}
		b := bucket{from: from, to: to}
		for k := from; k <= to && k < len(histogram); k++ {
			b.ns += histogram[k]
		}
		b.to = max(from, min(to, max(processors, len(histogram)-1)))
		all = append(all, b)
		from = to + 1
	}
	return all
}

func (b bucket) String() string {
	if b.from == b.to {
		return strconv.Itoa(b.from)
	}
	return strconv.Itoa(b.from) + "–" + strconv.Itoa(b.to)
}

// runningAtOnce is the histogram as one line of small bars.
func (p *page) runningAtOnce(r *result.Result) line {
	var total int64
	for _, ns := range r.Concurrency.RunningHistogramNs {
		total += ns
	}
	if total <= 0 {
		return nil
	}
	processors := mostProcessors(r)
	all := buckets(r.Concurrency.RunningHistogramNs, processors)
	all = slices.DeleteFunc(all, func(b bucket) bool { return b.ns <= 0 })
	// The bars, which sum to 100 %, get what the numbers leave of one line.
	length := p.Width - factIndent
	for _, b := range all {
		length -= text(plain, b.label(processors)+percent(b.ns, total)).width() + 4
	}
	length = max(length, (p.Width-factIndent)/4)
	var items []line
	for _, b := range all {
		class := "running"
		if b.from == 0 {
			class = "timer"
		}
		bar := lookOf(class).bar(p, float64(b.ns)/float64(total), length)
		items = append(items, line{{b.label(processors) + " ", strong}, bar, {" " + percent(b.ns, total), plain}})
	}
	return spaced(items)
}

// label is the bucket's range, with a word for all the processors.
func (b bucket) label(processors int) string {
	if b.from == processors && b.to == processors && processors > 1 {
		return "all " + b.String()
	}
	return b.String()
}

// spaced sets items apart without dots.
func spaced(items []line) line {
	var l line
	for i, item := range joinedEach(items) {
		if i > 0 {
			l = append(l, span{nbsp + " ", plain})
		}
		l = append(l, item...)
	}
	return l
}

// joinedEach makes every item unbreakable.
func joinedEach(items []line) []line {
	all := make([]line, len(items))
	for i, item := range items {
		all[i] = joined(item)
	}
	return all
}

func (p *page) averages(r *result.Result) line {
	c := r.Concurrency
	if c.AverageEngaged <= 0 && c.AverageRunning <= 0 {
		return nil
	}
	running := average(c.AverageRunning) + " running"
	if length := r.Scope.DurationNs(); length > 0 && r.Scheduler.PTimeNs.Sum() > 0 {
		procs := float64(r.Scheduler.PTimeNs.Sum()) / float64(length) // GOMAXPROCS may have changed
		if whole := math.Round(procs); math.Abs(procs-whole) < 0.005 {
			running += " on " + counted(int64(whole), "P", "Ps")
		} else {
			running += " on " + average(procs) + " Ps"
		}
	}
	items := []line{text(plain, running)}
	if c.AverageParallelism > 0 {
		items = append(items, text(plain, average(c.AverageParallelism)+" while any ran"))
	}
	return joined(append(items, text(plain, average(c.AverageEngaged)+" goroutines in progress"))...)
}

// processorTime is the processors' time by what they did.
func (p *page) processorTime(t result.PTime) line {
	sum := t.Sum()
	if sum <= 0 {
		return nil
	}
	var items []line
	for _, part := range []struct {
		label string
		ns    int64
	}{
		{"running goroutines", t.User}, {"runtime and GC", t.GC}, {"in system calls", t.Syscall},
		{"looking for work", t.Spinning}, {"world stopped", t.STW}, {"idle", t.Idle}, {"unknown", t.Unknown},
	} {
		if part.ns > 0 {
			items = append(items, line{{part.label + " ", plain}, {percent(part.ns, sum), strong}})
		}
	}
	return joined(items...)
}

// schedulingLatency is the time from runnable to running.
func (p *page) schedulingLatency(r *result.Result) line {
	s := r.Scheduler
	if s.Latency.Count <= 0 {
		return nil
	}
	items := []line{
		text(plain, counted(s.Latency.Count, "time", "times")),
		text(plain, "median "+duration(s.Latency.P50Ns)),
		text(plain, "p99 "+duration(s.Latency.P99Ns)),
		text(plain, "max "+duration(s.Latency.MaxNs)),
	}
	if whole := r.Scope.DurationNs(); whole > 0 {
		items = append(items, text(plain, percent(s.RunnableSomeNs, whole)+" of the time someone waited, "+
			percent(s.RunnableFullNs, whole)+" while nobody ran"))
	}
	return joined(items...)
}

// originLabels is how the origins of runnable goroutines read.
var originLabels = []struct{ origin, label string }{
	{"woken", "woken"}, {"new", "new"}, {"preempted", "preempted"}, {"yielded", "yielded, not counted above,"}, {"syscall-return", "back from a system call"},
}

func (p *page) latencyByOrigin(l result.Latencies) line {
	var items []line
	for _, o := range originLabels {
		if d := l[o.origin]; d.Count > 0 {
			items = append(items, text(plain, o.label+" "+count(d.Count)+" (p99 "+duration(d.P99Ns)+")"))
		}
	}
	return joined(items...)
}
