package wire

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

// argCount is how many numbers follow the time of an event, or notTimed for
// what cannot stand in a batch of events.
var argCount = func() (n [256]uint8) {
	for i := range n {
		n[i] = notTimed
	}
	for i, args := range []uint8{
		typeProcsChange: 2, typeProcStart: 2, typeProcStop: 0, typeProcSteal: 3, typeProcStatus: 2,
		typeGoCreate: 3, typeGoCreateSyscall: 1, typeGoStart: 2, typeGoDestroy: 0, typeGoDestroySyscall: 0,
		typeGoStop: 2, typeGoBlock: 2, typeGoUnblock: 3, typeGoSyscallBegin: 2, typeGoSyscallEnd: 0,
		typeGoSyscallEndBlocked: 0, typeGoStatus: 3, typeSTWBegin: 2, typeSTWEnd: 0, typeGCActive: 1,
		typeGCBegin: 2, typeGCEnd: 1, typeGCSweepActive: 1, typeGCSweepBegin: 1, typeGCSweepEnd: 2,
		typeGCMarkAssistActive: 1, typeGCMarkAssistBegin: 1, typeGCMarkAssistEnd: 0, typeHeapAlloc: 1,
		typeHeapGoal: 1, typeGoLabel: 1, typeUserTaskBegin: 4, typeUserTaskEnd: 2, typeUserRegionBegin: 3,
		typeUserRegionEnd: 3, typeUserLog: 4, typeGoSwitch: 2, typeGoSwitchDestroy: 2,
		typeGoCreateBlocked: 3, typeGoStatusStack: 4,
	} {
		if i >= typeProcsChange {
			n[i] = args
		}
	}
	for i, args := range []uint8{3, 3, 1, 2, 2, 1, 2, 2, 1} { // spans, objects, stacks: exist, alloc, free
		n[typeSpan+i] = args
	}
	return n
}()

const notTimed = 0xff

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
