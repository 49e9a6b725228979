package waitkind

import (
	"strings"
	"testing"
)

// TestTheTableIsWhole protects what everything else derives from it: a row for
// each kind, in the constants' order, with distinct labels.
func TestTheTableIsWhole(t *testing.T) {
	seen := make(map[string]bool)
	for i, row := range Table {
		if int(row.Kind) != i {
			t.Errorf("row %d is of kind %d", i, row.Kind)
		}
		if row.Name == "" || row.Doc == "" {
			t.Errorf("row %d (%q) lacks a name or what it means", i, row.Name)
		}
		if l := row.Kind.Label(); seen[l] {
			t.Errorf("two rows are called %s", l)
		} else {
			seen[l] = true
		}
		for _, p := range append(append(append([]string{}, row.Frames...), row.Status...), row.Waker...) {
			if i := strings.IndexByte(strings.TrimSuffix(strings.ReplaceAll(p, "(*", "("), "*"), '*'); i >= 0 {
				t.Errorf("%s: %q has an asterisk that is not at its end", row.Name, p)
			}
		}
	}
}

func stack(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, " < ")
}

func TestClassify(t *testing.T) {
	for _, c := range []struct {
		reason, stack string
		want          Kind
	}{
		{"sync", "sync.(*Mutex).Lock < main.work", Mutex},
		{"sync", "internal/sync.(*Mutex).lockSlow < internal/sync.(*Mutex).Lock < sync.(*Mutex).Lock < main.work", Mutex},
		{"sync", "sync.(*RWMutex).RLock < main.work", RWMutexRead},
		{"sync", "sync.(*RWMutex).Lock < main.work", RWMutexWrite},
		{"sync", "sync.(*Mutex).Lock < sync.(*RWMutex).Lock < main.work", RWMutexWrite},
		{"sync", "sync.(*WaitGroup).Wait < main.main", WaitGroup},
		{"sync", "sync.(*Mutex).Lock < sync.(*Once).doSlow < sync.(*Once).Do < main.main", Once},
		{"sync", "sync.(*Mutex).Lock < sync.(*Cond).Wait < main.main", Mutex},
		{"sync", "sync.(*Mutex).Lock < sync.(*Map).Swap < main.main", Mutex},
		{"sync", "internal/poll.(*fdMutex).rwlock < internal/poll.(*FD).Write < net.(*conn).Write", Mutex},
		{"sync", "sync.runtime_Semacquire < main.main", Semaphore},
		{"sync", "", Semaphore},
		{"sync", "main.wait < sync.(*Mutex).Lock", Semaphore}, // beyond user code nothing counts
		{"sync", "runtime.gcStart < runtime.mallocgc < main.main", GCWait},
		{"sync", "runtime.gcMarkDone < runtime.gcAssistAlloc < runtime.mallocgc < sync.(*Pool).Get", GCWait},
		{"sync", "runtime.ReadMemStats < main.main", GCWait},
		{"chan receive", "runtime.chanrecv1 < main.main", ChanReceive},
		{"chan receive", "runtime.gcBgMarkStartWorkers < runtime.gcStart < runtime.mallocgc", GCWait},
		{"chan send", "runtime.chansend1 < main.main", ChanSend},
		{"select", "runtime.selectgo < main.main", Select},
		{"sync.(*Cond).Wait", "sync.(*Cond).Wait < main.main", Cond},
		{"network", "internal/poll.(*FD).Read < net.(*conn).Read", Network},
		{"sleep", "time.Sleep < main.main", Sleep},
		{"forever", "main.main", Forever},
		{"synctest", "testing/synctest.Wait", Synctest},
		{"GC mark assist wait for work", "runtime.gcParkAssist", GCAssistWait},
		{"wait until GC ends", "runtime.GC < main.main", GCWait},
		{"wait until GC ends", "runtime/debug.FreeOSMemory", GCWait},
		{"GC weak to strong wait", "", GCWeak},
		{"GC background sweeper wait", "runtime.bgsweep", System},
		{"system goroutine wait", "runtime.gcBgMarkWorker", System},
		{"preempted", "main.work", Suspended},
		{"wait for debug call", "", DebugCall},
		{"unspecified", "main.main", Unsaid},
		{"a reason of Go 1.40", "main.main", Unsaid},
	} {
		if got := Classify(c.reason, stack(c.stack)); got != c.want {
			t.Errorf("%q on %q: %s, want %s", c.reason, c.stack, got.Label(), c.want.Label())
		}
	}
}

