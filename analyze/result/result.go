// Package result is what an analysis found: plain data, stable as JSON.
//
// Every instant and duration is in integer nanoseconds, in fields whose JSON
// name ends in _ns; instants count from the trace's start. A Result that went
// through JSON and back renders the same bytes in every format. It holds no
// handle of a decoder and no behaviour beyond small accessors.
//
// The JSON is described in schema.json beside this file, that of the answers to
// single questions in explain.schema.json and path.schema.json.
package result

import _ "embed"

// SchemaVersion is the version of the JSON. It changes when a field changes its
// meaning or goes away; new fields keep it.
const SchemaVersion = 1

// Schema is the JSON Schema (draft 2020-12) of a Result.
//
//go:embed schema.json
var Schema []byte

// ExplanationSchema is the JSON Schema of an Explanation.
//
//go:embed explain.schema.json
var ExplanationSchema []byte

// PathSchema is the JSON Schema of a PathReport.
//
//go:embed path.schema.json
var PathSchema []byte

// Result is what an analysis of one trace found.
type Result struct {
	SchemaVersion int     `json:"schema_version"`
	Verdict       Verdict `json:"verdict"`
	// Findings is what stands out, worst first: at most ten.
	Findings []Finding `json:"findings"`
	// FindingsOmitted is how many more there were.
	FindingsOmitted int         `json:"findings_omitted"`
	Trace           Trace       `json:"trace"`
	Scope           Scope       `json:"scope"`
	Time            Time        `json:"time"`        // user goroutines, summed
	SystemTime      Time        `json:"system_time"` // the runtime's and the tracer's goroutines
	Waits           Latencies   `json:"waits"`       // user goroutines, at-rest waits left out
	Concurrency     Concurrency `json:"concurrency"`
	Scheduler       Scheduler   `json:"scheduler"`
	Groups          []Group     `json:"groups"`
	// Goroutines is every goroutine, by ID; only when asked for.
	Goroutines []Goroutine `json:"goroutines,omitempty"`
	Sites      []Site      `json:"sites"`
	// SitesOmitted sums the sites past the first thousand.
	SitesOmitted SitesOmitted `json:"sites_omitted"`
	// SiteClasses join the places that wait for each other: a lock, a channel.
	SiteClasses []SiteClass `json:"site_classes"`
	// Patterns are what goroutines do again and again.
	Patterns Patterns   `json:"patterns"`
	Blame    Blame      `json:"blame"`
	Tasks    []Span     `json:"tasks"`
	Regions  []Span     `json:"regions"`
	Logs     []LogCount `json:"logs"`
	GC       GC         `json:"gc"`
}

// Verdict is the answer in one line.
type Verdict struct {
	// Label is one of parallel, partly-parallel, interleaved, serial,
	// latency-bound, saturated, starved, idle, too-little-data.
	Label    string `json:"label"`
	Sentence string `json:"sentence"`
	// Rule says by what the label was decided.
	Rule string `json:"rule"`
}

// Trace describes the file.
type Trace struct {
	File string `json:"file"` // as given; "-" for standard input
	// GoVersion is the version in the file's header, such as "1.26". It is the
	// format's: Go 1.24 writes 1.23, Go 1.20 writes 1.19.
	GoVersion   string `json:"go_version"`
	Compression string `json:"compression,omitempty"` // gzip, zstd
	// StartedAt is the wall clock at the start, RFC 3339, where the file has it
	// (Go 1.25 and later).
	StartedAt  string `json:"started_at,omitempty"`
	DurationNs int64  `json:"duration_ns"` // as far as it could be read
	Bytes      int64  `json:"bytes"`       // decompressed, what was lost included
	BytesLost  int64  `json:"bytes_lost"`  // not analysed: damaged, cut off or trailing
	Events     int64  `json:"events"`
	// Generations is how many whole generations were analysed.
	Generations int  `json:"generations"`
	Complete    bool `json:"complete"`
	// Gaps are where something is missing between two parts that could be read.
	// What goroutines did there counts as unknown.
	Gaps       []Gap        `json:"gaps,omitempty"`
	Gomaxprocs []Gomaxprocs `json:"gomaxprocs"`
	CPUSamples int64        `json:"cpu_samples"`
	Warnings   []Warning    `json:"warnings"`
}

