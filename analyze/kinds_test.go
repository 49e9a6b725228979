package analyze_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
)

// expectation is what testdata/programs/kinds says that a trace of it shows of
// the goroutines with one entry function.
type expectation struct {
	Func       string `json:"func"`
	Kind       string `json:"kind"`
	Goroutines int    `json:"goroutines"`
	Waits      int64  `json:"waits"`
	AtLeast    bool   `json:"at_least"`
	Before     bool   `json:"before"`
	AtRest     bool   `json:"at_rest"`
	Range      string `json:"range"`
}

type scenario struct {
	Name   string        `json:"name"`
	Alone  bool          `json:"alone"`
	Expect []expectation `json:"expect"`
}

// TestRealProgramsShowTheirKinds analyses the traces of a program that makes
// every kind of wait a known number of times, recorded with every Go release
// from 1.21 on.
func TestRealProgramsShowTheirKinds(t *testing.T) {
	lists, err := filepath.Glob("../testdata/traces/*/kinds.json")
	if err != nil || len(lists) == 0 {
		t.Fatalf("no expectations found: %v", err)
	}
	for _, list := range lists {
		dir := filepath.Dir(list)
		data, err := os.ReadFile(list)
		if err != nil {
			t.Fatal(err)
		}
		var scenarios []scenario
		if err := json.Unmarshal(data, &scenarios); err != nil {
			t.Fatal(err)
		}
		traces, _ := filepath.Glob(filepath.Join(dir, "*.trace"))
		for _, path := range traces {
			base := filepath.Base(path)
			if !slices.ContainsFunc(scenarios, func(s scenario) bool { return s.Name+".trace" == base }) && base != "all.trace" {
				continue
			}
			t.Run(filepath.Base(dir)+"/"+base, func(t *testing.T) {
				r := analysed(t, path, analyze.Options{})
				for _, s := range scenarios {
					if s.Name+".trace" == base || base == "all.trace" && !s.Alone {
						for _, e := range s.Expect {
							if !silent(r, e) {
								checkExpectation(t, r, s.Name, e, base == "at-rest.trace")
							}
						}
					}
				}
			})
		}
	}
}

// silent says whether a trace's format cannot show what is expected: before
// Go 1.23 a goroutine that does nothing in the whole trace has no stack; before
// Go 1.22 a system call has a length only if it lost its processor.
func silent(r *result.Result, e expectation) bool {
	switch {
	case strings.HasPrefix(e.Func, "main.silent"):
		return isOld(r) || r.Trace.GoVersion == "1.22"
	case e.Func == "runtime.cgocallback":
		return isOld(r) // it has no stack of its own
	case e.Kind == "blocked-io/file" || e.Kind == "blocked-io/syscall" || e.Kind == "running/cgo":
		return isOld(r)
	}
	return false
}

// checkExpectation checks one. The waits of at-rest scenarios are told to be at
// rest by covering most of their trace, which only restTrace does.
func checkExpectation(t *testing.T, r *result.Result, scenario string, e expectation, restTrace bool) {
	t.Helper()
	if e.Kind == "" {
		return
	}
	var found expectation
	kinds := map[string]int64{}
	rules := map[string]bool{}
	var restWaits int64
	for _, g := range r.Groups {
		if g.Name != e.Func && !(e.Func == "runtime.cgocallback" && g.Name == "main.cgoCallback") {
			continue // a callback is named by the Go function that C called
		}
		found.Goroutines += g.Count
		for kind, l := range g.Waits {
			kinds[kind] += l.Count
		}
		for _, rest := range g.AtRest {
			kinds[rest.Kind] += rest.Waits
			rules[rest.Rule] = true
			if rest.Kind == e.Kind {
				restWaits += rest.Waits
			}
		}
	}
	if e.Func == "runtime.cgocallback" {
		found.Goroutines = min(found.Goroutines, 1) // one for each time that C called
	}
	if found.Goroutines != e.Goroutines {
		t.Errorf("%s: %d goroutines of %s, want %d", scenario, found.Goroutines, e.Func, e.Goroutines)
		return
	}
	if e.Range != "" || strings.HasPrefix(e.Kind, "running/") || e.Kind == "runtime/gc-wait" {
		// How often is the runtime's and the machine's affair.
		if kinds[e.Kind] == 0 {
			t.Errorf("%s: %s shows no %s: %v", scenario, e.Func, e.Kind, kinds)
		}
		return
	}
	got := kinds[e.Kind]
	if e.Before {
		// Of a wait that began before the trace only a status stack (Go 1.23 and
		// later, of goroutines that stayed silent) or the waker tells the kind.
		// Nothing may be made up instead.
		if got+kinds["unknown/unknown"] < e.Waits {
			t.Errorf("%s: %s waits %v, want %d of %s, or unknown", scenario, e.Func, kinds, e.Waits, e.Kind)
		}
		return
	}
	if got != e.Waits && !(e.AtLeast && got >= e.Waits) {
		t.Errorf("%s: %s has %d of %s, want %d (at least: %v); all: %v", scenario, e.Func, got, e.Kind, e.Waits, e.AtLeast, kinds)
	}
	if e.AtRest && restWaits == 0 && restTrace && e.Func != "net/http.(*persistConn).readLoop" {
		t.Errorf("%s: no wait of %s (%s) is at rest; rules %v, kinds %v", scenario, e.Func, e.Kind, rules, kinds)
	}
	if !e.AtRest && restWaits > 0 && !slices.Contains(atRestByDesign, e.Func) {
		t.Errorf("%s: %d waits of %s (%s) are at rest: %v", scenario, restWaits, e.Func, e.Kind, rules)
	}
}

// atRestByDesign are functions of the program whose waits are at rest though
// their scenario is about something else.
var atRestByDesign = []string{
	"main.tickReceiver", // receives from a ticker and nothing else
	"main.pinger",       // the same, over several generations
	"main.acceptor",     // accepts
}
