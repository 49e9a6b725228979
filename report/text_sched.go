package report

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// drawProcessors shows how much ran at once, and how ready work was served.
func drawProcessors(p *page, r *result.Result) {
	headed := false
	for _, f := range p.processorFacts(r) {
		if len(f.text) == 0 {
			continue
		}
		if !headed {
			p.heading("PROCESSORS", "P: what the scheduler runs goroutines on; there are GOMAXPROCS of them")
			headed = true
		}
		p.fact("  "+f.label, f.text)
	}
	drawReadyWaits(p, r)
}

// processorFact is something about the processors; without a text it is not to be said.
type processorFact struct {
	label string
	text  line
}

func (p *page) processorFacts(r *result.Result) []processorFact {
	return []processorFact{
		{"Running at once", p.runningAtOnce(r)},
		{"Ps in use", p.bands(r)},
		{"On average", p.averages(r)},
		{"Efficiency", p.efficiency(r.Concurrency)},
		{"One at a time", p.serialWork(r)},
		{"On a core", p.onCore(r.Concurrency.OnCPU)},
		{"Ps spent", p.processorTime(r.Scheduler.PTimeNs)},
		{"  idle while", p.idleBlocked(r.Scheduler)},
		{"Served late", p.hiddenDelay(r.Scheduler.HiddenDelay)},
		{"Waiting for a P", p.schedulingLatency(r)},
		{"  by origin", p.latencyByOrigin(r.Scheduler.LatencyByOrigin)},
		{"  because", p.readyCauses(r)},
		{"  who ran instead", p.antagonists(r)},
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

// filledBuckets are the buckets of a Result that have time, and the time of all.
func filledBuckets(r *result.Result) (all []bucket, total int64) {
	for _, ns := range r.Concurrency.RunningHistogramNs {
		total += ns
	}
	all = buckets(r.Concurrency.RunningHistogramNs, mostProcessors(r))
	return slices.DeleteFunc(all, func(b bucket) bool { return b.ns <= 0 }), total
}

// runningAtOnce is the histogram as one line of small bars.
func (p *page) runningAtOnce(r *result.Result) line {
	all, total := filledBuckets(r)
	if total <= 0 {
		return nil
	}
	processors := mostProcessors(r)
	// The bars, which sum to 100 %, get what the numbers leave of one line.
	length := p.Width - factIndent
	for _, b := range all {
		length -= text(plain, b.label(processors)+units.Percent(b.ns, total)).width() + 4
	}
	length = max(length, (p.Width-factIndent)/4)
	var items []line
	for _, b := range all {
		class := "running"
		if b.from == 0 {
			class = "timer"
		}
		bar := lookOf(class).bar(p, float64(b.ns)/float64(total), length)
		items = append(items, line{{b.label(processors) + " ", strong}, bar, {" " + units.Percent(b.ns, total), plain}})
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
			l = append(l, span{units.NBSP + " ", plain})
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
	running := units.Average(c.AverageRunning) + " running"
	if length := r.Scope.DurationNs(); length > 0 && r.Scheduler.PTimeNs.Sum() > 0 {
		procs := float64(r.Scheduler.PTimeNs.Sum()) / float64(length) // GOMAXPROCS may have changed
		if whole := math.Round(procs); math.Abs(procs-whole) < 0.005 {
			running += " on " + units.Counted(int64(whole), "P", "Ps")
		} else {
			running += " on " + units.Average(procs) + " Ps"
		}
	}
	items := []line{text(plain, running)}
	if c.AverageParallelism > 0 {
		items = append(items, text(plain, units.Average(c.AverageParallelism)+" while any ran"))
	}
	if c.AverageDemand > 0 {
		items = append(items, text(plain, units.Average(c.AverageDemand)+" running or ready"))
	}
	return joined(append(items, text(plain, units.Average(c.AverageEngaged)+" goroutines in progress"))...)
}

// part is some time with its name.
type part struct {
	label string
	ns    int64
}

// shares lists parts that are there with their shares of a whole.
func shares(whole int64, parts ...part) line {
	if whole <= 0 {
		return nil
	}
	var items []line
	for _, part := range parts {
		if part.ns > 0 {
			items = append(items, line{{part.label + " ", plain}, {units.Percent(part.ns, whole), strong}})
		}
	}
	return joined(items...)
}

// largestShares is shares with the largest first, without those below one per
// cent that follow.
func largestShares(whole int64, parts ...part) line {
	slices.SortStableFunc(parts, func(a, b part) int { return compareDesc(a.ns, b.ns) })
	for i, part := range parts {
		if i > 0 && part.ns < whole/100 {
			parts = parts[:i]
			break
		}
	}
	return shares(whole, parts...)
}

// bands is for how long how much of the processors ran goroutines. Where there
// are few of them, how many ran at once says the same.
func (p *page) bands(r *result.Result) line {
	if mostProcessors(r) < 4 {
		return nil
	}
	b := r.Concurrency.BandsNs
	return shares(b.Idle+b.Poor+b.OK+b.Ideal,
		part{"none", b.Idle}, part{"up to half", b.Poor}, part{"up to 85%", b.OK}, part{"more", b.Ideal})
}

// efficiency says why no more of the processors' time ran goroutines: for want
// of ready work, or because it was not run.
func (p *page) efficiency(c result.Concurrency) line {
	if c.Efficiency <= 0 {
		return nil
	}
	return line{
		{units.PercentOf(c.Efficiency), strong},
		{" of the Ps' time ran goroutines: there was work for " + units.PercentOf(c.EfficiencyDemand) + ", and " +
			units.PercentOf(c.EfficiencySupply) + " of that was run", plain},
	}
}

// serialWork is what Amdahl's law makes of the time with one goroutine running.
// It is no law for programs that mostly wait, such as servers.
func (p *page) serialWork(r *result.Result) line {
	c := r.Concurrency
	anyRan := c.PartitionNs.Serial + c.PartitionNs.Interleaved + c.PartitionNs.Parallel
	if c.AmdahlBound <= 0 || c.SerialWork <= 0 || anyRan < c.PartitionNs.Engaged()/2 {
		return nil
	}
	return line{
		{units.PercentOf(c.SerialWork), strong},
		{" of the work was done while only one goroutine ran; with that, at most " + units.Average(c.AmdahlBound) + " of " +
			units.Counted(int64(mostProcessors(r)), "P", "Ps") + " can be kept busy", plain},
	}
}

// onCore holds CPU samples against the running time.
func (p *page) onCore(c *result.OnCPU) line {
	if c == nil || c.Samples <= 0 {
		return nil
	}
	said := "about " + units.Average(c.Ratio) + " of a core for each running goroutine, by " + units.Counted(c.Samples, "CPU sample", "CPU samples")
	return text(plain, said)
}

// idleBlocked is the idle processors' time by what blocked goroutines waited
// for.
func (p *page) idleBlocked(s result.Scheduler) line {
	b := s.IdleBlockedNs
	l := largestShares(s.PTimeNs.Sum(), part{"sync", b.Sync}, part{"I/O", b.IO}, part{"timers", b.Timer},
		part{"system calls", b.Syscall}, part{"the runtime", b.Runtime})
	if len(l) == 0 {
		return nil
	}
	return append(text(plain, "nothing was ready, and goroutines were blocked on "), l...)
}

// waitedLittle reports that hardly ever a goroutine waited for a processor: the
// reasons then are not worth reading.
func waitedLittle(r *result.Result) bool {
	return r.Scheduler.RunnableSomeNs < r.Scope.DurationNs()/100
}

// readyCauses is why ready goroutines had no processor.
func (p *page) readyCauses(r *result.Result) line {
	if waitedLittle(r) {
		return nil
	}
	c := r.Scheduler.ReadyCauseNs
	return largestShares(c.Sum(), part{"all Ps ran others", c.Saturated}, part{"a P was idle or looked for work", c.Dispatch},
		part{"Ps were held in system calls", c.SyscallHeld}, part{"GC had the Ps", c.GC}, part{"the world was stopped", c.STW})
}

// antagonists is the groups that ran most while others had to wait.
func (p *page) antagonists(r *result.Result) line {
	if waitedLittle(r) {
		return nil
	}
	var parts []part
	for i, g := range r.Groups {
		if g.HarmNs > 0 {
			parts = append(parts, part{p.groupName(r, i), g.HarmNs})
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return compareDesc(a.ns, b.ns) })
	return largestShares(r.Scheduler.ReadyNs, parts[:min(len(parts), 3)]...)
}

// hiddenDelay is the lateness of timers and the poller, which no ready time
// shows.
func (p *page) hiddenDelay(h result.HiddenDelay) line {
	if h.Count <= 0 || h.UpperNs <= 0 {
		return nil
	}
	by := "up to " + units.Duration(h.UpperNs)
	if h.LowerNs > 0 {
		by = units.Duration(h.LowerNs) + " to " + units.Duration(h.UpperNs)
	}
	items := []line{text(plain, units.Counted(h.Count, "wait", "waits")+" for timers or network ended late, all Ps being busy"), text(plain, by+" in all")}
	if h.LateTimers > 0 {
		items = append(items, text(plain, units.Counted(h.LateTimers, "timer", "timers")+" late by more than 5"+units.NBSP+"ms and its own length"))
	}
	return joined(items...)
}

// longWait is from when on a wait for a processor is worth a line of its own.
const longWait = int64(time.Millisecond)

// drawReadyWaits lists the longest waits for a processor.
func drawReadyWaits(p *page, r *result.Result) {
	t := table{columns: []column{
		{title: "READY AT", right: true},
		{title: "WAITED", right: true},
		{title: "GOROUTINE", right: true, drop: 2},
		{title: "GROUP", least: 14},
		{title: "BEFORE", drop: 3},
		{title: "RAN MEANWHILE", least: 14, drop: 1},
	}}
	for _, w := range r.Scheduler.Worst {
		if w.DurationNs < longWait || len(t.rows) == min(p.Top, 5) {
			break
		}
		at, _ := window(w.AtNs, w.AtNs+w.DurationNs)
		t.rows = append(t.rows, []cell{
			txt(plain, at),
			txt(strong, units.Duration(w.DurationNs)),
			txt(plain, strconv.FormatInt(w.Goroutine, 10)),
			txt(plain, p.groupName(r, w.Group)),
			txt(plain, p.originWord(w)),
			textCell{forms: p.groupTimeForms(r, w.Ran), tone: muted, start: true},
		})
	}
	t.draw(p, 4)
}

// originWord is what a goroutine did before it was ready.
func (p *page) originWord(w result.ReadyWait) string {
	switch {
	case w.AfterIO:
		return "I/O"
	case w.Origin == "syscall-return":
		return "system call"
	}
	return p.clean(w.Origin)
}

// groupTimeForms are groups with their times, as many as fit.
func (p *page) groupTimeForms(r *result.Result, times []result.GroupTime) []string {
	var parts, forms []string
	for _, g := range times[:min(len(times), 3)] {
		if name := p.groupName(r, g.Group); name != "" {
			parts = append(parts, name+" "+units.Duration(g.Ns))
			forms = append(forms, strings.Join(parts, ", "))
		}
	}
	slices.Reverse(forms)
	return forms
}

// processorTime is the processors' time by what they did.
func (p *page) processorTime(t result.PTime) line {
	return shares(t.Sum(), part{"running goroutines", t.User}, part{"runtime and GC", t.GC}, part{"in system calls", t.Syscall},
		part{"looking for work", t.Spinning}, part{"world stopped", t.STW}, part{"idle", t.Idle}, part{"unknown", t.Unknown})
}

// schedulingLatency is the time from runnable to running.
func (p *page) schedulingLatency(r *result.Result) line {
	s := r.Scheduler
	if s.Latency.Count <= 0 {
		return nil
	}
	items := []line{
		text(plain, units.Counted(s.Latency.Count, "time", "times")),
		text(plain, "median "+units.Duration(s.Latency.P50Ns)),
		text(plain, "p99 "+units.Duration(s.Latency.P99Ns)),
		text(plain, "max "+units.Duration(s.Latency.MaxNs)),
	}
	if whole := r.Scope.DurationNs(); whole > 0 {
		items = append(items, text(plain, units.Percent(s.RunnableSomeNs, whole)+" of the time someone waited, "+
			units.Percent(s.RunnableFullNs, whole)+" while nobody ran"))
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
			items = append(items, text(plain, o.label+" "+units.Count(d.Count)+" (p99 "+units.Duration(d.P99Ns)+")"))
		}
	}
	return joined(items...)
}
