package main

import (
	"net"
	"runtime"
	"sync"
	"time"
)

// Waits that began before the trace have no reason in it. Those that last
// throughout are silent: they show as a status only, since Go 1.23 with a stack.
// Of those that end, only the waker's stack speaks. The kinds below are the
// truth; no reader can find all of them.
var preTrace = scenario{
	Name: "pretrace",
	Doc:  "goroutines that waited before the trace began: some all the time, others until the middle of it",
	Expect: []expectation{
		// Before Go 1.23 nothing names the silent ones.
		{Func: "main.silentMutex", Kind: "blocked-sync/mutex", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.silentRWReader", Kind: "blocked-sync/rwmutex-read", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.silentRWWriter", Kind: "blocked-sync/rwmutex-write", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.silentWaitGroup", Kind: "blocked-sync/waitgroup", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.silentCond", Kind: "blocked-sync/cond", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.silentSender", Kind: "blocked-sync/chan-send", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.silentReceiver", Kind: "blocked-sync/chan-receive", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.silentSelect", Kind: "blocked-sync/select", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.silentForever", Kind: "blocked-sync/forever", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.silentNetwork", Kind: "blocked-io/network", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.silentSleep", Kind: "timer/sleep", Goroutines: 1, Waits: 1, Before: true, since: 23},
		{Func: "main.freedMutex", Kind: "blocked-sync/mutex", Goroutines: 1, Waits: 1, Before: true},
		{Func: "main.freedWaitGroup", Kind: "blocked-sync/waitgroup", Goroutines: 1, Waits: 1, Before: true},
		{Func: "main.freedCond", Kind: "blocked-sync/cond", Goroutines: 1, Waits: 1, Before: true},
		{Func: "main.freedSender", Kind: "blocked-sync/chan-send", Goroutines: 1, Waits: 1, Before: true},
		{Func: "main.freedReceiver", Kind: "blocked-sync/chan-receive", Goroutines: 1, Waits: 1, Before: true},
		{Func: "main.freedSelect", Kind: "blocked-sync/select", Goroutines: 1, Waits: 1, Before: true},
		{Func: "main.freedNetwork", Kind: "blocked-io/network", Goroutines: 1, Waits: 1, Before: true},
		{Func: "main.freedSleep", Kind: "timer/sleep", Goroutines: 1, Waits: 1, Before: true},
	},
	before: func() {
		silent.init()
		freed.init()
		for _, f := range []func(){
			silentMutex, silentRWReader, silentRWWriter, silentWaitGroup, silentCond, silentSender,
			silentReceiver, silentSelect, silentForever, silentNetwork, silentSleep,
		} {
			silent.start(1, f)
		}
		for _, f := range []func(){
			freedMutex, freedWaitGroup, freedCond, freedSender, freedReceiver, freedSelect, freedNetwork, freedSleep,
		} {
			freed.start(1, f)
		}
		silent.settle()
		freed.settle()
	},
	run: func() {
		time.Sleep(20 * time.Millisecond)
		freed.release()
		freed.join()
		time.Sleep(20 * time.Millisecond)
	},
}

// obstacles are held from before the trace.
type obstacles struct {
	mutex         sync.Mutex
	readLocked    sync.RWMutex
	writeLocked   sync.RWMutex
	group         sync.WaitGroup
	cond          *sync.Cond
	ready         bool
	in, out, a, b chan int
	conn, peer    net.Conn
	crew
}

var silent, freed obstacles

func (o *obstacles) init() {
	o.mutex.Lock()
	o.readLocked.RLock()
	o.writeLocked.Lock()
	o.group.Add(1)
	o.cond = sync.NewCond(new(sync.Mutex))
	o.in, o.out, o.a, o.b = make(chan int), make(chan int), make(chan int), make(chan int)
	o.conn, o.peer = loopback()
}

func (o *obstacles) release() {
	o.mutex.Unlock()
	o.group.Done()
	o.cond.L.Lock()
	o.ready = true
	o.cond.L.Unlock()
	o.cond.Signal()
	<-o.out
	o.in <- 1
	o.a <- 1
	must(o.peer.Write([]byte{1}))
}

func (o *obstacles) leaveNamed() {
	runtime.Gosched()
	o.leave()
}

func (o *obstacles) waitCond() {
	o.cond.L.Lock()
	defer o.cond.L.Unlock()
	o.arrive()
	for !o.ready {
		o.cond.Wait()
	}
}

func (o *obstacles) waitSelect() {
	o.arrive()
	select {
	case <-o.a:
	case <-o.b:
	}
}

func (o *obstacles) waitNetwork() {
	o.arrive()
	must(o.conn.Read(make([]byte, 1)))
}

func silentMutex()     { silent.arrive(); silent.mutex.Lock() }
func silentRWReader()  { silent.arrive(); silent.writeLocked.RLock() }
func silentRWWriter()  { silent.arrive(); silent.readLocked.Lock() }
func silentWaitGroup() { silent.arrive(); silent.group.Wait() }
func silentCond()      { silent.waitCond() }
func silentSender()    { silent.arrive(); silent.out <- 1 }
func silentReceiver()  { silent.arrive(); <-silent.in }
func silentSelect()    { silent.waitSelect() }
func silentForever()   { silent.arrive(); select {} }
func silentNetwork()   { silent.waitNetwork() }
func silentSleep()     { silent.arrive(); time.Sleep(time.Hour) }

// The trace names these by the stack with which they yield afterwards.
func freedMutex()     { defer freed.leaveNamed(); freed.arrive(); freed.mutex.Lock() }
func freedWaitGroup() { defer freed.leaveNamed(); freed.arrive(); freed.group.Wait() }
func freedCond()      { defer freed.leaveNamed(); freed.waitCond() }
func freedSender()    { defer freed.leaveNamed(); freed.arrive(); freed.out <- 1 }
func freedReceiver()  { defer freed.leaveNamed(); freed.arrive(); <-freed.in }
func freedSelect()    { defer freed.leaveNamed(); freed.waitSelect() }
func freedNetwork()   { defer freed.leaveNamed(); freed.waitNetwork() }

// freedSleep's time is over 40 ms after the start: in the trace of this scenario.
func freedSleep() { defer freed.leaveNamed(); freed.arrive(); time.Sleep(40 * time.Millisecond) }
