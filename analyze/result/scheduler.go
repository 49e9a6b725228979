package result

// Scheduler says how ready work was served, and why processors idled.
type Scheduler struct {
	Latency         Latency   `json:"latency"`           // runnable until running, all origins but yielded
	LatencyByOrigin Latencies `json:"latency_by_origin"` // woken, new, preempted, yielded, syscall-return
	// Worst are the ten longest waits for a processor, yielded ones left out.
	Worst []ReadyWait `json:"worst,omitempty"`
	// WorstAfterIO are the same of goroutines whose input or output had just
	// ended.
	WorstAfterIO []ReadyWait `json:"worst_after_io,omitempty"`
	// RunnableSomeNs is for how long at least one user goroutine was runnable,
	// RunnableFullNs for how long one was and none ran.
	RunnableSomeNs int64 `json:"runnable_some_ns"`
	RunnableFullNs int64 `json:"runnable_full_ns"`
	// ReadyNs is the time of runnable goroutines, ∫Q. ReadyCauseNs splits it by
	// what the processors did meanwhile, and sums to it.
	ReadyNs      int64      `json:"ready_ns"`
	ReadyCauseNs ReadyCause `json:"ready_cause_ns"`
	// HeldHarmNs is the processor time held in system calls while goroutines
	// were ready and no processor idle, of calls that did so for 100 µs or more;
	// GCHarmNs is the same of the runtime's own goroutines, however short.
	HeldHarmNs int64 `json:"held_harm_ns"`
	GCHarmNs   int64 `json:"gc_harm_ns"`
	// ReadyCapacityNs is GOMAXPROCS over the time with ready goroutines.
	ReadyCapacityNs int64 `json:"ready_capacity_ns"`
	// IdleWhileReadyNs is ∫min(Q, I): processors that idled beside ready
	// goroutines. IdleWhileReadyNoiseNs is the part that waking up takes: the
	// number of wake-ups times the median latency. Yielded goroutines left out.
	IdleWhileReadyNs      int64    `json:"idle_while_ready_ns"`
	IdleWhileReadyNoiseNs int64    `json:"idle_while_ready_noise_ns"`
	IdleWhileReadyWorst   []Moment `json:"idle_while_ready_worst,omitempty"`
	// HiddenDelay is what timers and the poller were late because no processor
	// served them: it does not show as ready time.
	HiddenDelay HiddenDelay `json:"hidden_delay"`
	// LongRuns are the runs of 10 ms and more without a voluntary pause, most
	// harm first: at most ten.
	LongRuns      []LongRun `json:"long_runs,omitempty"`
	LongRunCount  int64     `json:"long_run_count"`
	LongRunHarmNs int64     `json:"long_run_harm_ns"`
	// SyscallHolds are system calls that held their processor while goroutines
	// were ready and none idle, most harm first: at most ten.
	SyscallHolds []SyscallHold `json:"syscall_holds,omitempty"`
	// HeldAt sums all such calls by place, most harm first: at most ten.
	HeldAt []HeldAt `json:"held_at,omitempty"`
	// IdleBlockedNs is the processor time that idled because nothing was ready
	// while goroutines were blocked, ∫min(I, blocked) while Q=0, by what they
	// waited for.
	IdleBlockedNs IdleBlocked `json:"idle_blocked_ns"`
	PTimeNs       PTime       `json:"p_time_ns"`
}

// ReadyCause is ready time by what kept the goroutines from a processor, the
// first that applies.
type ReadyCause struct {
	STW         int64 `json:"stw"`          // the world was stopped
	Dispatch    int64 `json:"dispatch"`     // a processor was idle or looked for work: in a moment it will have some
	GC          int64 `json:"gc"`           // the runtime's goroutines ran
	SyscallHeld int64 `json:"syscall_held"` // some were held in a system call
	Saturated   int64 `json:"saturated"`    // user goroutines on all of them
}

// Sum is the whole of the ready time.
func (c ReadyCause) Sum() int64 {
	return c.STW + c.GC + c.SyscallHeld + c.Saturated + c.Dispatch
}

// IdleBlocked is idle processor time by what the blocked goroutines waited for:
// a wait for another goroutine that waited for input or output itself counts as
// that.
type IdleBlocked struct {
	Sync    int64 `json:"sync"`
	IO      int64 `json:"io"`
	Timer   int64 `json:"timer"`
	Syscall int64 `json:"syscall"`
	Runtime int64 `json:"runtime"`
}

