package collect

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// waitClass says as what a wait counts at an instant.
type waitClass uint8

const (
	waitsNot       waitClass = iota // at rest, or represented by its children
	waitsSync                       // for another goroutine
	waitsIO                         // for the poller
	waitsVia                        // for a goroutine that waits for the poller or a system call
	waitsTimer                      // for a timer, or for a goroutine that does
	waitsSyscall                    // in a system call
	waitsCgo                        // in native code
	waitsRuntime                    // for the collector and the like
	waitsCoroutine                  // for the other side of an iter.Pull
	waitsUnknown
	numWaitClasses
)

// classOf is the class of a kind of wait by itself.
var classOf = func() (c [waitkind.NumKinds]waitClass) {
	for k := range waitkind.NumKinds {
		switch k.Class() {
		case waitkind.BlockedSync:
			c[k] = waitsSync
		case waitkind.BlockedIO:
			c[k] = waitsSyscall
		case waitkind.Timer:
			c[k] = waitsTimer
		case waitkind.Runtime:
			c[k] = waitsRuntime
		default:
			c[k] = waitsUnknown
		}
	}
	c[waitkind.Network] = waitsIO
	c[waitkind.Coroutine] = waitsCoroutine
	c[waitkind.WaitGroup] = waitsNot // a join
	c[waitkind.SyscallShort] = waitsSyscall
	c[waitkind.Cgo] = waitsCgo
	return c
}()

// label is what an instant of wall time is called (methods.md A.5).
type label uint8

const (
	labelIdle label = iota
	labelLatency
	labelStalled
	labelSerial
	labelInterleaved
	labelParallel
	numLabels
)

var labelNames = [numLabels]string{"idle", "latency-bound", "stalled", "serial", "interleaved", "parallel"}

// cause says more about a label: why it is that, or of which sort.
type cause uint8

const (
	causeNone cause = iota
	causeIO
	causeTimer
	causeSync
	causeSyscall
	causeCgo
	causeRuntime
	causeCoroutine
	causeUnknown
	causeSTW
	causeGC
	causeHeld
	causeDispatch
	causeCapacity
	causeDependency
	causeLatency
	causePartial
	causeFull
	causeSaturated
	causeWasteful
	numCauses
)

var causeNames = [numCauses]string{
	"", "io", "timer", "sync", "syscall", "cgo", "runtime", "coroutine", "unknown", "stw", "gc", "syscall-held",
	"dispatch", "capacity", "dependency", "latency", "partial", "full", "saturated", "wasteful",
}

// instant is who does what at an instant, and the integrals over the time until
// then. What a single goroutine's share of them is follows from the difference
// between the integrals at the end and at the start of its interval, whatever
// happened in between: no loop over goroutines is needed.
type instant struct {
	at      int64
	procs   int32 // GOMAXPROCS, N
	active  int32 // Ps that are not idle
	held    int32 // Ps held by a goroutine in a system call
	stopped bool  // the world is

	running int32 // user goroutines, R
	system  int32 // the runtime's and the tracer's that run
	others  int32 // the program's that run and were not asked for
	ready   int32 // user goroutines, Q
	yielded int32 // of these, those that gave their processor up
	waits   [numWaitClasses]int32
	engaged int32 // all user goroutines in progress, C_e

	clock clocks
	sums  sums
	table []labelled // by how many ran, since the last flush
	spent []int64    // by how many ran, until then

	settledAt int64   // until when capacity and bands are booked
	settled   []int64 // of spent, in the bands

	label    label
	since    int64 // when the label began
	longest  [numLabels]topSpans
	least    [numLabels]int64 // that would be among them, ns
	phases   phases
	idleFrom int64 // since when a P idles beside ready goroutines, or -1
	idleMost topSpans
	busyFrom int64 // since when no P has been idle
}

// clocks are the integrals that intervals are measured by, in ns.
type clocks struct {
	criticality float64 // ∫1/R, while R≥1
	harm        float64 // ∫Q/R, while R≥1 and no P is idle or looks for work
	crowd       float64 // ∫1/R then: what one ready goroutine suffers from each that runs
	alone       float64 // time in which one runs and others wait for goroutines
	idleBlocked float64 // ∫min(I, blocked)/blocked, while Q=0
	soleIO      float64 // time in which one wait for I/O is all there is
	needed      float64 // time in which goroutines are ready and no P is idle or looks for work
}