func TestInfer(t *testing.T) {
	for s, want := range map[string]Kind{
		"runtime.gopark < runtime.goparkunlock < runtime.semacquire1 < internal/sync.runtime_SemacquireMutex < internal/sync.(*Mutex).lockSlow < sync.(*Mutex).Lock < main.f": Mutex,
		"runtime.gopark < runtime.goparkunlock < runtime.semacquire1 < sync.runtime_SemacquireWaitGroup < sync.(*WaitGroup).Wait < main.f":                                    WaitGroup,
		"runtime.gopark < runtime.goparkunlock < runtime.semacquire1 < sync.runtime_SemacquireRWMutexR < sync.(*RWMutex).RLock < main.f":                                      RWMutexRead,
		"runtime.gopark < runtime.goparkunlock < runtime.semacquire1 < internal/poll.runtime_Semacquire < internal/poll.(*fdMutex).rwlock":                                    Mutex,
		"runtime.gopark < runtime.chanrecv < runtime.chanrecv1 < main.f":                                                                                                      ChanReceive,
		"runtime.gopark < runtime.chansend < runtime.chansend1 < main.f":                                                                                                      ChanSend,
		"runtime.gopark < runtime.selectgo < main.f":                                                                                                                          Select,
		"runtime.gopark < runtime.block < main.f":                                                                                                                             Forever,
		"runtime.gopark < sync.runtime_notifyListWait < sync.(*Cond).Wait < main.f":                                                                                           Cond,
		"runtime.gopark < runtime.netpollblock < internal/poll.runtime_pollWait < internal/poll.(*pollDesc).wait < net.(*conn).Read":                                          Network,
		"runtime.gopark < time.Sleep < main.f":                                                                                                                                Sleep,
		"runtime.gopark < runtime.goparkunlock < runtime.bgsweep":                                                                                                             System,
	} {
		if got, ok := Infer(stack(s)); !ok || got != want {
			t.Errorf("%q: %s %v, want %s", s, got.Label(), ok, want.Label())
		}
	}
	for _, s := range []string{"", "main.f < runtime.chanrecv", "runtime.gopark"} {
		if got, ok := Infer(stack(s)); ok {
			t.Errorf("%q: %s, though it says nothing", s, got.Label())
		}
	}
}

func TestInferFromWaker(t *testing.T) {
	for s, want := range map[string]Kind{
		"sync.(*Mutex).Unlock < main.f":                            Mutex,
		"internal/sync.(*Mutex).unlockSlow < sync.(*Mutex).Unlock": Mutex,
		"sync.(*RWMutex).Unlock < main.f":                          RWMutexRead,
		"sync.(*Mutex).Unlock < sync.(*RWMutex).Unlock < main.f":   RWMutexWrite,
		"sync.(*RWMutex).RUnlock < main.f":                         RWMutexWrite,
		"sync.(*WaitGroup).Add < sync.(*WaitGroup).Done < main.f":  WaitGroup,
		"sync.(*Cond).Broadcast < main.f":                          Cond,
		"sync.(*Mutex).Unlock < sync.(*Once).doSlow":               Once,
	} {
		if got, ok := InferFromWaker(stack(s)); !ok || got != want {
			t.Errorf("%q: %s %v, want %s", s, got.Label(), ok, want.Label())
		}
	}
	for _, s := range []string{"", "main.f", "runtime.chansend1 < main.f", "runtime.chanrecv1 < main.f", "runtime.selectgo < main.f"} {
		if got, ok := InferFromWaker(stack(s)); ok {
			t.Errorf("%q: %s, though it may be something else", s, got.Label())
		}
	}
}

func TestStopKind(t *testing.T) {
	for _, c := range []struct {
		reason, stack string
		want          Kind
	}{
		{"runtime.Gosched", "runtime.Gosched < main.f", Yielded},
		{"runtime.GoSched", "main.f", Yielded},
		{"preempted", "runtime.asyncPreempt2 < main.f", Preempted},
		{"preempted", "main.f", Preempted},
		{"preempted", "runtime.goyield < runtime.semrelease1 < internal/sync.runtime_Semrelease < sync.(*Mutex).Unlock < main.f", Yielded},
	} {
		if got := StopKind(c.reason, stack(c.stack)); got != c.want {
			t.Errorf("%q on %q: %s, want %s", c.reason, c.stack, got.Label(), c.want.Label())
		}
	}
}

func TestFalseWaker(t *testing.T) {
	if !FalseWaker(stack("runtime.injectglist < runtime.startTheWorldWithSema < runtime.gcStart < main.f")) {
		t.Error("a poller's batch found by a GC counts as woken by the goroutine")
	}
	if FalseWaker(stack("sync.(*Mutex).Unlock < main.f")) {
		t.Error("an unlock counts as false")
	}
}
