package result

// Finding is something that stands out, with its evidence.
type Finding struct {
	Detector string `json:"detector"` // its name, as conctrace detectors lists it
	Title    string `json:"title"`
	Severity string `json:"severity"` // high, medium, low
	// Score ranks findings: 25 at a detector's lower threshold, 75 at its upper.
	Score float64 `json:"score"`
	// LostNs is the time lost, of LostOf: processors (idle or taken), goroutines
	// (that waited), or wall (the clock's).
	LostNs   int64  `json:"lost_ns"`
	LostOf   string `json:"lost_of"`
	Sentence string `json:"sentence"` // with the numbers
	// Culprit is the function, file and line to look at, as in Group.CreatedBy, or
	// a group; "" where the trace names none.
	Culprit string `json:"culprit"`
	Remedy  string `json:"remedy"`
	Caveat  string `json:"caveat"` // why it may be wrong
	// Evidence is the numbers that the finding rests on, by name; names that end
	// in _ns are nanoseconds, others counts, or shares between 0 and 1.
	Evidence map[string]float64 `json:"evidence"`
	At       []Moment           `json:"at"`     // the worst moments: at most three
	Groups   []int              `json:"groups"` // concerned, the most first
	Victims  []int              `json:"victims"`
	Stacks   []RoleStack        `json:"stacks"`
	// Explain is the command that tells the story of the finding's moments.
	Explain string `json:"explain"`
	// Merged are the findings of less specific detectors that this one explains.
	Merged []string `json:"merged,omitempty"`
}

// RoleStack is a stack and what its goroutine did there.
type RoleStack struct {
	Role   string  `json:"role"` // blocked, waker, running, created
	Frames []Frame `json:"frames"`
}
