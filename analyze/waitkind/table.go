package waitkind

// Row is one kind of time and how to recognise it.
type Row struct {
	Kind  Kind
	Class Class
	Name  string // within the class
	// Reasons are the runtime's, at a goroutine's block.
	Reasons []string
	// Frames refine a reason that several kinds share: a function of the stack
	// on which the goroutine blocked. A row without frames takes what is left.
	Frames []string
	// Status recognises the wait in the stack of a goroutine that was waiting
	// when the trace began.
	Status []string
	// Waker recognises the wait by a function of the goroutine that ended it.
	Waker []string
	Doc   string
}

// semaphore says whether the row's status frame is the runtime's semaphore,
// behind which any of the kinds of the reason "sync" may stand.
func (r Row) semaphore() bool { return r.Kind == Semaphore }

// Table lists every kind. A pattern is a function's full name, or a prefix that
// ends in an asterisk.
var Table = [NumKinds]Row{
	User:         {User, Running, "user", nil, nil, nil, nil, "executing Go code"},
	GCAssist:     {GCAssist, Running, "gc-assist", nil, nil, nil, nil, "marking for the garbage collector, to pay for allocations"},
	SyscallShort: {SyscallShort, Running, "syscall-short", nil, nil, nil, nil, "in a system call of under 20 µs"},
	Cgo:          {Cgo, Running, "cgo", nil, nil, nil, nil, "in native code, off the processors"},

	Woken:         {Woken, Runnable, "woken", nil, nil, nil, nil, "ready since a wait ended"},
	New:           {New, Runnable, "new", nil, nil, nil, nil, "ready since it was created"},
	Preempted:     {Preempted, Runnable, "preempted", nil, nil, nil, nil, "ready, its processor was taken away"},
	Yielded:       {Yielded, Runnable, "yielded", nil, nil, nil, nil, "ready, it gave its processor up"},
	SyscallReturn: {SyscallReturn, Runnable, "syscall-return", nil, nil, nil, nil, "ready, back from a system call without a processor"},
	BeforeTrace:   {BeforeTrace, Runnable, "before-trace", nil, nil, nil, nil, "ready since before the trace"},

	Mutex: {
		Mutex, BlockedSync, "mutex", []string{"sync"},
		[]string{"sync.(*Mutex).*", "internal/sync.(*Mutex).*", "internal/poll.(*fdMutex).*"}, nil,
		[]string{"sync.(*Mutex).Unlock", "sync.(*Mutex).unlockSlow", "internal/sync.(*Mutex).Unlock", "internal/sync.(*Mutex).unlockSlow"},
		"waiting for a Mutex",
	},
	RWMutexRead: {
		RWMutexRead, BlockedSync, "rwmutex-read", []string{"sync"},
		[]string{"sync.(*RWMutex).RLock"}, nil,
		[]string{"sync.(*RWMutex).Unlock"},
		"waiting for an RWMutex to read",
	},
	RWMutexWrite: {
		RWMutexWrite, BlockedSync, "rwmutex-write", []string{"sync"},
		[]string{"sync.(*RWMutex).Lock"}, nil,
		[]string{"sync.(*RWMutex).RUnlock", "sync.(*RWMutex).rUnlockSlow"},
		"waiting for an RWMutex to write",
	},
	WaitGroup: {
		WaitGroup, BlockedSync, "waitgroup", []string{"sync"},
		[]string{"sync.(*WaitGroup).*"}, nil,
		[]string{"sync.(*WaitGroup).Add", "sync.(*WaitGroup).Done", "sync.(*WaitGroup).Go.func1"},
		"waiting for a WaitGroup",
	},
	Cond: {
		Cond, BlockedSync, "cond", []string{"sync.(*Cond).Wait"},
		nil, []string{"runtime.notifyListWait", "sync.runtime_notifyListWait", "sync.(*Cond).Wait"},
		[]string{"sync.(*Cond).Signal", "sync.(*Cond).Broadcast"},
		"waiting on a Cond",
	},
	Once: {
		Once, BlockedSync, "once", []string{"sync"},
		[]string{"sync.(*Once).*"}, nil,
		[]string{"sync.(*Once).*"},
		"waiting for another goroutine to finish a Once",
	},
	Semaphore: {
		Semaphore, BlockedSync, "semaphore", []string{"sync"},
		nil, []string{"runtime.semacquire*", "sync.runtime_Semacquire*", "internal/sync.runtime_Semacquire*", "internal/poll.runtime_Semacquire"},
		nil,
		"waiting on a semaphore of the runtime",
	},
	ChanSend: {
		ChanSend, BlockedSync, "chan-send", []string{"chan send"},
		nil, []string{"runtime.chansend*"},
		nil,
		"sending: the channel is full, or nobody receives",
	},
	ChanReceive: {
		ChanReceive, BlockedSync, "chan-receive", []string{"chan receive"},
		nil, []string{"runtime.chanrecv*"},
		nil,
		"receiving: the channel is empty",
	},
	Select: {
		Select, BlockedSync, "select", []string{"select"},
		nil, []string{"runtime.selectgo"},
		nil,
		"selecting: no case is ready",
	},
	Coroutine: {
		Coroutine, BlockedSync, "coroutine", []string{""},
		nil, []string{"runtime.coroswitch*", "runtime.corostart", "runtime.coroexit"},
		nil,
		"an iter.Pull on the other side's turn",
	},
	Forever: {
		Forever, BlockedSync, "forever", []string{"forever"},
		nil, []string{"runtime.block"},
		nil,
		"nothing can end it: an empty select, or a nil channel",
	},
	Synctest: {
		Synctest, BlockedSync, "synctest", []string{"synctest"},
		nil, []string{"internal/synctest.*", "testing/synctest.*", "runtime.synctestRun", "runtime.synctestWait"},
		nil,
		"in testing/synctest, until the bubble is idle",
	},

	Network: {
		Network, BlockedIO, "network", []string{"network"},
		nil, []string{"runtime.netpollblock", "internal/poll.runtime_pollWait"},
		nil,
		"waiting for the poller: a socket, a pipe or a terminal",
	},
	File: {
		File, BlockedIO, "file", nil,
		[]string{
			"os.(*File).*", "os.(*Root).*", "os.OpenFile", "os.openFileNolog", "os.Stat", "os.statNolog", "os.Lstat", "os.lstatNolog",
			"os.Remove", "os.RemoveAll", "os.Rename", "os.Mkdir", "os.MkdirAll", "os.ReadDir", "os.ReadFile", "os.WriteFile", "os.Readlink",
			"os.Symlink", "os.Link", "os.Truncate", "os.Chmod", "os.Chown", "os.Chtimes",
			"internal/poll.(*FD).Fsync", "internal/poll.(*FD).Pread", "internal/poll.(*FD).Pwrite", "internal/poll.(*FD).Fstat",
			"internal/poll.(*FD).Ftruncate", "syscall.Fsync", "syscall.Fdatasync",
		},
		nil, nil,
		"in a system call on a file",
	},
	Syscall: {Syscall, BlockedIO, "syscall", nil, nil, nil, nil, "in another system call"},

	Sleep: {
		Sleep, Timer, "sleep", []string{"sleep"},
		nil, []string{"time.Sleep", "runtime.timeSleep"},
		nil,
		"in time.Sleep",
	},
	TimerChannel: {TimerChannel, Timer, "timer-channel", nil, nil, nil, nil, "a receive or select that a timer ended"},

	GCAssistWait: {
		GCAssistWait, Runtime, "gc-assist-wait", []string{"GC mark assist wait for work"},
		nil, []string{"runtime.gcParkAssist", "runtime.gcAssistAlloc*"},
		nil,
		"allocated faster than the garbage collector marks",
	},
	GCWait: {
		GCWait, Runtime, "gc-wait", []string{"wait until GC ends", "sync", "chan receive"},
		[]string{
			"runtime.gcStart", "runtime.gcMarkDone", "runtime.gcMarkTermination", "runtime.gcBgMarkStartWorkers", "runtime.gcWaitOnMark",
			"runtime.GC", "runtime.stopTheWorld*", "runtime.startTheWorld*", "runtime.GOMAXPROCS", "runtime.ReadMemStats", "runtime.readmemstats*",
			"runtime.goroutineProfile*", "runtime.Stack", "runtime.StartTrace", "runtime.StopTrace", "runtime.traceAdvance",
		},
		[]string{"runtime.gcWaitOnMark", "runtime.GC", "runtime.gcBgMarkStartWorkers"},
		nil,
		"waiting for a garbage collection, or to stop the world",
	},
	GCWeak: {GCWeak, Runtime, "gc-weak", []string{"GC weak to strong wait"}, nil, []string{"runtime.internal_weak_runtime_makeStrongFromWeak"}, nil, "using a weak pointer while the collector ends its marking"},
	Suspended: {
		Suspended, Runtime, "suspended", []string{"preempted"},
		nil, []string{"runtime.asyncPreempt*", "runtime.preemptPark"},
		nil,
		"stopped by the runtime, to scan its stack or to trace it",
	},
	System: {
		System, Runtime, "system", []string{"GC background sweeper wait", "system goroutine wait"},
		nil, []string{
			"runtime.bgsweep", "runtime.bgscavenge", "runtime.forcegchelper", "runtime.gcBgMarkWorker", "runtime.runfinq", "runtime.runFinalizers",
			"runtime.runCleanups", "runtime.(*wakeableSleep).sleep", "runtime.(*cleanupQueue).*", "runtime.(*scavengerState).*",
		},
		nil,
		"a goroutine of the runtime without work",
	},
	DebugCall: {DebugCall, Runtime, "debug-call", []string{"wait for debug call"}, nil, nil, nil, "waiting for a debugger's call"},

	Unsaid: {Unsaid, Unknown, "unknown", nil, nil, nil, nil, "the trace does not say"},
}

// byReason lists the kinds that a runtime reason may mean.
var byReason = func() map[string][]Kind {
	m := make(map[string][]Kind)
	for k, row := range Table {
		for _, r := range row.Reasons {
			m[r] = append(m[r], Kind(k))
		}
	}
	return m
}()
