package result

// Concurrency says how much went on and ran at once, user goroutines only. What
// it counts are the raw states: a goroutine in a system call does not run.
type Concurrency struct {
	// AverageRunning is the running time divided by the scope's length.
	AverageRunning float64 `json:"average_running"`
	// AverageParallelism is the running time divided by the time in which at
	// least one goroutine ran; 0 when none did.
	AverageParallelism float64 `json:"average_parallelism"`
	// AverageEngaged is the mean number of goroutines in progress, C_e: neither
	// at rest nor waiting for their own children, the pots on the stove.
	AverageEngaged float64 `json:"average_engaged"`
	// AverageAlive is the mean number of goroutines that were there, C.
	AverageAlive float64 `json:"average_alive"`
	// AverageDemand is the mean number of goroutines that ran or were ready, D.
	AverageDemand float64 `json:"average_demand"`
	// RunningHistogramNs[k] is for how long exactly k goroutines ran.
	RunningHistogramNs []int64 `json:"running_histogram_ns"`
	// BandsNs is the same by the share of the processors that ran goroutines.
	BandsNs Bands `json:"bands_ns"`

	// Efficiency is the share of the processors' time that ran user goroutines,
	// η = ∫R/∫N. It is EfficiencyDemand, ∫min(D,N)/∫N (was there enough ready
	// work?), times EfficiencySupply, ∫R/∫min(D,N) (was what was ready run?).
	Efficiency       float64 `json:"efficiency"`
	EfficiencySupply float64 `json:"efficiency_supply"`
	EfficiencyDemand float64 `json:"efficiency_demand"`
	// ExcessDemandNs is ∫max(0, D−N): ready goroutines beyond the processors.
	ExcessDemandNs int64 `json:"excess_demand_ns"`

	// PartitionNs gives every instant of the scope exactly one label. Its parts
	// sum to the scope's length.
	PartitionNs Partition `json:"partition_ns"`
	// The parts of the partition by cause: each map sums to the label's time.
	LatencyCauseNs     map[string]int64 `json:"latency_cause_ns"`     // io, timer, sync, syscall, cgo, runtime, coroutine, unknown: what most waited for
	StalledCauseNs     map[string]int64 `json:"stalled_cause_ns"`     // stw, gc, syscall-held, dispatch
	InterleavedCauseNs map[string]int64 `json:"interleaved_cause_ns"` // capacity, dispatch, stw, dependency, latency, coroutine, runtime, unknown
	ParallelKindNs     map[string]int64 `json:"parallel_kind_ns"`     // partial, full, saturated, wasteful
	// Longest are the ten longest unbroken stretches of each label.
	Longest map[string][]Moment `json:"longest"`
	// Phases are the labels that prevailed, in order, over stretches of at
	// least a millisecond and a thousandth of the scope.
	Phases []Phase `json:"phases"`

	// SerialShare is σ_t, the share of the running time with one goroutine
	// running; SerialWork is σ_w, the share of the work done then.
	SerialShare float64 `json:"serial_share"`
	SerialWork  float64 `json:"serial_work"`
	// AmdahlBound is how many processors could be kept busy at most while the
	// serial work stays, 1/(σ_w + (1−σ_w)/N); KarpFlatt is the serial fraction
	// that the average parallelism over the wall time implies. Both are 0 with
	// one processor or without running time.
	AmdahlBound float64 `json:"amdahl_bound"`
	KarpFlatt   float64 `json:"karp_flatt"`

	// Overlaps are pairs of the groups that ran most: how much they ran at the
	// same time.
	Overlaps []Overlap `json:"overlaps,omitempty"`
	// OnCPU says whether running goroutines had a core; only with CPU samples.
	OnCPU *OnCPU `json:"on_cpu,omitempty"`
	// SoleIONs is for how long nothing was in progress but one wait for input or
	// output, and whoever waited for it.
	SoleIONs int64 `json:"sole_io_ns"`
	// SequentialIO are the goroutines with most of it.
	SequentialIO []SequentialIO `json:"sequential_io,omitempty"`
}

// Bands is wall time by how much of the processors ran user goroutines: none or
// under half of one, up to 50 %, up to 85 %, more (VTune's bands).
type Bands struct {
	Idle  int64 `json:"idle"`
	Poor  int64 `json:"poor"`
	OK    int64 `json:"ok"`
	Ideal int64 `json:"ideal"`
}