// sums are the integrals over the whole scope, ns. What follows from these and
// from how many ran is worked out at the end.
type sums struct {
	labels      [numLabels][numCauses]int64
	some, full  int64
	ready       [numCauses]int64 // ∫Q by cause
	excess      int64            // ∫max(0, D−N)
	engaged     int64            // ∫C_e
	ran         int64            // ∫R
	system      int64            // ∫ of the system's goroutines that run
	heldHarm    float64          // of calls that held their P for long
	gcHarm      int64
	readyCap    int64 // ∫N while Q≥1
	capacity    int64 // ∫N
	idleReady   int64 // ∫min(Q, I), yielded ones left out
	soleIO      int64
	idleBlocked [numWaitClasses]float64
	bands       result.Bands
}

func newInstant(from int64) instant {
	return instant{at: from, since: from, settledAt: from, busyFrom: from, idleFrom: -1, spent: make([]int64, 1, 64), table: make([]labelled, 1, 64), phases: newPhases(from)}
}

// idle is how many Ps could run something and do not, I.
func (n *instant) idle() int32 {
	if n.stopped {
		return 0
	}
	return max(0, n.procs-n.active)
}

// advance books the time until the next step.
func (n *instant) advance(to int64) {
	if to > n.at {
		n.pass(to)
	}
}

// pass books the time until to.
func (n *instant) pass(to int64) {
	ns := to - n.at
	l, c := n.name()
	if l != n.label {
		n.relabel(l)
	}
	n.at = to
	if to <= n.phases.end && int(n.running) < len(n.table) {
		n.table[n.running].ns[l][c] += ns
	} else {
		n.bookNow(l, c, ns)
	}
	n.sums.ran += int64(n.running) * ns
	n.sums.engaged += int64(n.engaged) * ns
	if n.running > 0 {
		n.clock.criticality += float64(ns) * inverse(n.running)
	}
	if n.system > 0 {
		n.sums.system += int64(n.system) * ns
	}
	if demand := n.running + n.ready; demand > n.procs {
		n.sums.excess += int64(demand-n.procs) * ns
	}
	idle := n.idle()
	if n.ready > 0 {
		n.bookReady(ns, idle)
	} else {
		n.bookIdle(ns, idle)
	}
	if idle > 0 || n.idleFrom >= 0 {
		n.watch(to-ns, to, idle)
	}
}

// labelled is time by label and cause.
type labelled struct {
	ns [numLabels][numCauses]int64
}

// maxTable bounds the rows of the table. More run at once only where the Ps are
// more, or in a damaged trace.
const maxTable = 1 << 10

// bookNow books time that reaches into the next bin of phases, or for which the
// table has no row.
func (n *instant) bookNow(l label, c cause, ns int64) {
	if n.at > n.phases.end {
		n.flush()
	}
	n.phases.add(l, n.running, n.at, ns)
	n.sums.labels[l][c] += ns
	n.spent[n.running] += ns
	n.bookPressure(l, c, n.running, ns)
}

// flush brings what was booked since the last time where it belongs.
func (n *instant) flush() {
	for running := range n.table {
		row := &n.table[running]
		for l := range row.ns {
			for c, ns := range row.ns[l] {
				if ns == 0 {
					continue
				}
				row.ns[l][c] = 0
				n.phases.book(label(l), int32(running), ns)
				n.sums.labels[l][c] += ns
				n.spent[running] += ns
				n.bookPressure(label(l), cause(c), int32(running), ns)
			}
		}
	}
}

// bookPressure books time of which the label says that goroutines were ready.
func (n *instant) bookPressure(l label, c cause, running int32, ns int64) {
	ready := l == labelStalled || c == causeCapacity || c == causeDispatch || c == causeSaturated || c == causeWasteful || l == labelInterleaved && c == causeSTW
	if !ready {
		return
	}
	n.sums.some += ns
	n.sums.readyCap += int64(n.procs) * ns
	if running == 0 {
		n.sums.full += ns
	}
}

