package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/settings"
)

// thresholds writes a file of settings.
func thresholds(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "own thresholds.toml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// detectors are what found something, with the severity.
func detectors(r *result.Result) (out []string) {
	for _, f := range r.Findings {
		out = append(out, f.Detector+" "+f.Severity)
	}
	return out
}

// A threshold decides what is found, everywhere; the defaults change nothing.
func TestThresholdsDecide(t *testing.T) {
	before := decode(t, nil, server)
	if got := detectors(before); !slices.Equal(got[:2], []string{"slow-consumer medium", "stop-the-world low"}) {
		t.Fatalf("findings %v: the trace is another one", got)
	}
	for text, want := range map[string]string{
		"[slow-consumer]\nhigh = 0.2":                                 "slow-consumer high",
		"[slow-consumer]\nlow = 0.4\nhigh = 0.5":                      "stop-the-world low",
		"[slow-consumer]\nleast-waits = 1000":                         "stop-the-world low",
		"[slow-consumer]\noff = true":                                 "stop-the-world low",
		"[slow-consumer]\noff = true\n[stop-the-world]\nhigh = 0.015": "stop-the-world medium",
	} {
		file := thresholds(t, text)
		r := decode(t, nil, server, "--thresholds", file)
		if got := detectors(r); len(got) == 0 || got[0] != want {
			t.Errorf("%q: %v, want %s first", text, got, want)
		}
		if r.Scope.Thresholds != file {
			t.Errorf("scope.thresholds is %q", r.Scope.Thresholds)
		}
	}
	var defaults bytes.Buffer
	if err := settings.WriteDefaults(&defaults); err != nil {
		t.Fatal(err)
	}
	file := thresholds(t, defaults.String())
	after := decode(t, nil, server, "--thresholds", file)
	for i := range after.Findings {
		after.Findings[i].Explain = before.Findings[i].Explain
	}
	after.Scope.Thresholds = ""
	x, _ := json.Marshal(before)
	y, _ := json.Marshal(after)
	if !bytes.Equal(x, y) {
		t.Error("the defaults change the result")
	}
}

// The command of a finding has the file, without which its number would mean another
// one; reports name it.
func TestThresholdsReproduce(t *testing.T) {
	file := thresholds(t, "[slow-consumer]\noff = true\n[stop-the-world]\nlow = 0.001\nhigh = 0.9")
	r := decode(t, nil, server, "--thresholds", file)
	if len(r.Findings) == 0 || !strings.Contains(r.Findings[0].Explain, "--thresholds '"+file+"'") {
		t.Fatalf("%+v", r.Findings)
	}
	args := parseShell(r.Findings[0].Explain).stages[0][1:]
	code, out, errs := command(t, nil, args...)
	if code != 0 || !strings.Contains(out, "The world is stopped") {
		t.Errorf("%v: exit %d: %s%s", args, code, errs, out)
	}
	for _, format := range []string{"text", "html"} {
		if _, out, _ := command(t, nil, "analyze", server, "-f", format, "--thresholds", file); !strings.Contains(strings.Join(strings.Fields(out), " "), "thresholds of "+file) {
			t.Errorf("%s does not name the file", format)
		}
	}
	if code, _, errs := command(t, nil, "path", server, "--thresholds", file); code != 0 {
		t.Errorf("path: exit %d: %s", code, errs)
	}
	if code, _, _ := command(t, nil, "analyze", server, "--fail-on", "medium", "--thresholds", file); code != exitDone {
		t.Errorf("exit %d, with the finding turned off", code)
	}
}

// Each meaning of a site rule on a recorded trace.
func TestSiteRules(t *testing.T) {
	rules := `
[[site]]
name = "turn at the backend"
stack = ['\.\(\*service\)\.fetch$']
kind = "blocked-sync/chan-send"
is = "limiter"
[[site]]
name = "answer of the backend"
stack = ['\.\(\*service\)\.fetch$', 'ServeHTTP']
is = "call"
[[site]]
name = "orders"
stack = ['runtime\.chanrecv', '\.\(\*service\)\.work$']
is = "idle"
[[site]]
name = "load"
stack = ['main\.load$']
`
	r := decode(t, nil, server, "--thresholds", thresholds(t, rules))
	plain := decode(t, nil, server)
	found := map[string]bool{}
	for _, s := range r.Sites {
		if s.Rule == nil {
			continue
		}
		found[s.Rule.Name+" "+s.Rule.Is] = true
		switch s.Rule.Is {
		case "call":
			if s.Kind == "chan-receive" && s.AskedNs*2 < s.TotalNs {
				t.Errorf("%s: %d of %d ns asked", s.Rule.Name, s.AskedNs, s.TotalNs)
			}
		case "idle":
			if s.TotalNs > 0 || s.AtRestNs == 0 {
				t.Errorf("%s: %d ns not at rest, %d at rest", s.Rule.Name, s.TotalNs, s.AtRestNs)
			}
		}
	}
	for _, want := range []string{"turn at the backend limiter", "answer of the backend call", "orders idle", "load "} {
		if !found[want] {
			t.Errorf("no site has the rule %s: %v", want, found)
		}
	}
	if x, y := r.Concurrency.LatencyCauseNs["sync"], plain.Concurrency.LatencyCauseNs["sync"]; x > y {
		t.Errorf("more of the latency is for goroutines, %d and not %d", x, y)
	}
	if !slices.ContainsFunc(r.SiteClasses, func(c result.SiteClass) bool { return c.Rule != nil && c.Rule.Is == "limiter" }) {
		t.Error("no class of sites has a rule")
	}
	file := thresholds(t, rules)
	if _, out, _ := command(t, nil, "analyze", server, "--thresholds", file); !strings.Contains(out, "    answer of the backend: main.(*service).fetch") {
		t.Errorf("the table of waits does not name the place:\n%s", out)
	}
	// Explaining goes by the same rules.
	idle := thresholds(t, "[[site]]\nname = 'load'\nstack = ['main\\.load$']\nis = 'idle'")
	code, _, errs := command(t, nil, "explain", server, "--site", `main\.load$`, "--thresholds", idle)
	if code != exitUsage || !strings.Contains(errs, "at rest") {
		t.Errorf("exit %d: %s", code, errs)
	}
}

func TestThresholdsThatCannotBeMeant(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.toml")
	for _, name := range []string{"analyze", "explain", "path"} {
		args := []string{name, server, "--thresholds"}
		if name == "explain" {
			args = []string{name, server, "--finding", "1", "--thresholds"}
		}
		for file, want := range map[string]string{
			missing: "there is no file " + missing + "; conctrace detectors --defaults prints one to begin with",
			"":      "--thresholds: which file?",
			thresholds(t, "[late-timers]\nleast = 3"): "own thresholds.toml:2: late-timers has no threshold \"least\"; it has off, low, high, least-timers",
			server:       "not TOML",
			t.TempDir():  "directory",
			"README.md":  "README.md:3: not TOML",
			"testdata/x": "there is no file",
		} {
			code, out, errs := command(t, nil, append(slices.Clone(args), file)...)
			if code != exitUsage || out != "" || !strings.Contains(errs, want) {
				t.Errorf("%s --thresholds %s: exit %d, %q, want %s", name, file, code, errs, want)
			}
		}
	}
}

// What is printed is a file that can be used as it is.
func TestDefaultsArePrinted(t *testing.T) {
	code, out, errs := command(t, nil, "detectors", "--defaults")
	if code != 0 || errs != "" {
		t.Fatalf("exit %d: %s", code, errs)
	}
	if code, _, errs := command(t, nil, "analyze", server, "--thresholds", thresholds(t, out)); code != 0 {
		t.Errorf("exit %d: %s", code, errs)
	}
	if code, _, _ := command(t, nil, "detectors", "--defaults", "-f", "json"); code != exitUsage {
		t.Errorf("exit %d", code)
	}
}
