package result

// Blame says what filled the waits of user goroutines, at-rest ones left out, and
// who waited for whom. Goroutines that read a client's connection for others are left
// out, too: whoever asked waits itself. A wait that another goroutine ended consists of what that
// one did meanwhile; where it waited itself, of what those did who ended its wait,
// and so on back (methods.md A.8). Nothing is counted twice: the pieces of a wait
// sum to the wait.
type Blame struct {
	// WaitedNs is the time of all these waits, goroutines summed.
	WaitedNs int64 `json:"waited_ns"`
	// UnresolvedNs is the part of it that began longer ago than the history
	// reaches, or than it is exact.
	UnresolvedNs int64 `json:"unresolved_ns"`
	// Pieces are what filled the waits, the most first: at most fifty. With
	// PiecesOmitted they sum to WaitedNs.
	Pieces        []Piece `json:"pieces"`
	PiecesOmitted Omitted `json:"pieces_omitted"`
	// Edges are who waited for whom, the most first: at most fifty. A group's wait
	// for a processor is an edge too, which is not a part of WaitedNs.
	Edges        []Edge  `json:"edges"`
	EdgesOmitted Omitted `json:"edges_omitted"`
	// Knots are groups that wait for each other in a circle.
	Knots []Knot `json:"knots"`
}

// Omitted sums what is not listed.
type Omitted struct {
	Count int   `json:"count"`
	Ns    int64 `json:"ns"`
}

// Piece is what went on in a part of waits, or of a path. Pieces of one function
// are one, whatever their lines.
type Piece struct {
	// Kind is code (a goroutine ran), lock-holder (one ran that held the lock which
	// was waited for), scheduler (one was ready and had no processor), gc, syscall,
	// io, timer, open (nothing has ended the wait), unknown (the trace does not
	// say), unresolved (see Blame.UnresolvedNs), other (pieces that are not listed).
	Kind string `json:"kind"`
	// Frame is the function of the program, with the line that most of the piece is
	// about; of goroutines without one, their entry function. Absent where no stack
	// tells.
	Frame *Frame `json:"frame,omitempty"`
	// Caller is, of code, the next function of the program that called Frame's. A
	// lock holder has none: its function is the one that let go of the lock, but for
	// what a CPU sample shows.
	Caller *Frame `json:"caller,omitempty"`
	// How says what Frame was read off for most of the piece of code: sample (a CPU
	// sample in it), stack (the stack on which it ended or on which it woke another),
	// region, creation (only the goroutine's group is known).
	How    string `json:"how,omitempty"`
	Region string `json:"region,omitempty"`
	// Group is, by creation, the group that ran; of scheduler pieces the group whose
	// goroutines had the processor, absent where it was free.
	Group *int `json:"group,omitempty"`
	// Stopped says of a scheduler piece that the world was stopped.
	Stopped bool  `json:"stopped,omitempty"`
	Ns      int64 `json:"ns"`
	// DirectNs is what those did who ended the waits, or of a path what its own
	// goroutine did; PropagatedNs what these waited for in turn.
	DirectNs     int64 `json:"direct_ns"`
	PropagatedNs int64 `json:"propagated_ns"`
	// HeldIn is, where somebody waited for a lock meanwhile, the function that let go
	// of it in the end: the goroutine that did this had it, or waited for one that did.
	HeldIn *Frame `json:"held_in,omitempty"`
	// HeldNs is the part of it during which somebody waited for a lock: all, where
	// HeldIn is given.
	HeldNs int64 `json:"held_ns,omitempty"`
	// IdleBlockedNs is the processor time that idled meanwhile, shared equally among
	// all waits and within a wait evenly over its time.
	IdleBlockedNs int64 `json:"idle_blocked_ns,omitempty"`
}

// Culprit is the function that a piece is about, or in brackets its kind where it is
// about none.
func (p *Piece) Culprit() Frame {
	if p.Frame == nil {
		return Frame{Func: "(" + p.Kind + ")"}
	}
	return *p.Frame
}