// inverse is 1/n. A division takes as long as all the rest of a step.
func inverse(n int32) float64 {
	if int(n) < len(inverses) {
		return inverses[n]
	}
	return 1 / float64(n)
}

var inverses = func() (t [256]float64) {
	for i := range t[1:] {
		t[i+1] = 1 / float64(i+1)
	}
	return t
}()

// run counts goroutines in that run, or out.
func (n *instant) run(by int32) {
	n.running += by
	if int(n.running) >= len(n.spent) {
		n.spent = append(n.spent, 0)
		if len(n.table) < maxTable {
			n.table = append(n.table, labelled{})
		}
	}
}

// resize sets GOMAXPROCS. What is measured by it is settled before.
func (n *instant) resize(procs int32) {
	n.settle()
	n.procs = procs
}

// settle books what depends on GOMAXPROCS until now.
func (n *instant) settle() {
	n.flush()
	n.sums.capacity += int64(n.procs) * (n.at - n.settledAt) // a gap within is taken out by itself
	n.settledAt = n.at
	for len(n.settled) < len(n.spent) {
		n.settled = append(n.settled, 0)
	}
	for k, ns := range n.spent {
		ns, n.settled[k] = ns-n.settled[k], ns
		switch of := 100 * int64(k); {
		case k == 0:
			n.sums.bands.Idle += ns
		case of <= 50*int64(n.procs):
			n.sums.bands.Poor += ns
		case of <= 85*int64(n.procs):
			n.sums.bands.OK += ns
		default:
			n.sums.bands.Ideal += ns
		}
	}
}

// named is a label with its cause.
type named struct {
	label label
	cause cause
	// ask says that the cause is what the waiting goroutines wait for.
	ask bool
}

// name is the label of the present instant and its cause. It is looked up, since
// no branch on how many run and are ready can be foreseen.
func (n *instant) name() (label, cause) {
	e := &names[min(n.running, 2)<<4|bit(n.ready > 0)<<3|bit(n.engaged > n.running+n.ready)<<2|bit(!n.spare())<<1|bit(n.stopped)]
	if e.ask {
		if e.label == labelLatency {
			return labelLatency, n.dominant()
		}
		return labelInterleaved, n.waitingCause()
	}
	if e.label == labelStalled {
		return labelStalled, n.readyCause()
	}
	return e.label, e.cause
}

