package wire

import "fmt"

// The types of events (GOROOT/src/internal/trace/tracev2/events.go), with their
// arguments behind the time.
const (
	typeStack         = 3
	typeString        = 5
	typeCPUSamples    = 6
	typeCPUSample     = 7
	typeClockSnapshot = 51 // mono, sec, nsec

	typeProcsChange = 9  // GOMAXPROCS, stack
	typeProcStart   = 10 // P, P's sequence
	typeProcStop    = 11
	typeProcSteal   = 12 // P, P's sequence, thread
	typeProcStatus  = 13 // P, status

	typeGoCreate            = 14 // goroutine, its stack, stack
	typeGoCreateSyscall     = 15 // goroutine
	typeGoStart             = 16 // goroutine, its sequence
	typeGoDestroy           = 17
	typeGoDestroySyscall    = 18
	typeGoStop              = 19 // reason, stack
	typeGoBlock             = 20 // reason, stack
	typeGoUnblock           = 21 // goroutine, its sequence, stack
	typeGoSyscallBegin      = 22 // P's sequence, stack
	typeGoSyscallEnd        = 23
	typeGoSyscallEndBlocked = 24
	typeGoStatus            = 25 // goroutine, thread, status

	typeSTWBegin           = 26 // reason, stack
	typeSTWEnd             = 27
	typeGCActive           = 28 // sequence
	typeGCBegin            = 29 // sequence, stack
	typeGCEnd              = 30 // sequence
	typeGCSweepActive      = 31 // P
	typeGCSweepBegin       = 32 // stack
	typeGCSweepEnd         = 33 // bytes swept, bytes reclaimed
	typeGCMarkAssistActive = 34 // goroutine
	typeGCMarkAssistBegin  = 35 // stack
	typeGCMarkAssistEnd    = 36
	typeHeapAlloc          = 37 // bytes
	typeHeapGoal           = 38 // bytes

	typeGoLabel         = 39 // string
	typeUserTaskBegin   = 40 // task, parent, name, stack
	typeUserTaskEnd     = 41 // task, stack
	typeUserRegionBegin = 42 // task, name, stack
	typeUserRegionEnd   = 43 // task, name, stack
	typeUserLog         = 44 // task, category, message, stack

	typeGoSwitch        = 45 // goroutine, its sequence
	typeGoSwitchDestroy = 46 // goroutine, its sequence
	typeGoCreateBlocked = 47 // goroutine, its stack, stack
	typeGoStatusStack   = 48 // goroutine, thread, status, stack

	typeSpan              = 128 // id, pages, class: the first of an experiment
	typeGoroutineStackEnd = 136 // id: the last
)

// specs say what each event is called and how many numbers follow its time.
var specs = [...]struct {
	name string
	args uint8
}{
	typeProcsChange:         {"ProcsChange", 2},
	typeProcStart:           {"ProcStart", 2},
	typeProcStop:            {"ProcStop", 0},
	typeProcSteal:           {"ProcSteal", 3},
	typeProcStatus:          {"ProcStatus", 2},
	typeGoCreate:            {"GoCreate", 3},
	typeGoCreateSyscall:     {"GoCreateSyscall", 1},
	typeGoStart:             {"GoStart", 2},
	typeGoDestroy:           {"GoDestroy", 0},
	typeGoDestroySyscall:    {"GoDestroySyscall", 0},
	typeGoStop:              {"GoStop", 2},
	typeGoBlock:             {"GoBlock", 2},
	typeGoUnblock:           {"GoUnblock", 3},
	typeGoSyscallBegin:      {"GoSyscallBegin", 2},
	typeGoSyscallEnd:        {"GoSyscallEnd", 0},
	typeGoSyscallEndBlocked: {"GoSyscallEndBlocked", 0},
	typeGoStatus:            {"GoStatus", 3},
	typeSTWBegin:            {"STWBegin", 2},
	typeSTWEnd:              {"STWEnd", 0},
	typeGCActive:            {"GCActive", 1},
	typeGCBegin:             {"GCBegin", 2},
	typeGCEnd:               {"GCEnd", 1},
	typeGCSweepActive:       {"GCSweepActive", 1},
	typeGCSweepBegin:        {"GCSweepBegin", 1},
	typeGCSweepEnd:          {"GCSweepEnd", 2},
	typeGCMarkAssistActive:  {"GCMarkAssistActive", 1},
	typeGCMarkAssistBegin:   {"GCMarkAssistBegin", 1},
	typeGCMarkAssistEnd:     {"GCMarkAssistEnd", 0},
	typeHeapAlloc:           {"HeapAlloc", 1},
	typeHeapGoal:            {"HeapGoal", 1},
	typeGoLabel:             {"GoLabel", 1},
	typeUserTaskBegin:       {"UserTaskBegin", 4},
	typeUserTaskEnd:         {"UserTaskEnd", 2},
	typeUserRegionBegin:     {"UserRegionBegin", 3},
	typeUserRegionEnd:       {"UserRegionEnd", 3},
	typeUserLog:             {"UserLog", 4},
	typeGoSwitch:            {"GoSwitch", 2},
	typeGoSwitchDestroy:     {"GoSwitchDestroy", 2},
	typeGoCreateBlocked:     {"GoCreateBlocked", 3},
	typeGoStatusStack:       {"GoStatusStack", 4},
	typeSpan:                {"Span", 3},
	typeSpan + 1:            {"SpanAlloc", 3},
	typeSpan + 2:            {"SpanFree", 1},
	typeSpan + 3:            {"HeapObject", 2},
	typeSpan + 4:            {"HeapObjectAlloc", 2},
	typeSpan + 5:            {"HeapObjectFree", 1},
	typeSpan + 6:            {"GoroutineStack", 2},
	typeSpan + 7:            {"GoroutineStackAlloc", 2},
	typeSpan + 8:            {"GoroutineStackFree", 1},
}

// argCount is how many numbers follow the time of an event, or notTimed for
// what cannot stand in a batch of events.
var argCount = func() (n [256]uint8) {
	for i := range n {
		n[i] = notTimed
		if i < len(specs) && specs[i].name != "" {
			n[i] = specs[i].args
		}
	}
	return n
}()

const notTimed = 0xff

// eventName is what an event is called in messages.
func eventName(kind byte) string {
	if argCount[kind] == notTimed {
		return fmt.Sprintf("of type %d", kind)
	}
	return specs[kind].name
}

// What a goroutine's status event says (tracev2.GoStatus). Zero is accepted by
// golang.org/x/exp/trace, and means undetermined.
const (
	statusRunnable = 1
	statusRunning  = 2
	statusSyscall  = 3
	statusWaiting  = 4
)

// What a P's status event says (tracev2.ProcStatus). An abandoned P is one whose
// goroutine is in a system call that began in an earlier generation.
const (
	procRunning   = 1
	procIdle      = 2
	procSyscall   = 3
	procAbandoned = 4
)
