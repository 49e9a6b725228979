package analyze_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
	"golang.org/x/sync/errgroup"
)

// service is what a program of testdata/programs/services says about itself.
type service struct {
	program
	Twin    string   `json:"twin"`    // the troubled one that this is the healthy form of
	Expect  []string `json:"expect"`  // detectors of which one must have the first or second finding
	Culprit string   `json:"culprit"` // which that must name
}

// recordedServices is where the recorded services are.
const recordedServices = "../testdata/traces/services"

func services(t *testing.T) []service {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(recordedServices, "services.json"))
	if err != nil {
		t.Fatal(err)
	}
	var list []service
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 20 {
		t.Fatalf("only %d services", len(list))
	}
	return list
}

// troubled says whether there is something to find in a service.
func (s *service) troubled() bool { return len(s.Expect) > 0 }

// found is the finding that a service is expected to have, nil if it is not among the
// first two.
func (s *service) found(r *result.Result) *result.Finding {
	for i := range r.Findings[:min(len(r.Findings), 2)] {
		if slices.Contains(s.Expect, r.Findings[i].Detector) {
			return &r.Findings[i]
		}
	}
	return nil
}

// TestRecordedServices analyses programs as people write them: each trouble is the
// first or second finding, by the function that is to blame, and the program without it
// has none that is more than low.
func TestRecordedServices(t *testing.T) {
	list := services(t)
	for _, s := range list {
		t.Run(s.Name, func(t *testing.T) {
			r := analysed(t, filepath.Join(recordedServices, s.Name+".trace"), analyze.Options{})
			checkWaits(t, r, s.Waits)
			checkWaits(t, r, s.Usual)
			if !s.troubled() {
				checkHealthy(t, r)
				return
			}
			f := s.found(r)
			if f == nil {
				t.Fatalf("none of %v is first or second:\n%s", s.Expect, sentences(r))
			}
			if !names(r, *f, s.Culprit) {
				t.Errorf("%s is not named: culprit %q, groups %v\n%s", s.Culprit, f.Culprit, f.Groups, f.Sentence)
			}
			if !slices.ContainsFunc(list, func(twin service) bool { return twin.Twin == s.Name && !twin.troubled() }) {
				t.Error("it has no healthy twin")
			}
		})
	}
}

// steady are the services whose finding a busy machine does not hide.
var steady = []string{"errgroup-straggler", "route-table", "sql-pool-of-two", "stack-dumper"}

// TestLiveServices records every service here and now. As with TestLiveScenarios, only
// what does not depend on how busy the machine is is asserted.
func TestLiveServices(t *testing.T) {
	if testing.Short() {
		t.Skip("runs programs for some seconds")
	}
	dir := t.TempDir()
	bin := filepath.Join(dir, "services.exe")
	build := exec.Command("go", "build", "-o", bin, "../testdata/programs/services")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Skipf("the services do not build here: %v\n%s", err, out)
	}
	list := services(t)
	var g errgroup.Group
	g.SetLimit(1) // they need the processors
	for _, s := range list {
		g.Go(func() error {
			if out, err := exec.Command(bin, "-o", filepath.Join(dir, s.Name+".trace"), s.Name).CombinedOutput(); err != nil {
				return fmt.Errorf("%s: %w\n%s", s.Name, err, out)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, s := range list {
		t.Run(s.Name, func(t *testing.T) {
			r := analysed(t, filepath.Join(dir, s.Name+".trace"), analyze.Options{})
			checkWaits(t, r, s.Waits)
			if !s.troubled() {
				checkHealthy(t, r, ofTheMachine...)
				return
			}
			if slices.Contains(steady, s.Name) && s.found(r) == nil {
				t.Errorf("none of %v is first or second:\n%s", s.Expect, sentences(r))
			}
		})
	}
}
