package result

// Explanation says what single waits, tasks, regions or goroutines were about:
// the chains of causes, step by step. It is what conctrace explain writes.
type Explanation struct {
	SchemaVersion int       `json:"schema_version"`
	Trace         About     `json:"trace"`
	Question      string    `json:"question"` // what was asked for, in words
	Groups        []GroupID `json:"groups"`   // that pieces and steps name by index
	Stories       []Story   `json:"stories"`
	// Notes say what the stories leave out, and why.
	Notes []string `json:"notes"`
}

// About is the trace that an answer is about.
type About struct {
	File       string `json:"file"`
	GoVersion  string `json:"go_version"`
	DurationNs int64  `json:"duration_ns"`
	Complete   bool   `json:"complete"`
}

// GroupID is what a group is called.
type GroupID struct {
	Name      string `json:"name"` // entry function
	CreatedBy string `json:"created_by"`
	System    bool   `json:"system"`
}

// Story is what filled a wait, or a part of a goroutine's time.
type Story struct {
	Title     string `json:"title"` // such as "the longest of 53 waits"
	Goroutine int64  `json:"goroutine"`
	Group     int    `json:"group"` // index in Groups, -1 if unknown
	FromNs    int64  `json:"from_ns"`
	ToNs      int64  `json:"to_ns"`
	// Kind is the class/kind of a wait; task, region or moment where more than one
	// wait is told of.
	Kind string `json:"kind"`
	Name string `json:"name,omitempty"` // type of a task or region
	// Frames are where it waited, leaf first.
	Frames []Frame `json:"frames,omitempty"`
	// Pieces sum the steps by what went on, the most first.
	Pieces []Piece `json:"pieces"`
	// All is what all waits of that kind at that place consisted of, where the story
	// was chosen as one of them.
	All *WaitSum `json:"all,omitempty"`
	// Steps follow each other without a gap from FromNs to ToNs.
	Steps []Step `json:"steps"`
}

// WaitSum is several waits.
type WaitSum struct {
	Waits   int64   `json:"waits"`
	TotalNs int64   `json:"total_ns"`
	Pieces  []Piece `json:"pieces"`
}

// Step is what filled a part of a goroutine's time: one piece, or a wait for
// another goroutine with the steps of that one meanwhile.
type Step struct {
	FromNs    int64 `json:"from_ns"`
	ToNs      int64 `json:"to_ns"`
	Goroutine int64 `json:"goroutine"`
	Group     int   `json:"group"` // of the goroutine, -1 if unknown
	// Kind is wait, for a wait that a goroutine ended; else as in Piece.
	Kind string `json:"kind"`
	// WaitKind is the class/kind of a wait, of whatever ended it, and of readiness.
	WaitKind string `json:"wait_kind,omitempty"`
	Frame    *Frame `json:"frame,omitempty"` // as in Piece, or where it waited
	Caller   *Frame `json:"caller,omitempty"`
	How      string `json:"how,omitempty"`
	Region   string `json:"region,omitempty"`
	HeldIn   *Frame `json:"held_in,omitempty"`
	// Antagonist is the group that had the processor while the goroutine was ready.
	Antagonist *int `json:"antagonist,omitempty"`
	Stopped    bool `json:"stopped,omitempty"`
	// Merged is how many steps alike, one after the other, this one is.
	Merged int `json:"merged,omitempty"`

	// What follows is of a wait that a goroutine ended.

	Waker       *int64  `json:"waker,omitempty"`
	WakerGroup  *int    `json:"waker_group,omitempty"`
	Frames      []Frame `json:"frames,omitempty"`       // where it waited, leaf first
	WakerFrames []Frame `json:"waker_frames,omitempty"` // where the waker was when it ended the wait
	// LateNs is, of a wait for a WaitGroup, by how much the goroutine that ended it
	// came after RunnerUp, the last other one that the waiter had created to end
	// during the wait. Both are absent where there was none.
	LateNs   *int64 `json:"late_ns,omitempty"`
	RunnerUp *int64 `json:"runner_up,omitempty"`
	Steps    []Step `json:"steps,omitempty"`
}