// bit is 1 if something is so.
func bit(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

// names is the labels by whether none, one or more run, whether any is ready,
// whether others are in progress that wait, whether no P is spare, and whether the
// world is stopped.
var names = func() (t [3 << 4]named) {
	for i := range t {
		running, ready, others, full, stopped := i>>4, i&8 > 0, i&4 > 0, i&2 > 0, i&1 > 0
		switch {
		case running == 0 && ready:
			t[i] = named{label: labelStalled}
		case running == 0 && others:
			t[i] = named{label: labelLatency, ask: true}
		case running == 0:
			t[i] = named{label: labelIdle}
		case running == 1 && !ready && !others:
			t[i] = named{label: labelSerial}
		case running == 1 && !ready:
			t[i] = named{label: labelInterleaved, ask: true}
		case running == 1 && stopped:
			t[i] = named{label: labelInterleaved, cause: causeSTW}
		case running == 1 && full:
			t[i] = named{label: labelInterleaved, cause: causeCapacity}
		case running == 1:
			t[i] = named{label: labelInterleaved, cause: causeDispatch}
		case ready && (full || stopped):
			t[i] = named{label: labelParallel, cause: causeSaturated}
		case ready:
			t[i] = named{label: labelParallel, cause: causeWasteful}
		case full || stopped:
			t[i] = named{label: labelParallel, cause: causeFull}
		default:
			t[i] = named{label: labelParallel, cause: causePartial}
		}
	}
	return t
}()

// latencyClasses are the classes of waits in the order in which ties go, and
// what a label is caused by where most waits are of them.
var latencyClasses = [...]struct {
	class waitClass
	cause cause
}{
	{waitsTimer, causeTimer}, {waitsSync, causeSync}, {waitsSyscall, causeSyscall}, {waitsCgo, causeCgo},
	{waitsRuntime, causeRuntime}, {waitsCoroutine, causeCoroutine}, {waitsUnknown, causeUnknown},
}

// dominant is what most of the waiting goroutines wait for.
func (n *instant) dominant() cause {
	most, c := n.waits[waitsIO]+n.waits[waitsVia], causeIO
	for _, l := range latencyClasses {
		if n.waits[l.class] > most {
			most, c = n.waits[l.class], l.cause
		}
	}
	return c
}

// readyCause is what keeps ready goroutines from a processor.
func (n *instant) readyCause() cause {
	switch {
	case n.stopped:
		return causeSTW
	case n.spare():
		return causeDispatch
	case n.system > 0:
		return causeGC
	case n.held > 0:
		return causeHeld
	}
	return causeSaturated
}

// spare says whether a P is idle or looks for work: what is ready will run in a
// moment.
func (n *instant) spare() bool {
	return n.running+n.system+n.others+n.held < n.procs
}

// waitingCause is why nothing runs beside the one goroutine that does.
func (n *instant) waitingCause() cause {
	w := &n.waits
	switch {
	case w[waitsSync] > 0:
		return causeDependency
	case w[waitsIO]+w[waitsVia]+w[waitsTimer]+w[waitsSyscall]+w[waitsCgo] > 0:
		return causeLatency
	case w[waitsRuntime] > 0:
		return causeRuntime
	case w[waitsCoroutine] > 0:
		return causeCoroutine
	}
	return causeUnknown
}

// bookReady books time in which goroutines are ready.
func (n *instant) bookReady(ns int64, idle int32) {
	s := &n.sums
	s.ready[n.readyCause()] += int64(n.ready) * ns
	if idle > 0 {
		s.idleReady += int64(min(n.ready-n.yielded, idle)) * ns
	}
	if n.stopped || n.spare() {
		return
	}
	n.clock.needed += float64(ns)
	s.gcHarm += int64(n.system) * ns
	if n.running > 0 {
		each := float64(ns) * inverse(n.running)
		n.clock.crowd += each
		n.clock.harm += each * float64(n.ready)
	}
}

// bookIdle books time in which nothing is ready.
func (n *instant) bookIdle(ns int64, idle int32) {
	if n.running == 1 && n.waits[waitsSync] > 0 {
		n.clock.alone += float64(ns)
	}
	blocked := n.engaged - n.running
	if blocked <= 0 {
		return
	}
	if idle > 0 {
		n.clock.idleBlocked += float64(ns) * float64(min(idle, blocked)) * inverse(blocked)
	}
	if n.running == 0 && n.soleIO(blocked) {
		n.clock.soleIO += float64(ns)
		n.sums.soleIO += ns
	}
}

// soleIO says whether all that is in progress is one wait for input or output
// and a goroutine that waits for that one.
func (n *instant) soleIO(blocked int32) bool {
	io := n.waits[waitsIO] + n.waits[waitsSyscall]
	via := n.waits[waitsVia]
	return io <= 1 && via <= 1 && io+via == blocked
}

// watch follows stretches that are listed one by one.
func (n *instant) watch(from, to int64, idle int32) {
	if idle > 0 {
		n.busyFrom = to
	}
	if idle > 0 && n.ready > n.yielded {
		if n.idleFrom < 0 {
			n.idleFrom = from
		}
		return
	}
	if n.idleFrom >= 0 {
		n.idleMost.add(n.idleFrom, from, event.NoG)
		n.idleFrom = -1
	}
}

// relabel ends the stretch of one label.
func (n *instant) relabel(to label) {
	if ns := n.at - n.since; ns > n.least[n.label] {
		n.longest[n.label].add(n.since, n.at, event.NoG)
		n.least[n.label] = n.longest[n.label].least()
	}
	n.label, n.since = to, n.at
}

// finish ends what is open.
func (n *instant) finish() {
	n.relabel(n.label)
	n.settle()
	if n.idleFrom >= 0 {
		n.idleMost.add(n.idleFrom, n.at, event.NoG)
	}
}
