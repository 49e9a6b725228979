package main

import (
	"context"
	"net"
	"runtime/trace"
	"sync"
	"sync/atomic"
	"time"
)

const posted = 18

var lockHandOffs = scenario{
	Name: "s14-lock-hand-offs", ID: "S14", Procs: 2,
	Doc:   "Three goroutines each call (*Ledger).Post 18 times, which works for 2 ms under a mutex, and do nothing else: 108 ms. One works at a time, somebody waits at all but the first of the 54 calls, and to blame for each wait is the work of the one that unlocks. Waits of more than 1 ms make the mutex hand itself over.",
	Usual: map[string]int{"main.ledgerClient blocked-sync/mutex": 3*posted - 1},
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run: func() {
		for range 3 {
			workers.Add(1)
			go ledgerClient()
		}
		workers.Wait()
	},
}

// Ledger has one lock for everything.
type Ledger struct {
	mu      sync.Mutex
	entries int
}

var ledger Ledger

// Post works for 2 ms under the lock.
func (l *Ledger) Post() {
	l.mu.Lock()
	defer l.mu.Unlock()
	burn(2)
	l.entries++
}

func ledgerClient() {
	defer workers.Done()
	for range posted {
		ledger.Post()
	}
}

const ordered = 15

var lockAndFree = scenario{
	Name: "s15-lock-and-free", ID: "S15", Procs: 2,
	Doc:   "Four goroutines each compute 15 times for 2 ms on their own and then for 2 ms in (*Stock).Reserve under a mutex: 122 ms and what the hand-overs cost. The lock is taken nearly all the time and others wait for it. But one of them works on its own meanwhile, so that with two processors, where the list of scenarios has four, both are busy: without the lock it would take 120 ms, too.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run: func() {
		for range 4 {
			workers.Add(1)
			go orderWorker()
		}
		workers.Wait()
	},
}

// Stock has one lock, too, but its users also work without it.
type Stock struct {
	mu       sync.Mutex
	reserved int
}

var stock Stock

// Reserve works for 2 ms under the lock.
func (s *Stock) Reserve() {
	s.mu.Lock()
	defer s.mu.Unlock()
	burn(2)
	s.reserved++
}

func orderWorker() {
	defer workers.Done()
	for range ordered {
		burn(2)
		stock.Reserve()
	}
}

const overtaken = 8

var readerWriterReader = scenario{
	Name: "s16-reader-writer-reader", ID: "S16", Procs: 2,
	Doc: "longReader reads under an RWMutex for 12 ms. lateWriter comes right after it and must wait for it; lateReader comes 1 ms later and could read beside longReader, but must wait behind the writer. Both then need 1 ms. Eight rounds, 112 ms. lateWriter ends lateReader's waits, but to blame for 11 of their 12 ms is longReader.",
	Usual: map[string]int{
		"main.lateWriter blocked-sync/rwmutex-write": overtaken,
		"main.lateReader blocked-sync/rwmutex-read":  overtaken,
	},
	Waits: map[string]int{"main.main blocked-sync/waitgroup": overtaken},
	run: func() {
		for range overtaken {
			workers.Add(3)
			go longReader()
			<-holding
			go lateReader()
			go lateWriter() // the last to be started begins first
			workers.Wait()
		}
	},
}

// catalogue is the lock of what they read and write.
var catalogue sync.RWMutex

// holding says that whoever is to have a lock before the others has it.
var holding = make(chan bool, 1)

func longReader() {
	defer workers.Done()
	catalogue.RLock()
	holding <- true
	burn(12)
	catalogue.RUnlock()
}

func lateWriter() {
	defer workers.Done()
	catalogue.Lock()
	burn(1)
	catalogue.Unlock()
}

func lateReader() {
	defer workers.Done()
	burn(1)
	catalogue.RLock()
	burn(1)
	catalogue.RUnlock()
}

const crossed = 10

