// Package waitkind says what a goroutine was doing or waiting for.
//
// Everything that conctrace calls time belongs to one Kind, and every Kind to
// one Class. Table is the one place where the runtime's reasons and the frames
// that refine them become kinds: a new kind is a row there and a constant here.
package waitkind

import "strings"

// Class is one of the seven ways in which a goroutine spends its time. They
// exclude each other and cover a goroutine's whole life.
type Class uint8

// The classes.
const (
	Running     Class = iota // executing, or in a system call too short to matter
	Runnable                 // ready, waiting for a processor
	BlockedSync              // waiting for another goroutine
	BlockedIO                // waiting for the operating system
	Timer                    // waiting for a point in time
	Runtime                  // held up by the runtime's own work
	Unknown                  // the trace does not say
	NumClasses
)

var classNames = [NumClasses]string{"running", "runnable", "blocked-sync", "blocked-io", "timer", "runtime", "unknown"}

// String is the class's name as in reports and JSON.
func (c Class) String() string { return classNames[min(c, Unknown)] }

// Waiting says whether a goroutine in this class waits for something other than
// a processor.
func (c Class) Waiting() bool { return c >= BlockedSync }

// Kind is what exactly a goroutine was doing or waiting for.
type Kind uint8

// The kinds, in the order of Table.
const (
	User Kind = iota
	GCAssist
	SyscallShort
	Cgo

	Woken
	New
	Preempted
	Yielded
	SyscallReturn
	BeforeTrace

	Mutex
	RWMutexRead
	RWMutexWrite
	WaitGroup
	Cond
	Once
	Semaphore
	ChanSend
	ChanReceive
	Select
	Coroutine
	Forever
	Synctest

	Network
	File
	Syscall

	Sleep
	TimerChannel

	GCAssistWait
	GCWait
	GCWeak
	Suspended
	System
	DebugCall

	Unsaid
	NumKinds
)

// Class is the class that the kind belongs to.
func (k Kind) Class() Class { return Table[min(k, Unsaid)].Class }

// String is the kind's name within its class, such as "mutex".
func (k Kind) String() string { return Table[min(k, Unsaid)].Name }

// Label is class and kind, such as "blocked-sync/mutex".
func (k Kind) Label() string { return labels[min(k, Unsaid)] }

// Doc says in words what a goroutine of this kind is doing.
func (k Kind) Doc() string { return Table[min(k, Unsaid)].Doc }

var labels = func() (l [NumKinds]string) {
	for k, row := range Table {
		l[k] = row.Class.String() + "/" + row.Name
	}
	return l
}()

// Classify returns the kind of a wait from the runtime's reason and the stack
// on which the goroutine blocked: function names, leaf first.
//
// A stack refines a reason from the leaf outwards through the frames of the
// runtime and of sync; the outermost frame that a row knows decides, so that a
// Mutex inside a Once counts as Once.
func Classify(reason string, stack []string) Kind {
	rows, ok := byReason[reason]
	if !ok {
		return Unsaid
	}
	return refine(rows, stack)
}

// refine picks among the rows of one reason.
func refine(rows []Kind, stack []string) Kind {
	if len(rows) == 1 {
		return rows[0]
	}
	kind := Unsaid
	for _, k := range rows {
		if len(Table[k].Frames) == 0 {
			kind = k
			break
		}
	}
	for _, fn := range stack {
		if !plumbing(fn) {
			break
		}
		for _, k := range rows {
			if matches(Table[k].Frames, fn) {
				kind = k
			}
		}
	}
	return kind
}

// plumbing says whether a function belongs to the packages through which every
// blocking operation passes before user code appears.
func plumbing(fn string) bool {
	for _, p := range [...]string{"sync.", "internal/sync.", "runtime.", "internal/poll.", "internal/synctest.", "testing/synctest."} {
		if strings.HasPrefix(fn, p) {
			return true
		}
	}
	return false
}

// Infer returns the kind of a wait that began before the trace, from the stack
// of the goroutine's status (Go 1.23 and later). Such stacks show the runtime's
// own frames. It reports false where they do not say enough.
func Infer(stack []string) (Kind, bool) {
	for _, fn := range stack {
		if !plumbing(fn) && fn != "time.Sleep" {
			break
		}
		for k, row := range Table {
			if matches(row.Status, fn) {
				if row.semaphore() {
					return refine(byReason["sync"], stack), true
				}
				return Kind(k), true
			}
		}
	}
	return Unsaid, false
}

