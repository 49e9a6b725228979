package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/pprof/profile"
)

// profileFrom runs conctrace pprof and reads what it wrote.
func profileFrom(t *testing.T, args ...string) (p *profile.Profile, told string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "out.pb.gz")
	code, out, told := command(t, nil, append([]string{"pprof", "-o", file}, args...)...)
	if code != exitDone || out != "" {
		t.Fatalf("exit code %d, %q\n%s", code, out, told)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	p, err = profile.ParseData(data)
	if err != nil {
		t.Fatal(err)
	}
	return p, told
}

func typesOf(p *profile.Profile) []string {
	var out []string
	for _, st := range p.SampleType {
		out = append(out, st.Type)
	}
	return out
}

// The flags choose what is in a profile, and standard error tells what it sums to.
func TestPprofFlags(t *testing.T) {
	for _, tc := range []struct {
		args  []string
		types []string
		told  string
	}{
		{nil, []string{
			"running-count", "running", "runnable-count", "runnable", "blocked-sync-count", "blocked-sync", "blocked-io-count", "blocked-io",
			"timer-count", "timer", "runtime-count", "runtime", "unknown-count", "unknown",
		}, "running 65.208899ms, runnable 76.314494ms, blocked-sync 7.230752519s, blocked-io 5.69380245s, timer 655.792001ms, runtime 6.907968ms, unknown 9.82688ms"},
		{[]string{"--class", "timer,running"}, []string{"running-count", "running", "timer-count", "timer"}, "running 65.208899ms, timer 655.792001ms"},
		{[]string{"--off-cpu", "--skip-at-rest"}, []string{"off-cpu-count", "off-cpu"}, "off-cpu 8.714801867s"},
		{[]string{"--critical-path"}, []string{"critical-path-count", "critical-path"}, "critical-path 358.019969ms"},
		{[]string{"--group", "no such group"}, nil, "0 samples: nothing"},
	} {
		p, told := profileFrom(t, append(tc.args, server)...)
		if got := typesOf(p); tc.types != nil && !slices.Equal(got, tc.types) {
			t.Errorf("%q gives %q", tc.args, got)
		}
		if !strings.Contains(told, tc.told) {
			t.Errorf("%q tells\n%s\nwant %q", tc.args, told, tc.told)
		}
	}
}

func TestPprofRefuses(t *testing.T) {
	for _, tc := range []struct {
		args []string
		want string
	}{
		{nil, "which trace?"},
		{[]string{server, server}, "2 traces"},
		{[]string{server}, "a profile is not text to read: name a file, such as conctrace pprof TRACE -o profile.pb.gz"},
		{[]string{server, "--class", "waiting"}, `--class "waiting" is not known; there are running, runnable`},
		{[]string{server, "--off-cpu", "--class", "running"}, "running is not off the CPU"},
		{[]string{server, "--stack", "both"}, `--stack "both" is not known; there are blocked, waker, chain`},
		{[]string{server, "--region", "x"}, "--region goes with --critical-path only"},
		{[]string{server, "--critical-path", "--class", "timer"}, "--class says nothing about a critical path"},
		{[]string{server, "-o", "x.pb.gz", "--critical-path", "--task", "no such task"}, "no task that began and ended"},
		{[]string{server, "-o", filepath.Join(t.TempDir(), "no", "such", "folder.pb.gz")}, "write "},
	} {
		if code, _, told := command(t, nil, append([]string{"pprof"}, tc.args...)...); code != exitUsage || !strings.Contains(told, tc.want) {
			t.Errorf("%q: exit code %d, %s\nwant %q", tc.args, code, told, tc.want)
		}
	}
	if code, _, told := command(t, strings.NewReader("no trace"), "pprof", "-", "-o", "x.pb.gz"); code != exitUnreadable {
		t.Errorf("exit code %d, %s", code, told)
	}
}