var twoLockCycle = scenario{
	Name: "s41-two-lock-cycle", ID: "S41", Procs: 2,
	Doc: "Two locks are channels with a token in them. leftThenRight takes the left one and then wants the right one, rightThenLeft the other way round, and neither wants its second before both have their first: each waits for the other, ten times. Only a timer ends that: one of them, in turns, gives up after 20 ms and lets the other have both locks. 200 ms, and nobody computes.",
	Waits: map[string]int{
		"main.leftThenRight timer/timer-channel": crossed / 2, // gave up
		"main.rightThenLeft timer/timer-channel": crossed / 2,
		"main.leftThenRight blocked-sync/select": crossed / 2, // was let through
		"main.rightThenLeft blocked-sync/select": crossed / 2,
		"main.main blocked-sync/waitgroup":       1,
	},
	before: func() {
		leftLock <- token{}
		rightLock <- token{}
	},
	run: func() {
		workers.Add(2)
		go leftThenRight()
		go rightThenLeft()
		workers.Wait()
	},
}

type token struct{}

var (
	leftLock, rightLock = make(chan token, 1), make(chan token, 1)
	meeting             = make(chan token) // where both wait for each other
)

// patience is how long one waits for its second lock: the one that is early gives
// up first.
func patience(early bool) <-chan time.Time {
	if early {
		return time.After(20 * time.Millisecond)
	}
	return time.After(time.Second)
}

// A side that has both locks puts its first one back first: what the other waits
// for by then is its own first lock, and its second is there when it has that. Both
// meet again before the next round, or one could take its first lock before the
// other has had both.
func leftThenRight() {
	defer workers.Done()
	for i := range crossed {
		<-leftLock
		meeting <- token{}
		select {
		case <-rightLock:
		case <-patience(i%2 == 0):
			leftLock <- token{}
			<-leftLock
			<-rightLock
		}
		leftLock <- token{}
		rightLock <- token{}
		meeting <- token{}
	}
}

func rightThenLeft() {
	defer workers.Done()
	for i := range crossed {
		<-rightLock
		<-meeting
		select {
		case <-leftLock:
		case <-patience(i%2 == 1):
			rightLock <- token{}
			<-rightLock
			<-leftLock
		}
		rightLock <- token{}
		leftLock <- token{}
		<-meeting
	}
}

const (
	convoyed = 150
	perBatch = 25
)

var lockConvoy = scenario{
	Name: "lock-convoy", Procs: 2,
	Doc:   "Six goroutines each count 150 items in (*Tally).Count, which holds a mutex for 0.2 ms, and come right back for the next, after 0.01 ms: 180 ms and what the hand-overs cost. The lock is always taken, five wait for it, and it is handed over thousands of times in a second: a convoy, while the second processor idles.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run: func() {
		for range 6 {
			workers.Add(1)
			go convoyMember()
		}
		workers.Wait()
	},
}

// Tally has one lock for every item.
type Tally struct {
	mu sync.Mutex
	n  int
}

var tally Tally

// Count works for 0.2 ms under the lock.
func (t *Tally) Count() {
	t.mu.Lock()
	burn(0.2)
	t.n++
	t.mu.Unlock()
}

func convoyMember() {
	defer workers.Done()
	for range convoyed {
		tally.Count()
		burn(0.01)
	}
}

var lockBatched = scenario{
	Name: "lock-batched", Procs: 2,
	Doc:   "The same six goroutines and items, but each does the work of 25 items without the lock and takes it for 0.01 ms to add their number: 92 ms on both processors, six times the lock for each. Healthy but for the processors, which are the bound.",
	Waits: map[string]int{"main.main blocked-sync/waitgroup": 1},
	run: func() {
		for range 6 {
			workers.Add(1)
			go batchMember()
		}
		workers.Wait()
	},
}

