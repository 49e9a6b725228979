package main

import (
	"context"
	"net"
	"runtime/trace"
	"sync"
	"time"
)

// The runtime begins a new generation every second. Waits, a task, a region and
// a system call must survive the boundaries.
var generations = scenario{
	Name:  "generations",
	Doc:   "mostly idle for 3.4 s: waits, a task and a region that last over several generations",
	Alone: true,
	Expect: []expectation{
		{Func: "main.longMutex", Kind: "blocked-sync/mutex", Reason: "sync", Goroutines: 1, Waits: 1},
		{Func: "main.longReceiver", Kind: "blocked-sync/chan-receive", Reason: "chan receive", Goroutines: 1, Waits: 1},
		{Func: "main.longNetwork", Kind: "blocked-io/network", Reason: "network", Goroutines: 1, Waits: 1},
		{Func: "main.longSleeper", Kind: "timer/sleep", Reason: "sleep", Goroutines: 1, Waits: 3},
		{Func: "main.longTask", Kind: "timer/sleep", Reason: "sleep", Goroutines: 1, Waits: 1},
		{Func: "main.pinger", Kind: "timer/timer-channel", Reason: "chan receive", Goroutines: 1, Waits: 25, AtLeast: true},
	},
	run: func() {
		s := &generationsState
		s.in = make(chan int)
		s.conn, s.peer = loopback()
		s.mutex.Lock()
		for _, f := range []func(){longMutex, longReceiver, longNetwork, longSleeper, longTask, pinger} {
			s.start(1, f)
		}
		time.Sleep(3200 * time.Millisecond)
		s.mutex.Unlock()
		s.in <- 1
		must(s.peer.Write([]byte{1}))
		s.join()
	},
}

var generationsState struct {
	mutex      sync.Mutex
	in         chan int
	conn, peer net.Conn
	crew
}

func longMutex() {
	defer generationsState.leave()
	generationsState.mutex.Lock()
}

func longReceiver() {
	defer generationsState.leave()
	<-generationsState.in
}

func longNetwork() {
	defer generationsState.leave()
	must(generationsState.conn.Read(make([]byte, 1)))
}

func longSleeper() {
	defer generationsState.leave()
	for i := 0; i < 3; i++ {
		time.Sleep(1100 * time.Millisecond)
	}
}

func longTask() {
	defer generationsState.leave()
	ctx, task := trace.NewTask(context.Background(), "long")
	defer task.End()
	trace.WithRegion(ctx, "long", func() { time.Sleep(2500 * time.Millisecond) })
}

func pinger() {
	defer generationsState.leave()
	t := time.NewTicker(100 * time.Millisecond)
	defer t.Stop()
	for i := 0; i < 32; i++ {
		<-t.C
		burn(0.1)
	}
}
