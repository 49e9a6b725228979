// Scenarios are small programs whose behaviour is known beforehand: what runs
// beside what, who waits for whom and for how long. A trace of one is ground
// truth for the analyses.
//
//	scenarios -o FILE NAME
//	scenarios -all DIRECTORY
//	scenarios -list
//
// Every role is a function of its own (slowConsumer, (*Store).Lookup), so that a
// test can name the culprit. Work is a calibrated number of steps, not a loop
// until a time: that would count the time off the processor as work.
//
// A process has one scenario in its life: they share the variables workers, heavy
// and stopping.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
)

// A scenario is one program.
type scenario struct {
	Name string `json:"name"`
	// ID is the number in the list of scenarios that the analyses were planned
	// with. Some have none.
	ID    string `json:"id,omitempty"`
	Procs int    `json:"procs"` // GOMAXPROCS
	Doc   string `json:"doc"`   // what the program does, and what an analysis must say
	// Waits counts the waits that are the same in every run: the key is an entry
	// function and a class, mostly with a kind, as conctrace calls them, the value
	// is for all goroutines of that function together.
	Waits map[string]int `json:"waits,omitempty"`
	// Usual counts waits that a stall of the machine can add to or take from.
	// The traces in testdata have these numbers.
	Usual map[string]int `json:"usual,omitempty"`

	profile bool   // record a CPU profile at the same time
	idle    bool   // run only waits for the recording's end: that is no region
	before  func() // runs before the recording begins
	run     func() // runs while recording, in a region with the scenario's name
}

var scenarios = []scenario{
	oneGoroutine, twoOnOneProc, twoOnTwoProcs, forkJoin, eightOnTwoProcs,
	hundredSleepers,
	sequentialReads, concurrentReads, selectJoin, pullIterator,
	hogOneProc, hogTwoProcs, hogInPool, lockHandOffs, lockAndFree, readerWriterReader, pingPong,
	slowConsumerQueue, slowProducerQueue, pipelineUnbuffered,
	idlePool, idleListener, closeReleases,
	transitiveWait, waitsForCreator, timerChannel, forcedGC, memStats,
	profiledFourProcs, profiledTwoProcs,
	nilChannel, twoLockCycle, openWaits, connectionPool, delegation,

	lockSerialises, httpModerate,
	threeSleepsOneProc, threeSleeps,
	heavyDelaysOthers, heavyInBoundedPool,
	pipelineBackpressure,
	stuckOnChannel, leak, latencyBoundWorkers, idleServer, overSleep,
}

// tagged holds the scenarios of files with build tags; their init functions add
// to it.
var tagged []scenario

func main() {
	out := flag.String("o", "-", "write the trace to this `file`; - is standard output")
	all := flag.String("all", "", "record every scenario, each in a process of its own, to NAME.trace in this `directory`")
	list := flag.Bool("list", false, "print the scenarios as JSON")
	child := flag.String("child", "", "be the other side of a scenario, in this `role`; the program starts itself so")
	flag.Parse()

	if err := run(*out, *all, *list, *child, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "scenarios:", err)
		os.Exit(1)
	}
}

func run(out, all string, list bool, child string, args []string) error {
	known := append(append([]scenario{}, scenarios...), tagged...)
	switch {
	case child != "":
		return beChild(child, args)
	case list:
		e := json.NewEncoder(os.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "\t")
		return e.Encode(known)
	case all != "":
		return recordAll(known, all)
	case len(args) != 1:
		return fmt.Errorf("name one scenario; -list prints those there are")
	}
	for _, s := range known {
		if s.Name == args[0] {
			return recordTo(out, s)
		}
	}
	return fmt.Errorf("there is no scenario %q; -list prints those there are", args[0])
}

func recordAll(known []scenario, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, s := range known {
		c := exec.Command(self, "-o", filepath.Join(dir, s.Name+".trace"), s.Name)
		c.Stderr = os.Stderr
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return nil
}

func recordTo(out string, s scenario) error {
	w := os.Stdout
	if out != "-" {
		var err error
		if w, err = os.Create(out); err != nil {
			return err
		}
	}

	// No collection but those that a scenario asks for, and as many processors
	// as it says: the counts must not depend on the machine.
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(s.Procs)
	calibrate()
	if s.before != nil {
		s.before()
	}
	if s.profile {
		check(pprof.StartCPUProfile(io.Discard))
	}
	if err := trace.Start(w); err != nil {
		return err
	}
	if s.idle {
		s.run()
	} else {
		trace.WithRegion(context.Background(), s.Name, s.run)
	}
	trace.Stop()
	if s.profile {
		pprof.StopCPUProfile()
	}
	stopChild()
	return w.Close()
}