// Partition is wall time by label (methods.md A.5): R running, Q ready, C_e in
// progress.
type Partition struct {
	Idle         int64 `json:"idle"`              // nothing in progress
	LatencyBound int64 `json:"latency_bound"`     // R=0, Q=0, C_e≥1: all wait
	Stalled      int64 `json:"stalled"`           // R=0, Q≥1: ready work, nobody runs
	Serial       int64 `json:"serial"`            // R=1, Q=0, C_e=1
	Interleaved  int64 `json:"interleaved"`       // R=1, C_e≥2: concurrent, not parallel
	Parallel     int64 `json:"parallel"`          // R≥2
	Unknown      int64 `json:"unknown,omitempty"` // in a gap of a damaged trace
}

// Sum is the whole of the time.
func (p Partition) Sum() int64 {
	return p.Idle + p.LatencyBound + p.Stalled + p.Serial + p.Interleaved + p.Parallel + p.Unknown
}

// Engaged is the time in which something was in progress.
func (p Partition) Engaged() int64 { return p.Sum() - p.Idle - p.Unknown }

// Parts lists the labels with their time, in the order of the table.
func (p Partition) Parts() []LabelTime {
	return []LabelTime{
		{"parallel", p.Parallel}, {"interleaved", p.Interleaved}, {"serial", p.Serial}, {"stalled", p.Stalled},
		{"latency-bound", p.LatencyBound}, {"idle", p.Idle}, {"unknown", p.Unknown},
	}
}

// LabelTime is the time of one label.
type LabelTime struct {
	Label string
	Ns    int64
}

// Phase is a stretch in which one label prevailed.
type Phase struct {
	FromNs int64  `json:"from_ns"`
	ToNs   int64  `json:"to_ns"`
	Label  string `json:"label"`
}

// Overlap is how much two groups ran at the same time.
type Overlap struct {
	A  int   `json:"a"` // group
	B  int   `json:"b"` // group
	Ns int64 `json:"ns"`
	// Share is of the running wall time of the one that ran less.
	Share float64 `json:"share"`
}

// OnCPU holds CPU samples against the running time that the trace shows.
type OnCPU struct {
	Samples int64 `json:"samples"`
	// PeriodNs is the time that a sample stands for: 10 ms, runtime/pprof's
	// default, as traces do not tell it.
	PeriodNs int64 `json:"period_ns"`
	// RunningNs is the running time, the runtime's included, between the first
	// sample and the last.
	RunningNs int64 `json:"running_ns"`
	// Ratio is κ, samples × period / running time: 1 when every running
	// goroutine had a core, 0.5 when each had half of one.
	Ratio float64 `json:"ratio"`
}

// SequentialIO is a goroutine that waited for answers from outside, one after the
// other, while nothing else was in progress.
type SequentialIO struct {
	Goroutine int64 `json:"goroutine"`
	Group     int   `json:"group"`
	Waits     int64 `json:"waits"`
	TotalNs   int64 `json:"total_ns"`
	LongestNs int64 `json:"longest_ns"`
	// ViaWaits are those through a goroutine that reads a client's connection.
	ViaWaits int64 `json:"via_waits"`
	// MostInARow is the highest number of such waits between which the
	// goroutine waited for nothing else.
	MostInARow int64    `json:"most_in_a_row"`
	Frames     []Frame  `json:"frames"` // of the longest
	At         []Moment `json:"at"`     // the longest three
}

// GroupParallelism says how much of a group went on and ran at once.
type GroupParallelism struct {
	// Verdict is parallel (PF ≥ 0.5, and running goroutines had a core for 80 % of
	// their time where that is known), sequential (CF < 0.05), interleaved-only (CF
	// ≥ 0.5 and PF < 0.05), else partly-parallel, or "" where nothing ran.
	Verdict string `json:"verdict"`
	// CF is the share of the time with a member in progress in which two or more
	// were; PF the share of the time with a member running in which two or more
	// ran.
	CF float64 `json:"cf"`
	PF float64 `json:"pf"`
	// EngagedNs is the wall time with a member in progress, RunningNs with one
	// running.
	EngagedNs int64 `json:"engaged_ns"`
	RunningNs int64 `json:"running_ns"`
	// MostEngaged is the highest number of members in progress at once.
	MostEngaged int `json:"most_engaged"`
	// CriticalityNs is the group's share of the time in which anything ran: each
	// instant is divided equally among those that run (bottle graphs). Over all
	// groups it sums to that time. Width is the running time divided by it.
	CriticalityNs int64   `json:"criticality_ns"`
	Width         float64 `json:"width"`
	// AloneNs is for how long a member was the only goroutine that ran while
	// others waited for goroutines and none was ready.
	AloneNs int64 `json:"alone_ns"`
}