// Gap is a stretch of the trace of which nothing is known.
type Gap struct {
	FromNs    int64  `json:"from_ns"`    // the last that is known before it
	ToNs      int64  `json:"to_ns"`      // the first behind it
	BytesLost int64  `json:"bytes_lost"` // 0 where a part of the file is missing altogether
	Problem   string `json:"problem"`
}

// Gomaxprocs is a value of GOMAXPROCS and since when it holds.
type Gomaxprocs struct {
	AtNs int64 `json:"at_ns"`
	N    int   `json:"n"`
}

// Warning is something that limits what the numbers say.
type Warning struct {
	Code    string `json:"code"` // kebab-case, stable
	Message string `json:"message"`
}

// Scope is the part of the trace that the numbers cover.
type Scope struct {
	FromNs     int64  `json:"from_ns"`
	ToNs       int64  `json:"to_ns"`
	Group      string `json:"group,omitempty"` // regular expression, as given
	Task       string `json:"task,omitempty"`
	AtRest     string `json:"at_rest,omitempty"`
	CPUs       int    `json:"cpus,omitempty"` // cores, as given
	Goroutines int    `json:"goroutines"`     // user goroutines seen in the scope
	// SystemGoroutines is how many of the runtime's and the tracer's were seen.
	SystemGoroutines int `json:"system_goroutines"`
	// AtRestGoroutines is how many user goroutines were at rest, at one place,
	// for at least 99 % of the time that they were seen.
	AtRestGoroutines int `json:"at_rest_goroutines"`
	// Thresholds is the file of thresholds and site rules, as given.
	Thresholds string `json:"thresholds,omitempty"`
}

// DurationNs is the length of the scope.
func (s Scope) DurationNs() int64 { return s.ToNs - s.FromNs }

// Time is goroutine time by class. The seven classes sum exactly to
// LifetimeNs, the time for which the goroutines were there in the scope; the
// marks below them are parts of the classes, not further ones.
type Time struct {
	LifetimeNs    int64 `json:"lifetime_ns"`
	RunningNs     int64 `json:"running_ns"`
	RunnableNs    int64 `json:"runnable_ns"`
	BlockedSyncNs int64 `json:"blocked_sync_ns"`
	BlockedIONs   int64 `json:"blocked_io_ns"`
	TimerNs       int64 `json:"timer_ns"`
	RuntimeNs     int64 `json:"runtime_ns"`
	UnknownNs     int64 `json:"unknown_ns"`

	AtRestNs   int64 `json:"at_rest_ns"`  // of the waits: idle by design
	InferredNs int64 `json:"inferred_ns"` // kind read off a stack: the wait began before the trace
	STWNs      int64 `json:"stw_ns"`      // of running: while this goroutine held the world stopped

	// Kinds is the time of each class/kind, such as "blocked-sync/mutex".
	Kinds map[string]int64 `json:"kinds"`
	// AtRestKinds is the part of Kinds that is at rest.
	AtRestKinds map[string]int64 `json:"at_rest_kinds,omitempty"`
}

// Latency is a distribution of durations. Count and Max are exact; the
// percentiles are by nearest rank, within 1.1 %. What the trace's or the
// window's edge cut counts with the part that was seen, a lower bound.
type Latency struct {
	Count int64 `json:"count"`
	P50Ns int64 `json:"p50_ns"`
	P90Ns int64 `json:"p90_ns"`
	P99Ns int64 `json:"p99_ns"`
	MaxNs int64 `json:"max_ns"`
}

// Latencies are distributions by class ("blocked-sync") and by class/kind
// ("blocked-sync/mutex").
type Latencies map[string]Latency

