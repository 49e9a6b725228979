// Kinds makes goroutines wait in every way that an execution trace can tell
// apart, a known number of times each, and records a trace of it.
//
//	kinds [-o FILE] [-procs N] [-recorder] all | SCENARIO...
//	kinds -list
//
// Each scenario starts its goroutines with functions of their own (mutexWaiter,
// chanSender), so that a reader of the trace finds them by the entry function.
// What they must be seen doing is part of the scenario; -list prints it as JSON.
//
// The source compiles with Go 1.21 and everything newer: what needs a newer Go,
// or cgo, or a Unix, is in files with build tags, which register themselves.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/trace"
)

// A scenario makes one kind of wait.
type scenario struct {
	Name string `json:"name"`
	Doc  string `json:"doc"`
	// Expect says what the trace must show.
	Expect []expectation `json:"expect"`
	// Alone keeps the scenario out of "all": it is long, or it disturbs others.
	Alone bool `json:"alone,omitempty"`

	before func() // runs before the recording begins
	run    func() // runs while recording
	after  func() // runs when the recording has ended
}

// An expectation is about the goroutines with one entry function.
type expectation struct {
	Func       string `json:"func"`
	Kind       string `json:"kind,omitempty"`   // class and kind, as conctrace calls them
	Reason     string `json:"reason,omitempty"` // the runtime's own, since Go 1.22
	Goroutines int    `json:"goroutines"`
	// Waits counts the waits of this kind, and of this reason if there is one,
	// of all these goroutines together: the system calls, stops or ranges where
	// the kind is none of a wait.
	Waits   int  `json:"waits"`
	AtLeast bool `json:"at_least,omitempty"` // there may be more
	// Before says that the wait began before the trace, so that the trace has
	// no reason for it.
	Before bool `json:"before,omitempty"`
	AtRest bool `json:"at_rest,omitempty"`
	// Range is the name of the ranges to count, instead of waits.
	Range string `json:"range,omitempty"`

	// since is the first minor version of Go whose traces show this; -list
	// leaves it out before.
	since int
}

// scenarios lists those that every Go from 1.21 can run, in the order of "all".
var scenarios = []scenario{
	tiny,
	preTrace,
	mutex, rwmutexRead, rwmutexWrite, waitGroup, once, cond,
	chanSend, chanReceive, chanClose, chanNil, selectPeer, selectEmpty,
	selectTimer, timerChannel, ticker, contextDeadline, sleep,
	networkRead, networkAccept, pipe, file,
	gc, gcAssist, stopTheWorld, gosched,
	tasks, hostileNames,
	gomaxprocsChange, cpuSamples,
	poolStarved,
	generations,
}

// tagged holds the scenarios of files with build tags; their init functions add
// to it.
var tagged []scenario

// atTheEnd come last in "all": they leave goroutines parked.
var atTheEnd = []scenario{atRest}

// recordings write a trace of run to w: true is the way of the flight recorder,
// which Go 1.25 adds.
var recordings = map[bool]func(w io.Writer, run func()) error{false: record}

func main() {
	out := flag.String("o", "-", "write the trace to this `file`; - is standard output")
	procs := flag.Int("procs", 2, "GOMAXPROCS")
	recorder := flag.Bool("recorder", false, "record with a flight recorder (Go 1.25 and later)")
	list := flag.Bool("list", false, "print the scenarios and what a trace of them must show, as JSON")
	flag.Parse()

	if err := run(*out, *procs, *recorder, *list, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "kinds:", err)
		os.Exit(1)
	}
}

func run(out string, procs int, recorder, list bool, names []string) error {
	all := append(append(append([]scenario{}, scenarios...), tagged...), atTheEnd...)
	if list {
		return printList(os.Stdout, all)
	}
	chosen, err := choose(all, names)
	if err != nil {
		return err
	}
	recordWith := recordings[recorder]
	if recordWith == nil {
		return fmt.Errorf("%s has no flight recorder", runtime.Version())
	}
	w := os.Stdout
	if out != "-" {
		if w, err = os.Create(out); err != nil {
			return err
		}
	}

	// No collection but those that a scenario asks for, and as many processors
	// as it is told: the counts must not depend on the machine.
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(procs)
	calibrate()
	for _, s := range chosen {
		if s.before != nil {
			s.before()
		}
	}
	err = recordWith(w, func() {
		for _, s := range chosen {
			trace.WithRegion(context.Background(), s.Name, s.run)
		}
	})
	for _, s := range chosen {
		if s.after != nil {
			s.after()
		}
	}
	if err != nil {
		return err
	}
	return w.Close()
}

// printList writes the scenarios with what a trace of this Go shows of them.
func printList(w io.Writer, all []scenario) error {
	minor := 0
	if _, err := fmt.Sscanf(runtime.Version(), "go1.%d", &minor); err != nil {
		minor = math.MaxInt // a development version
	}
	for i, s := range all {
		all[i].Expect = []expectation{}
		for _, e := range s.Expect {
			if e.since <= minor {
				all[i].Expect = append(all[i].Expect, e)
			}
		}
	}
	e := json.NewEncoder(w)
	e.SetIndent("", "\t")
	return e.Encode(all)
}

// choose finds scenarios by name.
func choose(all []scenario, names []string) ([]scenario, error) {
	var chosen []scenario
	for _, name := range names {
		found := false
		for _, s := range all {
			if s.Name == name || name == "all" && !s.Alone {
				chosen = append(chosen, s)
				found = true
			}
		}
		if !found {
			return nil, fmt.Errorf("%s has no scenario %q; -list prints those there are", runtime.Version(), name)
		}
	}
	if len(chosen) == 0 {
		return nil, fmt.Errorf("name a scenario, or all; -list prints those there are")
	}
	return chosen, nil
}

func record(w io.Writer, run func()) error {
	if err := trace.Start(w); err != nil {
		return err
	}
	defer trace.Stop()
	run()
	return nil
}

var tiny = scenario{
	Name: "tiny",
	Doc:  "one log message and nothing else",
	run:  func() { trace.Log(context.Background(), "tiny", "hello") },
}