// Add adds n items at a time.
func (t *Tally) Add(n int) {
	t.mu.Lock()
	burn(0.01)
	t.n += n
	t.mu.Unlock()
}

func batchMember() {
	defer workers.Done()
	for range convoyed / perBatch {
		trace.WithRegion(context.Background(), "batch", computeBatch)
		tally.Add(perBatch)
	}
}

// computeBatch does without the lock what the convoy does under it.
func computeBatch() {
	for range perBatch {
		burn(0.21)
	}
}

const routed = 200

var readersBehindWriter = scenario{
	Name: "readers-behind-writer", Procs: 2,
	Doc:   "Four goroutines forward 200 requests in (*LockedRoutes).Forward, which holds an RWMutex for reading while it computes for 0.5 ms and waits for a server, three of them for 2 or 3 ms and one for 8 ms; refreshLocked takes it for writing every 10 ms, for 0.1 ms. It has to wait until the last of those who read is done, and who comes meanwhile waits behind it, though readers do not exclude each other: every 10 ms all come to rest for up to 8.5 ms. To blame are the long reads under the lock. 350 to 450 ms.",
	Usual: map[string]int{"main.lockedReader blocked-io/network": routed},
	before: func() {
		conns = startLateServer(4)
	},
	run: func() { runRoutes(lockedReader, refreshLocked) },
}

var atomicSnapshot = scenario{
	Name: "atomic-snapshot", Procs: 2,
	Doc: "The same routing table behind an atomic pointer: reads take no lock, the refresher makes a new table in 0.1 ms and swaps it in. Nobody waits for anybody: healthy, bound by the server, 240 ms.",
	Usual: map[string]int{
		"main.snapshotReader blocked-io/network": routed,
	},
	before: func() {
		conns = startLateServer(4)
		snapshot.Store(&routeTable{})
	},
	run: func() { runRoutes(snapshotReader, refreshSnapshot) },
}

func runRoutes(reader, refresher func()) {
	for range conns {
		heavy.Add(1)
		go reader()
	}
	workers.Add(1)
	go refresher()
	heavy.Wait()
	stopping.Store(true)
	workers.Wait()
}

var (
	nextRequest atomic.Int32
	answerTimes = [...]byte{2, 2, 3, 8} // ms
)

type routeTable struct{ version int }

// LockedRoutes is a routing table with one lock.
type LockedRoutes struct {
	mu    sync.RWMutex
	table routeTable
}

var lockedRoutes LockedRoutes

// Forward answers a request while it holds the lock.
func (r *LockedRoutes) Forward(c net.Conn, ms byte) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	forward(&r.table, c, ms)
}

// Refresh replaces the table.
func (r *LockedRoutes) Refresh() {
	r.mu.Lock()
	defer r.mu.Unlock()
	burn(0.1)
	r.table.version++
}

// forward computes for 0.5 ms and asks a server that answers after ms.
func forward(_ *routeTable, c net.Conn, ms byte) {
	burn(0.5)
	fetch(c, ms)
}

func lockedReader() {
	defer heavy.Done()
	i := nextConn.Add(1) - 1
	for nextRequest.Add(1) <= routed {
		lockedRoutes.Forward(conns[i], answerTimes[i])
	}
}

func refreshLocked() {
	defer workers.Done()
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for !stopping.Load() {
		<-t.C
		lockedRoutes.Refresh()
	}
}

var snapshot atomic.Pointer[routeTable]

func snapshotReader() {
	defer heavy.Done()
	i := nextConn.Add(1) - 1
	for nextRequest.Add(1) <= routed {
		forward(snapshot.Load(), conns[i], answerTimes[i])
	}
}

func refreshSnapshot() {
	defer workers.Done()
	t := time.NewTicker(10 * time.Millisecond)
	defer t.Stop()
	for !stopping.Load() {
		<-t.C
		burn(0.1)
		snapshot.Store(&routeTable{version: snapshot.Load().version + 1})
	}
}