// Group is the goroutines with one entry function and one creation stack.
type Group struct {
	ID   int    `json:"id"`   // index in Result.Groups
	Name string `json:"name"` // entry function
	// CreatedBy is the function and line of the go statement; "" when the
	// goroutines are older than the trace.
	CreatedBy string `json:"created_by"`
	System    bool   `json:"system"` // the runtime's or the tracer's own
	Count     int    `json:"count"`
	// Ended is how many of them ended within the scope.
	Ended int `json:"ended"`
	// Verdict names what the group's time, at-rest waits left out, mostly is:
	// running, runnable, blocked-sync, blocked-io, timer, runtime, unknown,
	// mixed (none has half), at-rest (nothing else is there).
	Verdict string `json:"verdict"`
	Time    Time   `json:"time"`
	// RunCount is how many times a goroutine of the group got a processor.
	RunCount int64     `json:"run_count"`
	Waits    Latencies `json:"waits"` // at-rest waits left out
	// Parallelism says how much of the group went on at once.
	Parallelism GroupParallelism `json:"parallelism"`
	// IdleBlockedNs is the processor time that idled while the group's
	// goroutines were blocked, shared equally among all that were.
	IdleBlockedNs int64 `json:"idle_blocked_ns"`
	// HarmNs is the ready time of other goroutines during which this group's
	// held the processors, shared equally among those that ran.
	HarmNs int64 `json:"harm_ns"`
	// HarmOthersNs is the part of it that goroutines of other groups suffered.
	HarmOthersNs int64 `json:"harm_others_ns"`
	// AfterIO is the wait for a processor right after input or output.
	AfterIO Latency `json:"after_io"`
	// LifetimeRun is what members ran for in all that were created and ended within the
	// scope.
	LifetimeRun Latency `json:"lifetime_run"`
	// OpenSites are where members were still blocked at the scope's end, not at
	// rest: the ten places with most of them.
	OpenSites []OpenSite `json:"open_sites,omitempty"`
	// Parents are the groups that created this one's goroutines.
	Parents []GroupCount `json:"parents,omitempty"`
	// AtRest says which waits were regarded as idle by design, and why.
	AtRest []AtRest `json:"at_rest,omitempty"`
	// Inside splits the time of a group whose entry is library code by the
	// first function outside the library, so that handlers stay apart.
	Inside []Inside `json:"inside,omitempty"`
}

// GroupCount is a number of goroutines that a group created.
type GroupCount struct {
	Group int `json:"group"`
	Count int `json:"count"`
}

// AtRest is one kind of wait that a rule found to be idle by design.
type AtRest struct {
	Rule    string  `json:"rule"` // site-rule, asked, known-site, whole-trace, recorder, idle-connection, ticker, context-watch, parked-workers
	Kind    string  `json:"kind"` // class/kind
	Frames  []Frame `json:"frames,omitempty"`
	Waits   int64   `json:"waits"`
	TotalNs int64   `json:"total_ns"`
}

// Inside is a part of a group's time.
type Inside struct {
	Func string `json:"func"` // "" for what the library did by itself, or where no stack says
	Time Time   `json:"time"`
}

// Goroutine is one goroutine.
type Goroutine struct {
	ID        int64  `json:"id"`
	Name      string `json:"name"`
	Group     int    `json:"group"`
	System    bool   `json:"system"`
	Parent    *int64 `json:"parent,omitempty"` // creator, where the trace has the creation
	Children  int    `json:"children"`
	CreatedNs *int64 `json:"created_ns,omitempty"` // absent: before the trace
	EndedNs   *int64 `json:"ended_ns,omitempty"`   // absent: still there at the end
	// LifetimeNs is for how long the goroutine was there within the scope.
	LifetimeNs int64 `json:"lifetime_ns"`
	// StatesNs and WaitsNs use the runtime's raw states and reasons, so that
	// they can be held against other tools.
	StatesNs States           `json:"states_ns"`
	WaitsNs  map[string]int64 `json:"waits_ns"`
	RunCount int64            `json:"run_count"`
	Time     Time             `json:"time"`
}

