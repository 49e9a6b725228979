// Services are programs as people write them, with the standard library and
// golang.org/x/sync, each once with a trouble that is known and once without. A
// trace of one is ground truth for what a report puts first.
//
//	services -o FILE NAME
//	services -all DIRECTORY
//	services -list
//
// What makes load, and what answers late, is a child process, so that it is not
// in the trace.
//
// A process has one service in its life: they share variables.
package main

import (
	"sync"
	"time"

	"github.com/conctrace/conctrace/testdata/programs/internal/ground"
)

// A service is one program.
type service struct {
	Name  string `json:"name"`
	Procs int    `json:"procs"` // GOMAXPROCS
	Doc   string `json:"doc"`   // what the program does, and what an analysis must say
	// Twin is the troubled one that a healthy one mirrors.
	Twin string `json:"twin,omitempty"`
	// Expect are detectors of which one must have the first or second finding.
	Expect []string `json:"expect,omitempty"`
	// Culprit is the function that this finding must name.
	Culprit string `json:"culprit,omitempty"`
	// Waits and Usual count waits, as in the scenarios: the same in every run, and
	// those that the traces in testdata have.
	Waits map[string]int `json:"waits,omitempty"`
	Usual map[string]int `json:"usual,omitempty"`

	idle   bool   // run only waits for the recording's end: that is no region
	before func() // runs before the recording begins
	run    func() // runs while recording
}

var services = []service{
	cacheOneLock, cacheSharded,
	slowReaderPool, parallelReaderPool,
	errgroupStraggler, errgroupEven,
	sqlPoolOfTwo, sqlPoolOfTwelve,
	rateLimiter, limiterByPolling,
	stampede, singleFlight,
	fanInLogger, formattingSenders,
	condBroadcast, condSignalled,
	routeTableLocked, routeTableSwapped,
	stackDumper, withoutDumper,
}

func main() {
	programs := make([]ground.Program, 0, len(services))
	for _, s := range services {
		programs = append(programs, ground.Program{Name: s.Name, Procs: s.Procs, Idle: s.idle, Before: s.before, Run: s.run})
	}
	ground.Main("services", programs, services, childRoles)
}

// workers are the goroutines of a service.
var workers sync.WaitGroup

// burn computes for ms milliseconds of processor time, however long that takes.
func burn(ms float64) { ground.Burn(ms) }

// check and must end the program.
func check(err error) { ground.Check(err) }

func must[T any](v T, err error) T { return ground.Must(v, err) }

// never is a channel that nobody sends to, nobody closes.
var never = make(chan int)

// serveFor is how main waits for the end where clients come for a fixed time.
func serveFor(d time.Duration) {
	select {
	case <-never:
	case <-time.After(d):
	}
}
