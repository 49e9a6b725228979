package result

// Patterns are what goroutines do again and again (methods.md A.7): at most twenty of
// each, the costliest first. Waits that are at rest are in volleys, ping-pongs and joins,
// as tickers that fire together are at rest, too; not in sleep loops.
type Patterns struct {
	PingPongs  []PingPong  `json:"ping_pongs"`
	Volleys    []Volley    `json:"volleys"`
	Joins      []Join      `json:"joins"`
	SleepLoops []SleepLoop `json:"sleep_loops"`
	YieldLoops []YieldLoop `json:"yield_loops"`
	Stages     []Stage     `json:"stages"`
}

// Stage is a group that sends to or receives from another over a channel. Channels
// with several groups on a side count for the one with most waiting.
type Stage struct {
	Group int `json:"group"`
	// Upstream and Downstream are the channels that it receives from and sends to:
	// indexes in Result.SiteClasses.
	Upstream   []int `json:"upstream,omitempty"`
	Downstream []int `json:"downstream,omitempty"`
	// RunningNs is for how long its goroutines ran in all.
	RunningNs int64 `json:"running_ns"`
	// SendNs and ReceiveNs are for how long it was blocked itself, SendersNs and
	// ReceiversNs for how long those before it were that send to it, and those behind
	// it that receive.
	SendNs      int64 `json:"send_ns"`
	ReceiveNs   int64 `json:"receive_ns"`
	SendersNs   int64 `json:"senders_ns"`
	ReceiversNs int64 `json:"receivers_ns"`
	// Bottleneck says that those before and behind it are blocked for at least a tenth
	// of the time, as far as there are any, and it for no more than a fifth of its own, of
	// which it runs for at least half.
	Bottleneck bool `json:"bottleneck"`
}

// PingPong is goroutines of two groups that wake each other in turns: at least ten
// times in a row, each after less than 50 µs on a processor.
type PingPong struct {
	Groups []int `json:"groups"`
	// Sites are where the one and the other waits: indexes in Result.Sites.
	Sites     []int `json:"sites"`
	Rallies   int64 `json:"rallies"`    // unbroken rows of hand-overs
	HandOvers int64 `json:"hand_overs"` // wake-ups
	// Ns is the time of the rows, RunningNs the part without the handing over: from a
	// wake-up until the other ran, no more than 10 µs of which the first may still run.
	// OverlapNs is the part in which both ran.
	Ns        int64    `json:"ns"`
	RunningNs int64    `json:"running_ns"`
	OverlapNs int64    `json:"overlap_ns"`
	At        []Moment `json:"at"` // the longest three
}

// Volley is four or more waits at one place, all of different goroutines, that end within
// 100 µs by one goroutine that calls Broadcast or closes channels; or by timers, of which
// the first four within 1 ms and the others within 5 ms.
type Volley struct {
	Site int `json:"site"` // index in Result.Sites
	// WakerGroup is the group of the goroutines that ended the waits, at WakerFrames;
	// -1 for timers, which have none, and for goroutines that were not asked for.
	WakerGroup  int     `json:"waker_group"`
	WakerFrames []Frame `json:"waker_frames,omitempty"`
	Count       int64   `json:"count"`   // volleys
	Woken       int64   `json:"woken"`   // waits that ended in them
	Most        int64   `json:"most"`    // in one of them
	Waiters     int64   `json:"waiters"` // goroutines that waited at the place at any time
	// Futile is how many of the woken waited for the same again, having run for less
	// than 10 µs without a system call or a wake-up, FutileRunNs for how long they ran.
	Futile      int64 `json:"futile"`
	FutileRunNs int64 `json:"futile_run_ns"`
	// ReadyNs is for how long the woken waited for a processor in all, LongestDrainNs
	// the longest time from a volley's beginning until one of them had its processor.
	ReadyNs        int64 `json:"ready_ns"`
	LongestDrainNs int64 `json:"longest_drain_ns"`
	// LengthNs is from the first to the last wake-up of each volley, summed.
	LengthNs int64 `json:"length_ns"`
	// PeriodNs is the mean time from one volley to the next, PeriodSpread the
	// coefficient of variation of these times.
	PeriodNs     int64    `json:"period_ns"`
	PeriodSpread float64  `json:"period_spread"`
	At           []Moment `json:"at"` // the three that took longest
}

// Join is waits for a WaitGroup that ended when the last of several goroutines did
// which one goroutine had created. All sums are over the joins.
type Join struct {
	Site  int `json:"site"`  // where they were waited for: index in Result.Sites
	Group int `json:"group"` // of the member that ended first
	// LastGroup is the group whose goroutines were most often the last.
	LastGroup int   `json:"last_group"`
	Count     int64 `json:"count"`
	Members   int64 `json:"members"`
	// Mixed is how many of the joins had members of several groups, AtOnce of how many
	// all members were created within a millisecond or a tenth of its length.
	Mixed  int64 `json:"mixed"`
	AtOnce int64 `json:"at_once"`
	Ns     int64 `json:"ns"`      // from the first creation to the end of the wait
	WaitNs int64 `json:"wait_ns"` // of the waits
	// RunMeanNs and RunMaxNs are the mean and the highest running time of a member: the
	// load balance is the one divided by the other.
	RunMeanNs int64 `json:"run_mean_ns"`
	RunMaxNs  int64 `json:"run_max_ns"`
	// Late is how many of the joins had a gap of a millisecond and a fifth of the wait
	// before the last end, Uneven in how many even shares would have saved a millisecond
	// and a tenth.
	Late   int64 `json:"late"`
	Uneven int64 `json:"uneven"`
	// TailNs is from the mean end of the members to the last, LastGapNs from the last
	// end but one to the last, while it was waited for.
	TailNs    int64 `json:"tail_ns"`
	LastGapNs int64 `json:"last_gap_ns"`
	// UnevenNs is what equal shares of the running time would have saved at most, with
	// the processors that there are.
	UnevenNs int64    `json:"uneven_ns"`
	At       []Moment `json:"at"` // in which only the last one went on: the longest three
}

// SleepLoop is a place at which goroutines of a group slept again and again with
// nothing in between that shows: less than 100 µs of running, no wake-up, no system
// call, no other wait.
type SleepLoop struct {
	Site      int   `json:"site"` // index in Result.Sites
	Group     int   `json:"group"`
	Rounds    int64 `json:"rounds"`
	SleptNs   int64 `json:"slept_ns"`
	RunningNs int64 `json:"running_ns"` // between the sleeps
	// Spread is the coefficient of variation of the sleeps' lengths.
	Spread float64 `json:"spread"`
}

// YieldLoop is a place at which goroutines of a group gave their processors up
// (runtime.Gosched), the runtime's own calls left out.
type YieldLoop struct {
	Group     int     `json:"group"`
	Frames    []Frame `json:"frames"`
	Count     int64   `json:"count"`
	RunningNs int64   `json:"running_ns"` // of the runs that ended so
}