// States is time by the trace format's own goroutine states.
type States struct {
	Running  int64 `json:"running"`
	Runnable int64 `json:"runnable"`
	Waiting  int64 `json:"waiting"`
	Syscall  int64 `json:"syscall"`
	Unknown  int64 `json:"unknown"`
}

// Frame is one call of a stack.
type Frame struct {
	Func string `json:"func"`
	File string `json:"file"`
	Line int    `json:"line"`
}

// Site is where user goroutines waited: one kind of wait on one stack.
type Site struct {
	Class  string  `json:"class"`
	Kind   string  `json:"kind"`
	Frames []Frame `json:"frames"` // leaf first
	// Rule is the user's site rule that is about these waits, if any.
	Rule *SiteRule `json:"rule,omitempty"`
	// Waits, TotalNs and the percentiles leave at-rest waits out.
	Waits       int64 `json:"waits"`
	TotalNs     int64 `json:"total_ns"`
	P50Ns       int64 `json:"p50_ns"`
	P90Ns       int64 `json:"p90_ns"`
	P99Ns       int64 `json:"p99_ns"`
	MaxNs       int64 `json:"max_ns"`
	AtRestWaits int64 `json:"at_rest_waits"`
	AtRestNs    int64 `json:"at_rest_ns"`
	Groups      []int `json:"groups"` // whose goroutines waited here, by time
	// JoinNs is the part of TotalNs in which the goroutine was represented by
	// others: its children that it waited for, or those that waited for it.
	JoinNs int64 `json:"join_ns"`
	// AskedWaits and AskedNs are the waits for an answer from outside: the
	// goroutine had written to a socket or pipe before, or waited for one that
	// had, or a site rule says so.
	AskedWaits int64 `json:"asked_waits"`
	AskedNs    int64 `json:"asked_ns"`
	// IdleBlockedNs is the processor time that idled meanwhile, shared equally
	// among all that were blocked.
	IdleBlockedNs int64 `json:"idle_blocked_ns"`
	// Wakers are who ended the waits, by count: at most eight.
	Wakers []Waker `json:"wakers,omitempty"`
	// Worst are the longest of the waits: at most three.
	Worst []Moment `json:"worst,omitempty"`
	// Pieces are what filled the waits, as in Blame: the eight largest, and other.
	// They sum to TotalNs, but for waits of goroutines that read for others.
	Pieces []Piece `json:"pieces"`
}

// SiteRule is what a user says of a place.
type SiteRule struct {
	Name string `json:"name"`
	// Is what waiting there means: pool (for a member of a limited pool), call (for
	// an answer from outside), idle (at rest), limiter (held back on purpose); ""
	// if the rule does not say.
	Is string `json:"is,omitempty"`
}

// Waker is who ended waits at a place.
type Waker struct {
	// Group is the group of the goroutine that ended them, -1 for a timer, the
	// poller or the runtime.
	Group  int     `json:"group"`
	Frames []Frame `json:"frames"` // on which it did so, leaf first
	Waits  int64   `json:"waits"`
	// TotalNs is the time of these waits.
	TotalNs int64 `json:"total_ns"`
	// ViaNs is the part of TotalNs whose waker was itself woken, during the
	// wait, by the poller, a timer or the end of a system call.
	ViaNs         map[string]int64 `json:"via_ns,omitempty"`
	IdleBlockedNs int64            `json:"idle_blocked_ns"`
}

// Moment is an instant worth looking at.
type Moment struct {
	FromNs    int64 `json:"from_ns"`
	ToNs      int64 `json:"to_ns"`
	Goroutine int64 `json:"goroutine,omitempty"`
}