// Ns is the length of a step.
func (s *Step) Ns() int64 { return s.ToNs - s.FromNs }

// BehindGroup is the group of the goroutine that ended a wait, -1 if unknown.
func (s *Step) BehindGroup() int {
	if s.WakerGroup == nil {
		return -1
	}
	return *s.WakerGroup
}

// PathReport is the critical paths of tasks, regions, goroutines, or of the trace's
// busiest stretch. It is what conctrace path writes.
type PathReport struct {
	SchemaVersion int            `json:"schema_version"`
	Trace         About          `json:"trace"`
	Question      string         `json:"question"`
	Groups        []GroupID      `json:"groups"`
	Paths         []CriticalPath `json:"paths"`
	Notes         []string       `json:"notes"`
}

// CriticalPath is the chain of what happened one after the other until something was
// done: back from its end, through every wait to whoever ended it. Its steps follow each
// other without a gap.
type CriticalPath struct {
	Title     string `json:"title"`     // such as "the slowest of 40 runs"
	Of        string `json:"of"`        // stretch, task, region, goroutine
	Type      string `json:"type"`      // of a task or region
	Goroutine int64  `json:"goroutine"` // at its end
	Group     int    `json:"group"`
	FromNs    int64  `json:"from_ns"`
	ToNs      int64  `json:"to_ns"`
	// Steps are pieces, none is a wait for a goroutine: at most five hundred, as
	// short ones that follow each other are one of kind other.
	Steps []Step `json:"steps"`
	// KindsNs sums the steps by kind, Pieces by what went on.
	KindsNs map[string]int64 `json:"kinds_ns"`
	Pieces  []Piece          `json:"pieces"`
	// RunnerUp is the goroutine that the last wait for several would have been for had
	// the one that ended it been faster by SlackNs; absent where there was none. What
	// both have in common, before they parted, is not bounded by that.
	RunnerUp *RunnerUp `json:"runner_up,omitempty"`
	// Work is its work and span, absent where these would mean nothing; then
	// Refused says why.
	Work    *Bounds `json:"work,omitempty"`
	Refused string  `json:"refused,omitempty"`
}

// RunnerUp is the second longest way to where a path waited for several.
type RunnerUp struct {
	Goroutine int64 `json:"goroutine"`
	Group     int   `json:"group"`
	EndedNs   int64 `json:"ended_ns"`
	SlackNs   int64 `json:"slack_ns"`
}

// Bounds is what more processors, or faster parts, could do at best. None of it is
// a prediction: the chains are those that this run happened to take.
type Bounds struct {
	Work
	// Processors are how long it takes at least with so many processors, T(p) ≥
	// max(T1/p, T∞): T1 is JoinedNs, T∞ that with locks and latency.
	Processors []ProcessorBound `json:"processors"`
	WhatIf     []WhatIf         `json:"what_if"` // the most first
}

// ProcessorBound is the time with a number of processors.
type ProcessorBound struct {
	P         int   `json:"p"`
	AtLeastNs int64 `json:"at_least_ns"`
	// AboutNs is T1/p + (1−1/p)·1.7·T∞ with T∞ burdened (Cilkview's estimate of what
	// will do); absent where locks or the outside matter.
	AboutNs int64 `json:"about_ns,omitempty"`
}

// WhatIf is the bound for one change.
type WhatIf struct {
	What  string `json:"what"` // code, lock, io, syscall, timer
	Frame *Frame `json:"frame,omitempty"`
	// Factor is what remains of it: 0.5 where it is twice as fast, 0 where it is
	// not there.
	Factor float64 `json:"factor"`
	// AtLeastNs is how long it would take at least, with the processors that there
	// were, and SpeedUpAtMost the length divided by it.
	AtLeastNs     int64   `json:"at_least_ns"`
	SpeedUpAtMost float64 `json:"speed_up_at_most"`
}
