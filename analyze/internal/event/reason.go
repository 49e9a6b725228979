package event

// ReasonID names why a goroutine left the processor, or why the world stopped.
type ReasonID uint16

// The reasons that the runtime of Go 1.11 to 1.26 writes (runtime/traceruntime.go).
const (
	ReasonNone ReasonID = iota // coroutine switches, statuses, and much of Go 1.11–1.21
	ReasonUnspecified
	ReasonForever
	ReasonNetwork
	ReasonSelect
	ReasonCond
	ReasonSync
	ReasonChanSend
	ReasonChanReceive
	ReasonGCAssistWait
	ReasonGCSweepWait
	ReasonSystemWait
	ReasonPreempted
	ReasonDebugCall
	ReasonGCWait
	ReasonSleep
	ReasonGCWeak
	ReasonSynctest
	ReasonGosched
	ReasonGoSched // as a development version of Go 1.22 wrote it
	numKnownReasons
)

var knownReasons = [numKnownReasons]string{
	ReasonNone:         "",
	ReasonUnspecified:  "unspecified",
	ReasonForever:      "forever",
	ReasonNetwork:      "network",
	ReasonSelect:       "select",
	ReasonCond:         "sync.(*Cond).Wait",
	ReasonSync:         "sync",
	ReasonChanSend:     "chan send",
	ReasonChanReceive:  "chan receive",
	ReasonGCAssistWait: "GC mark assist wait for work",
	ReasonGCSweepWait:  "GC background sweeper wait",
	ReasonSystemWait:   "system goroutine wait",
	ReasonPreempted:    "preempted",
	ReasonDebugCall:    "wait for debug call",
	ReasonGCWait:       "wait until GC ends",
	ReasonSleep:        "sleep",
	ReasonGCWeak:       "GC weak to strong wait",
	ReasonSynctest:     "synctest",
	ReasonGosched:      "runtime.Gosched",
	ReasonGoSched:      "runtime.GoSched",
}