// SiteClass is the places that wait for each other, told by who ends whose
// waits: one lock or one channel, or several that the same lines use. The trace
// does not name the object itself.
type SiteClass struct {
	Kind string `json:"kind"` // lock, channel
	// Sites are the places where goroutines waited: indexes in Result.Sites.
	Sites []int `json:"sites"`
	// Rule is the user's site rule of the first of them that has one.
	Rule *SiteRule `json:"rule,omitempty"`
	// Waits, TotalNs and IdleBlockedNs leave at-rest waits out.
	Waits         int64 `json:"waits"`
	TotalNs       int64 `json:"total_ns"`
	IdleBlockedNs int64 `json:"idle_blocked_ns"`
	// What follows splits that of a channel by what the goroutines were about to
	// do.
	SendWaits     int64 `json:"send_waits"`
	ReceiveWaits  int64 `json:"receive_waits"`
	SendNs        int64 `json:"send_ns"`
	ReceiveNs     int64 `json:"receive_ns"`
	SendIdleNs    int64 `json:"send_idle_ns"`
	ReceiveIdleNs int64 `json:"receive_idle_ns"`
	// Senders and Receivers of a channel, and Waiters at a lock, are groups.
	Senders   []int `json:"senders,omitempty"`
	Receivers []int `json:"receivers,omitempty"`
	Waiters   []int `json:"waiters,omitempty"`
	// MostWaiting is the highest number of goroutines that waited at once, WaitingNs
	// the integral of how many did, BusyNs for how long at least one did: the class's
	// utilisation is BusyNs divided by the scope's length. By Little's law WaitingNs
	// is TotalNs; where the two differ, a wait counted otherwise while it went on than
	// it does at its end.
	MostWaiting int   `json:"most_waiting"`
	WaitingNs   int64 `json:"waiting_ns"`
	BusyNs      int64 `json:"busy_ns"`
	// HandOffs are the waits that a goroutine ended. Service is the time from one to
	// the next while others waited, Resume from a hand-off until the goroutine ran.
	HandOffs int64   `json:"hand_offs"`
	Service  Latency `json:"service"`
	Resume   Latency `json:"resume"`
	// InTurn are those of a mutex by the goroutine that had been handed it last: nearly all
	// if it is one lock in its starving mode, few if it is several.
	InTurn int64 `json:"in_turn,omitempty"`
	// GivenBack are those of a channel by a goroutine whose own wait there had been ended
	// so, and that had ended none since: as a place in a pool is taken and given back.
	GivenBack int64 `json:"given_back,omitempty"`
	// DirectHandOffs are unlocks of a mutex that gave it to the first in the queue
	// (the starving mode, after a wait of a millisecond).
	DirectHandOffs int64 `json:"direct_hand_offs,omitempty"`
	// Convoys are stretches in which goroutines kept queueing at a lock; absent if there
	// were none.
	Convoys *Convoys `json:"convoys,omitempty"`
	// CriticalPathShare is the share of the time of all complete tasks and regions, of
	// which the paths are known, that this lock is in their way: waits for whoever
	// had it. 0 also where there are none.
	CriticalPathShare float64 `json:"critical_path_share,omitempty"`
	// Wakers are who ended the waits: at most eight.
	Wakers []Waker `json:"wakers,omitempty"`
	// Release is the place at which most waits were ended: where a lock was
	// unlocked.
	Release []Frame `json:"release,omitempty"`
	// ReleaseGroup is the group of the goroutines that did so, or -1.
	ReleaseGroup int `json:"release_group"`
}

// Convoys are stretches of at least a millisecond and ten service times in which two
// or more goroutines waited throughout, with eight hand-offs or more, and half of
// those who got their turn came back within it (methods.md A.7).
type Convoys struct {
	Count    int64    `json:"count"`
	Ns       int64    `json:"ns"`
	HandOffs int64    `json:"hand_offs"`
	Requeued int64    `json:"requeued"` // waits of goroutines that had had their turn
	At       []Moment `json:"at"`       // the longest three
}

