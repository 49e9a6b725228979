package main

import (
	"sync"
	"time"
)

var mutex = scenario{
	Name: "mutex",
	Doc:  "three goroutines wait for one Mutex and pass it on",
	Expect: []expectation{
		{Func: "main.mutexWaiter", Kind: "blocked-sync/mutex", Reason: "sync", Goroutines: 3, Waits: 3},
	},
	run: func() {
		m := &mutexState
		m.Lock()
		m.start(3, mutexWaiter)
		m.settle()
		m.Unlock()
		m.join()
	},
}

var mutexState struct {
	sync.Mutex
	crew
}

func mutexWaiter() {
	m := &mutexState
	defer m.leave()
	m.arrive()
	m.Lock()
	defer m.Unlock()
}

var rwmutexRead = scenario{
	Name: "rwmutex-read",
	Doc:  "three readers wait for the writer of an RWMutex",
	Expect: []expectation{
		{Func: "main.rwmutexReader", Kind: "blocked-sync/rwmutex-read", Reason: "sync", Goroutines: 3, Waits: 3},
	},
	run: func() {
		m := &rwmutexReadState
		m.Lock()
		m.start(3, rwmutexReader)
		m.settle()
		m.Unlock()
		m.join()
	},
}

var rwmutexReadState struct {
	sync.RWMutex
	crew
}

func rwmutexReader() {
	m := &rwmutexReadState
	defer m.leave()
	m.arrive()
	m.RLock()
	defer m.RUnlock()
}

var rwmutexWrite = scenario{
	Name: "rwmutex-write",
	Doc:  "a writer of an RWMutex waits for a reader, a second one queues behind the first",
	Expect: []expectation{
		{Func: "main.rwmutexWriter", Kind: "blocked-sync/rwmutex-write", Reason: "sync", Goroutines: 1, Waits: 1},
		{Func: "main.rwmutexQueuedWriter", Kind: "blocked-sync/rwmutex-write", Reason: "sync", Goroutines: 1, Waits: 1},
	},
	run: func() {
		m := &rwmutexWriteState
		m.RLock()
		m.start(1, rwmutexWriter)
		m.settle()
		m.start(1, rwmutexQueuedWriter)
		m.settle()
		m.RUnlock()
		m.join()
	},
}

var rwmutexWriteState struct {
	sync.RWMutex
	crew
}

func rwmutexWriter() {
	m := &rwmutexWriteState
	defer m.leave()
	m.arrive()
	m.Lock()
	defer m.Unlock()
	time.Sleep(time.Millisecond)
}

func rwmutexQueuedWriter() {
	m := &rwmutexWriteState
	defer m.leave()
	m.arrive()
	m.Lock()
	defer m.Unlock()
}

var waitGroup = scenario{
	Name: "waitgroup",
	Doc:  "three goroutines wait for one WaitGroup",
	Expect: []expectation{
		{Func: "main.waitgroupWaiter", Kind: "blocked-sync/waitgroup", Reason: "sync", Goroutines: 3, Waits: 3},
	},
	run: func() {
		s := &waitGroupState
		s.group.Add(1)
		s.start(3, waitgroupWaiter)
		s.settle()
		s.group.Done()
		s.join()
	},
}

var waitGroupState struct {
	group sync.WaitGroup
	crew
}

func waitgroupWaiter() {
	s := &waitGroupState
	defer s.leave()
	s.arrive()
	s.group.Wait()
}

var once = scenario{
	Name: "once",
	Doc:  "three goroutines wait until a fourth has done a Once",
	Expect: []expectation{
		{Func: "main.onceWaiter", Kind: "blocked-sync/once", Reason: "sync", Goroutines: 3, Waits: 3},
		{Func: "main.onceRunner", Kind: "blocked-sync/chan-receive", Reason: "chan receive", Goroutines: 1, Waits: 1},
	},
	run: func() {
		s := &onceState
		s.finish = make(chan bool)
		s.start(1, onceRunner)
		s.settle()
		s.start(3, onceWaiter)
		s.settle()
		s.finish <- true
		s.join()
	},
}

var onceState struct {
	once   sync.Once
	finish chan bool
	crew
}

func onceRunner() {
	s := &onceState
	defer s.leave()
	s.once.Do(func() {
		s.arrive()
		<-s.finish
	})
}

func onceWaiter() {
	s := &onceState
	defer s.leave()
	s.arrive()
	s.once.Do(func() {})
}

var cond = scenario{
	Name: "cond",
	Doc:  "four goroutines wait on a Cond for one Broadcast",
	Expect: []expectation{
		{Func: "main.condWaiter", Kind: "blocked-sync/cond", Reason: "sync.(*Cond).Wait", Goroutines: 4, Waits: 4},
	},
	run: func() {
		s := &condState
		s.cond = sync.NewCond(new(sync.Mutex))
		s.start(4, condWaiter)
		s.settle()
		s.cond.L.Lock()
		s.ready = true
		s.cond.L.Unlock()
		s.cond.Broadcast()
		s.join()
	},
}

var condState struct {
	cond  *sync.Cond
	ready bool
	crew
}

func condWaiter() {
	s := &condState
	defer s.leave()
	s.cond.L.Lock()
	defer s.cond.L.Unlock()
	s.arrive()
	for !s.ready {
		s.cond.Wait()
	}
}