// InferFromWaker returns the kind of a wait of which only the end was seen,
// from the stack of the goroutine that ended it. Only what cannot be anything
// else is answered: a channel operation may have woken a receive or a select.
func InferFromWaker(stack []string) (Kind, bool) {
	kind, found := Unsaid, false
	for _, fn := range stack {
		if !plumbing(fn) {
			break
		}
		for k, row := range Table {
			if matches(row.Waker, fn) {
				kind, found = wokenThrough(kind, Kind(k)), true
			}
		}
	}
	return kind, found
}

// wokenThrough refines the kind that an inner frame of a waker gave by an outer
// one: an RWMutex that unlocks its inner Mutex lets the next writer in; else it
// wakes readers.
func wokenThrough(inner, outer Kind) Kind {
	if inner == Mutex && outer == RWMutexRead {
		return RWMutexWrite
	}
	return outer
}

// StopKind returns the kind of a goroutine's wait for a processor after it
// left one while it could have run on, from the runtime's reason and the stack.
func StopKind(reason string, stack []string) Kind {
	if reason == "runtime.Gosched" || reason == "runtime.GoSched" || handOff(stack) {
		return Yielded
	}
	return Preempted
}

// ShortSyscallNs is the length in nanoseconds from which a system call counts
// as blocking, whole; a shorter one is execution. It is the tick of the
// runtime's monitor thread, before which no other thread may take the
// processor away (runtime/proc.go, sysmon).
const ShortSyscallNs = 20_000

// SyscallKind returns the kind of a system call of a length in nanoseconds that
// was entered as EnteredSyscall says. Native code called through cgo runs, off
// the processors, however long.
func SyscallKind(entered Kind, ns int64) Kind {
	if entered != Cgo && ns < ShortSyscallNs {
		return SyscallShort
	}
	return entered
}

// EnteredSyscall returns the kind of a system call that blocks from the stack
// that entered it: Cgo, File or Syscall. What C code called back into Go enters
// is told by the frames within the callback.
func EnteredSyscall(stack []string) Kind {
	kind := Syscall
	for i, fn := range stack {
		if strings.HasPrefix(fn, "_cgoexp_") || strings.HasPrefix(fn, "runtime.cgocallback") {
			break
		}
		if strings.Contains(fn, "._Cfunc_") || strings.Contains(fn, "._C2func_") || fn == "runtime.cgocall" || (i == 0 && fn == "runtime.asmcgocall") {
			return Cgo
		}
		if kind == Syscall && matches(Table[File].Frames, fn) {
			kind = File
		}
	}
	return kind
}

// Externally returns the kind of a wait that no goroutine ended, given the
// kind it had: what ends a channel receive or a select from outside is a timer.
func Externally(k Kind) Kind {
	if k == ChanReceive || k == Select {
		return TimerChannel
	}
	return k
}

// FalseWaker says whether a goroutine with this stack did not really end a
// wait: the runtime lets whoever starts a GC or the world put the goroutines
// that the poller had ready into the queues (runtime.injectglist).
func FalseWaker(stack []string) bool {
	for _, fn := range stack {
		switch fn {
		case "runtime.injectglist", "runtime.gcStart", "runtime.startTheWorldWithSema", "runtime.startTheWorld", "runtime.startTheWorldGC",
			"runtime.timerproc": // of Go 1.11–1.13, where timers had a goroutine
			return true
		}
	}
	return false
}

// handOff says whether a stop that the runtime calls "preempted" is a goroutine
// that unlocked a starving mutex and gave its processor to the next owner.
func handOff(stack []string) bool {
	for _, fn := range stack {
		if fn == "runtime.goyield" || fn == "runtime.semrelease1" {
			return true
		}
		if !plumbing(fn) {
			return false
		}
	}
	return false
}

// matches says whether a function is one that a row lists: by its full name, or
// by a prefix that ends in an asterisk.
func matches(patterns []string, fn string) bool {
	for _, p := range patterns {
		if p == fn {
			return true
		}
		if prefix, ok := strings.CutSuffix(p, "*"); ok && strings.HasPrefix(fn, prefix) {
			return true
		}
	}
	return false
}