// OpenSite is where goroutines of a group were still blocked at the end.
type OpenSite struct {
	Kind   string  `json:"kind"` // class/kind
	Frames []Frame `json:"frames"`
	Count  int     `json:"count"` // goroutines
	// LongestNs is the longest of these waits so far.
	LongestNs int64 `json:"longest_ns"`
	// Closed is how many waits of the group ended at this place.
	Closed int64 `json:"closed"`
	// FirstCreatedNs and LastCreatedNs are when the first and the last of the
	// group's goroutines were created within the scope.
	FirstCreatedNs int64 `json:"first_created_ns"`
	LastCreatedNs  int64 `json:"last_created_ns"`
}

// SitesOmitted sums the sites that are not listed.
type SitesOmitted struct {
	Count   int   `json:"count"`
	TotalNs int64 `json:"total_ns"`
}

// Span is the tasks of one type, or the regions of one type.
type Span struct {
	Type  string `json:"type"` // "" for tasks that began before the trace
	Count int64  `json:"count"`
	// Complete is how many have both ends in the trace. Only they count in
	// Duration and Slowest.
	Complete int64   `json:"complete"`
	Duration Latency `json:"duration"`
	// Time is what goroutines did inside: for a task, the goroutine that began
	// it until it ended it, and others within their regions of the task.
	Time    Time      `json:"time"`
	Slowest []SlowRun `json:"slowest,omitempty"` // at most ten
	// Typical is one of about the median length.
	Typical *SlowRun `json:"typical,omitempty"`
	// Path is what the complete ones consist of.
	Path *Path `json:"path,omitempty"`
	// Work is the work and span of regions that were measured.
	Work *Work `json:"work,omitempty"`
}

// SlowRun is one task or region.
type SlowRun struct {
	Task       int64 `json:"task"`
	Goroutine  int64 `json:"goroutine"`
	BeginNs    int64 `json:"begin_ns"`
	DurationNs int64 `json:"duration_ns"`
	// Pieces are what it consists of, as in Path: the eight largest, and other.
	Pieces []Piece `json:"pieces,omitempty"`
}

// LogCount is how many runtime/trace.Log calls had a category.
type LogCount struct {
	Category string `json:"category"`
	Count    int64  `json:"count"`
}

// GC is the garbage collector's and the stopped world's share.
type GC struct {
	Cycles      int64   `json:"cycles"`      // mark phases begun within the scope, or running at its start
	MarkNs      int64   `json:"mark_ns"`     // wall time in which a mark phase ran
	Mark        Latency `json:"mark"`        // lengths of whole mark phases
	AssistNs    int64   `json:"assist_ns"`   // goroutine running time spent assisting
	SweepNs     int64   `json:"sweep_ns"`    // processor time in sweep ranges
	WorkerNs    int64   `json:"worker_ns"`   // running time of the mark workers
	STW         []STW   `json:"stw"`         // by reason, longest total first
	HeapMaxB    int64   `json:"heap_max_b"`  // highest live heap seen, bytes; 0 when not told
	HeapGoalB   int64   `json:"heap_goal_b"` // last heap goal seen, bytes
	STWTotalNs  int64   `json:"stw_total_ns"`
	LongestSTWs []Pause `json:"longest_stws,omitempty"` // at most ten
	// MMU is the minimum mutator utilization, by length of window; absent where the
	// collector and stops of the world took nothing.
	MMU []MMU `json:"mmu,omitempty"`
}

// MMU is the least share of the processors that mark workers, assists and stops of
// the world left to the program in any window of a length.
type MMU struct {
	WindowNs    int64   `json:"window_ns"`
	Utilization float64 `json:"utilization"` // between 0 and 1
}

// STW is the stops of the world for one reason.
type STW struct {
	Reason  string  `json:"reason"`
	TotalNs int64   `json:"total_ns"`
	Pauses  Latency `json:"pauses"`
	// Frames are where the longest of them was begun.
	Frames []Frame `json:"frames,omitempty"`
}

// Pause is one stop of the world.
type Pause struct {
	Reason     string `json:"reason"`
	AtNs       int64  `json:"at_ns"`
	DurationNs int64  `json:"duration_ns"`
}