// Sum is the whole of it.
func (b IdleBlocked) Sum() int64 { return b.Sync + b.IO + b.Timer + b.Syscall + b.Runtime }

// ReadyWait is one wait for a processor.
type ReadyWait struct {
	AtNs       int64  `json:"at_ns"`
	DurationNs int64  `json:"duration_ns"`
	Goroutine  int64  `json:"goroutine"`
	Group      int    `json:"group"`
	Origin     string `json:"origin"` // woken, new, preempted, syscall-return, before-trace
	// AfterIO says that the goroutine's input or output had just ended.
	AfterIO bool `json:"after_io,omitempty"`
	// Ran are the groups that ran meanwhile, most time first: at most three.
	Ran []GroupTime `json:"ran,omitempty"`
}

// GroupTime is some time of a group.
type GroupTime struct {
	Group int   `json:"group"`
	Ns    int64 `json:"ns"`
}

// HiddenDelay is how late timers and the poller ended waits while no processor
// was idle: between LowerNs and UpperNs in all. The upper bound of a wait is
// the part of it in which no processor was idle before it ended, the lower what
// it took beyond the shortest at its place (sleeps and timer channels only, of the
// first ten thousand).
type HiddenDelay struct {
	Count   int64 `json:"count"`
	LowerNs int64 `json:"lower_ns"`
	UpperNs int64 `json:"upper_ns"`
	// LateTimers is how many timers were later than both 5 ms and their own
	// length, by the lower bound.
	LateTimers int64      `json:"late_timers"`
	Worst      []LateWait `json:"worst,omitempty"`
}

// LateWait is a wait that ended late.
type LateWait struct {
	AtNs       int64   `json:"at_ns"`
	DurationNs int64   `json:"duration_ns"`
	Goroutine  int64   `json:"goroutine"`
	Group      int     `json:"group"`
	Kind       string  `json:"kind"` // class/kind
	LowerNs    int64   `json:"lower_ns"`
	UpperNs    int64   `json:"upper_ns"`
	Frames     []Frame `json:"frames"`
	// Ran are the groups that ran meanwhile, most time first: at most three.
	Ran []GroupTime `json:"ran,omitempty"`
}

// LongRun is a stretch in which a goroutine did not pause by itself.
type LongRun struct {
	AtNs      int64 `json:"at_ns"`
	EndNs     int64 `json:"end_ns"`
	RunNs     int64 `json:"run_ns"` // on a processor
	Goroutine int64 `json:"goroutine"`
	Group     int   `json:"group"`
	// HarmNs is its share of the time for which goroutines of other groups were
	// ready meanwhile and no processor idle.
	HarmNs int64 `json:"harm_ns"`
	// LongestSliceNs is the longest part without a preemption.
	LongestSliceNs int64   `json:"longest_slice_ns"`
	Frames         []Frame `json:"frames"` // where it was when it was preempted or ended
}

// HeldAt is system calls at one place that held their processors while others needed
// them.
type HeldAt struct {
	Frames []Frame `json:"frames"` // leaf first
	Calls  int64   `json:"calls"`  // that did so for 100 µs or more
	HarmNs int64   `json:"harm_ns"`
}

// SyscallHold is a system call that kept a processor that others needed.
type SyscallHold struct {
	AtNs       int64   `json:"at_ns"`
	DurationNs int64   `json:"duration_ns"` // until the processor was free
	HarmNs     int64   `json:"harm_ns"`
	Goroutine  int64   `json:"goroutine"`
	Group      int     `json:"group"`
	Frames     []Frame `json:"frames"`
}

// PTime is the processors' time. Its parts sum to the integral of GOMAXPROCS
// over the scope.
type PTime struct {
	User     int64 `json:"user"`     // running user goroutines
	GC       int64 `json:"gc"`       // running the runtime's and the tracer's goroutines
	Syscall  int64 `json:"syscall"`  // held by a goroutine in a syscall
	Spinning int64 `json:"spinning"` // running no goroutine: looking for work
	STW      int64 `json:"stw"`      // stopped with the world
	Idle     int64 `json:"idle"`
	Unknown  int64 `json:"unknown,omitempty"` // in a gap of a damaged trace
}

// Sum is the whole of the processors' time.
func (p PTime) Sum() int64 {
	return p.User + p.GC + p.Syscall + p.Spinning + p.STW + p.Idle + p.Unknown
}