// Edge is the waits of a group for another, or for something that is no goroutine.
type Edge struct {
	From int `json:"from"` // group
	// To is the group that ended the waits, -1 where To is none.
	To int `json:"to"`
	// Node is what To is: group, others (goroutines that were not asked for), or io,
	// timer, syscall, gc, scheduler, open, unknown, unresolved.
	Node  string           `json:"node"`
	Waits int64            `json:"waits"` // 0 for the scheduler's
	Ns    int64            `json:"ns"`
	Kinds map[string]int64 `json:"kinds"` // ns by class/kind
	// LateNs is of waits for a WaitGroup by how much the goroutine that ended them
	// came after the last other one that the waiter had created to end meanwhile: had
	// it been faster by more, that one would have been waited for. It counts only the
	// waits with such a one.
	LateNs int64 `json:"late_ns,omitempty"`
	// FutileWakeUps is how often a goroutine was woken and found that it had to wait
	// on, for a sync.Cond. Such waits count as one.
	FutileWakeUps int64 `json:"futile_wake_ups,omitempty"`
	// TimedOut and TimedOutNs are of waits that a timer ended at places where this
	// group otherwise ends them. They are not a part of Ns, but of the edge to the
	// timer.
	TimedOut   int64 `json:"timed_out,omitempty"`
	TimedOutNs int64 `json:"timed_out_ns,omitempty"`
	// Pieces are what filled the waits: the three largest.
	Pieces []Piece `json:"pieces,omitempty"`
	// At are the longest of the waits: at most three.
	At []Moment `json:"at,omitempty"`
}

// Knot is groups each of which waits for another one of them, and hardly for
// anything else.
type Knot struct {
	Groups []int `json:"groups"`
	// InsideNs is their waits for each other, OutsideNs those for other goroutines and
	// for input and output; their own timers are neither.
	InsideNs  int64 `json:"inside_ns"`
	OutsideNs int64 `json:"outside_ns"`
	// WorkNs is the part of InsideNs in which one of the chain ran or was in a
	// system call, TimerNs that in which it waited for a timer. TimedOut and
	// TimedOutNs are of waits for each other that a timer ended.
	WorkNs     int64 `json:"work_ns"`
	TimerNs    int64 `json:"timer_ns"`
	TimedOut   int64 `json:"timed_out"`
	TimedOutNs int64 `json:"timed_out_ns"`
	// TrappedNs is the part of InsideNs in which one waited for another that waited in
	// vain for one of them, until a timer ended that.
	TrappedNs int64    `json:"trapped_ns"`
	At        []Moment `json:"at,omitempty"`
}

// Path is what tasks or regions consist of: what their goroutine did, and where it
// waited what filled the wait. What their goroutine did before it waited counts, even if
// what it then waited for would have taken as long without that; conctrace path leaves
// that out.
type Path struct {
	Runs   int64   `json:"runs"`   // that have both ends in the scope
	Ns     int64   `json:"ns"`     // their lengths, summed
	Pieces []Piece `json:"pieces"` // the most first: at most twelve, and other; they sum to Ns
}

// Work is the work and the span of regions (methods.md A.9). The times are sums
// over the runs that were measured.
type Work struct {
	Runs int64 `json:"runs"` // measured: one at a time
	Ns   int64 `json:"ns"`   // wall time
	// WorkNs is T1, the running time of all goroutines that belong to the region;
	// JoinedNs the part of it that is known to have led to the region's end.
	WorkNs   int64 `json:"work_ns"`
	JoinedNs int64 `json:"joined_ns"`
	// ForeignNs is for how long the regions' own goroutines waited for goroutines that
	// do not belong to them.
	ForeignNs int64 `json:"foreign_ns"`
	// SpanNs is T∞, the longest chain of running that had to be one after the
	// other until the region's end. SpanLocksNs takes in that a lock lets through one at
	// a time and a channel may be full, SpanOutsideNs instead the waits for what is
	// outside or does not belong to it, SpanLatencyNs both; SpanBurdenedNs is SpanNs and
	// what it costs to wake the goroutines on it.
	SpanNs         int64 `json:"span_ns"`
	SpanLocksNs    int64 `json:"span_locks_ns"`
	SpanOutsideNs  int64 `json:"span_outside_ns"`
	SpanLatencyNs  int64 `json:"span_latency_ns"`
	SpanBurdenedNs int64 `json:"span_burdened_ns"`
	// Chain is what the longest chain of running mostly consists of: at most four, an
	// upper bound each.
	Chain []Piece `json:"chain,omitempty"`
}

// Parallelism is how many processors the work could keep busy on average if there
// were enough of them, T1/T∞; 0 where nothing ran.
func (w *Work) Parallelism() float64 {
	if w.SpanNs <= 0 {
		return 0
	}
	return float64(w.WorkNs) / float64(w.SpanNs)
}
