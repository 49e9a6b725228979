package pprof_test

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/conctrace/conctrace/report/pprof"
)

const (
	traces      = "../../testdata/traces"
	serverTrace = traces + "/go1.26/server.trace"
	openWaits   = traces + "/scenarios/s42-open-waits.trace"
)

// overCorpus runs a test for every trace; in short tests for one of ten.
func overCorpus(t *testing.T, test func(t *testing.T, path string)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(traces, func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".trace" {
			if n++; testing.Short() && n%10 != 0 {
				return nil
			}
			t.Run(strings.TrimPrefix(path, traces+"/"), func(t *testing.T) { test(t, path) })
		}
		return err
	})
	if err != nil || n < 50 {
		t.Fatalf("%d traces, %v", n, err)
	}
}

// profileOf is the profile of a trace, as a reader of its file has it.
func profileOf(t *testing.T, path string, o analyze.Options, po pprof.Options) (*result.Result, *profile.Profile) {
	t.Helper()
	c := pprof.New(po)
	r, err := analyze.Stream(context.Background(), analyze.File(path), o, c)
	if err != nil {
		t.Fatal(err)
	}
	p, err := c.Profile()
	if err != nil {
		t.Fatal(err)
	}
	return r, reread(t, p)
}

// reread is a profile written and read again.
func reread(t *testing.T, p *profile.Profile) *profile.Profile {
	t.Helper()
	var buf bytes.Buffer
	if err := p.Write(&buf); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Parse(&buf)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// sums are the sums of a profile's values by type.
func sums(p *profile.Profile) map[string]int64 {
	out := map[string]int64{}
	for i, st := range p.SampleType {
		if st.Unit != "nanoseconds" {
			continue
		}
		out[st.Type] = 0
		for _, s := range p.Sample {
			out[st.Type] += s.Value[i]
		}
	}
	return out
}

// classes are the classes of a time, with what is at rest or without.
func classes(t *result.Time, atRest bool) map[string]int64 {
	out := map[string]int64{}
	for c := range waitkind.NumClasses {
		out[c.String()] = 0
	}
	add := func(kinds map[string]int64, sign int64) {
		for label, ns := range kinds {
			class, _, _ := strings.Cut(label, "/")
			out[class] += sign * ns
		}
	}
	add(t.Kinds, 1)
	if !atRest {
		add(t.AtRestKinds, -1)
	}
	return out
}

// The values of every class sum to the class of the JSON, to the nanosecond, with what is
// at rest and without; and so do those of goroutines of the runtime.
func TestProfilesSumToTheResult(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		for _, skip := range []bool{false, true} {
			r, p := profileOf(t, path, analyze.Options{}, pprof.Options{SkipAtRest: skip})
			if diff := cmp.Diff(classes(&r.Time, !skip), sums(p)); diff != "" {
				t.Errorf("at rest left out %v (-result +profile):\n%s", skip, diff)
			}
		}
		if !strings.Contains(path, "go1.2") {
			return // the rest takes long enough
		}
		r, p := profileOf(t, path, analyze.Options{}, pprof.Options{System: true, OffCPU: true, Stack: pprof.Chain})
		want := r.Time.LifetimeNs - r.Time.RunningNs + r.SystemTime.LifetimeNs - r.SystemTime.RunningNs
		if diff := cmp.Diff(map[string]int64{"off-cpu": want}, sums(p)); diff != "" {
			t.Errorf("off the CPU, with the runtime's (-result +profile):\n%s", diff)
		}
	})
}

// The same holds for every scope.
func TestProfilesOfAScopeSumToItsResult(t *testing.T) {
	for name, o := range map[string]analyze.Options{
		"window": {From: 50 * time.Millisecond, To: 210 * time.Millisecond},
		"group":  {Group: regexp.MustCompile(`net/http`)},
		"task":   {Task: regexp.MustCompile(`.`)},
		"all":    {From: 100 * time.Millisecond, Group: regexp.MustCompile(`main`), AtRest: regexp.MustCompile(`main\.client`)},
	} {
		for _, stack := range []pprof.Stack{pprof.Blocked, pprof.Waker, pprof.Chain} {
			r, p := profileOf(t, serverTrace, o, pprof.Options{Stack: stack, SkipAtRest: true})
			if diff := cmp.Diff(classes(&r.Time, false), sums(p)); diff != "" {
				t.Errorf("%s, stack %v (-result +profile):\n%s", name, stack, diff)
			}
			if r.Time.RunningNs == 0 {
				t.Errorf("%s: nothing ran", name)
			}
		}
	}
}

// The profile says of what it is, and two of the same trace are the same bytes.
func TestProfilesSayWhatTheyAre(t *testing.T) {
	o := analyze.Options{From: 50 * time.Millisecond, Group: regexp.MustCompile("main")}
	_, p := profileOf(t, serverTrace, o, pprof.Options{})
	text := strings.Join(p.Comments, "\n")
	for _, want := range []string{"server.trace", "50ms to 358.019969ms of a trace of 358.019969ms", "entry function matches main"} {
		if !strings.Contains(text, want) {
			t.Errorf("the comments lack %q:\n%s", want, text)
		}
	}
	if at := time.Unix(0, p.TimeNanos).UTC(); at.Format("2006-01-02T15:04:05.000") != "2026-11-21T10:34:03.765" {
		t.Errorf("it begins at %v", at)
	}
	if p.DurationNanos != 308019969 || p.DefaultSampleType != "blocked-sync" {
		t.Errorf("%d ns, %s", p.DurationNanos, p.DefaultSampleType)
	}
	_, again := profileOf(t, serverTrace, o, pprof.Options{})
	if p.String() != again.String() {
		t.Error("another profile of the same trace differs")
	}
}

// total is what go tool pprof says that a profile sums to.
var total = regexp.MustCompile(`, \S+ of (\d+)(?:ns)? total`)

// go tool pprof reads the profiles, sums them to the same, and finds no difference
// between one and itself.
func TestGoToolPprofReadsProfiles(t *testing.T) {
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("no go command: go tool pprof is not asked")
	}
	top := func(args ...string) string {
		cmd := exec.Command(goTool, append([]string{"tool", "pprof", "-top", "-unit=ns", "-nodefraction=0"}, args...)...)
		cmd.Env = append(os.Environ(), "PPROF_TMPDIR="+t.TempDir())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		return string(out)
	}
	write := func(p *profile.Profile) string {
		file := filepath.Join(t.TempDir(), "profile.pb.gz")
		var buf bytes.Buffer
		if err := p.Write(&buf); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, buf.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	r, p := profileOf(t, serverTrace, analyze.Options{}, pprof.Options{})
	file := write(p)
	for class, want := range classes(&r.Time, true) {
		out := top("-sample_index="+class, file)
		got := total.FindStringSubmatch(out)
		if got == nil || got[1] != strconv.FormatInt(want, 10) {
			t.Errorf("%s: %v, want %d ns in\n%s", class, got, want, out)
		}
	}
	_, waits := profileOf(t, serverTrace, analyze.Options{}, pprof.Options{OffCPU: true, Stack: pprof.Chain})
	offCPU := write(waits)
	if out := top("-diff_base="+offCPU, offCPU); !strings.Contains(out, "accounting for 0, 0% of") {
		t.Errorf("a profile differs from itself:\n%s", out)
	}
	path, err := analyze.Path(context.Background(), analyze.File(serverTrace), analyze.Options{}, analyze.PathQuestion{MaxSteps: 1 << 30})
	if err != nil {
		t.Fatal(err)
	}
	critical, err := pprof.Path(path, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	want := path.Paths[0].ToNs - path.Paths[0].FromNs
	if got := sums(reread(t, critical)); got["critical-path"] != want {
		t.Errorf("the critical path sums to %v, is %d ns long", got, want)
	}
	if out := top(write(critical)); total.FindStringSubmatch(out) == nil || total.FindStringSubmatch(out)[1] != strconv.FormatInt(want, 10) {
		t.Errorf("want %d ns in\n%s", want, out)
	}
}

// missed sums what a profile has of some labels.
func sumOf(p *profile.Profile, labels map[string]string) (ns int64, stacks []string) {
	for _, s := range p.Sample {
		matches := true
		for k, v := range labels {
			matches = matches && len(s.Label[k]) == 1 && strings.Contains(v, s.Label[k][0])
		}
		if !matches {
			continue
		}
		for i, st := range p.SampleType {
			if st.Unit == "nanoseconds" {
				ns += s.Value[i]
			}
		}
		stacks = append(stacks, s.Location[0].Line[0].Function.Name)
	}
	return ns, stacks
}

// byGoTool is what a profile of go tool trace sums to.
func byGoTool(t *testing.T, kind, path string) int64 {
	t.Helper()
	out, err := exec.Command("go", "tool", "trace", "-pprof="+kind, path).Output()
	if err != nil {
		t.Skipf("go tool trace is not to be had: %v", err)
	}
	p, err := profile.ParseData(out)
	if err != nil {
		t.Fatal(err)
	}
	var ns int64
	for _, s := range p.Sample {
		ns += s.Value[1]
	}
	return ns
}

// Waits that are open when the trace ends count until then. The program leaves several
// goroutines waiting for its whole length; go tool trace drops them.
func TestWaitsOpenAtTheEndCount(t *testing.T) {
	r, p := profileOf(t, openWaits, analyze.Options{}, pprof.Options{})
	ns, stacks := sumOf(p, map[string]string{"class": "blocked-sync", "censored": "end both"})
	if len(stacks) == 0 || ns < r.Trace.DurationNs {
		t.Errorf("%d ns at %v", ns, stacks)
	}
	if theirs, ours := byGoTool(t, "sync", openWaits), sums(p)["blocked-sync"]; ours < theirs+ns/2 {
		t.Errorf("%d ns, go tool trace has %d, and %d are open at the end", ours, theirs, ns)
	}
}

// Waits that began before the trace count since its start, with a kind and a stack
// where the trace tells one.
func TestWaitsOpenAtTheStartCount(t *testing.T) {
	r, p := profileOf(t, openWaits, analyze.Options{}, pprof.Options{})
	ns, stacks := sumOf(p, map[string]string{"censored": "start both"})
	if ns < r.Trace.DurationNs/2 || len(stacks) == 0 {
		t.Errorf("%d ns at %v", ns, stacks)
	}
	for _, s := range p.Sample {
		if c := s.Label["censored"]; len(c) == 1 && c[0] != "end" && len(s.Label["kind"]) != 1 {
			t.Errorf("a wait without a kind: %v", s.Label)
		}
	}
}

// The wait before a goroutine's first run counts, at its entry function, with who
// created it; go tool trace's profile of scheduling latency has none of it.
func TestWaitsBeforeTheFirstRunCount(t *testing.T) {
	r, p := profileOf(t, serverTrace, analyze.Options{}, pprof.Options{Classes: []waitkind.Class{waitkind.Runnable}})
	ns, stacks := sumOf(p, map[string]string{"kind": "new"})
	if want := r.Time.Kinds["runnable/new"]; ns != want || want == 0 {
		t.Errorf("%d ns, want %d", ns, want)
	}
	for _, fn := range stacks {
		if strings.HasPrefix(fn, "runtime.") {
			t.Errorf("one is at %s", fn)
		}
	}
	wakers := 0
	for _, s := range p.Sample {
		if s.Label["kind"][0] == "new" && len(s.Label["waker"]) == 1 {
			wakers++
		}
	}
	if wakers == 0 {
		t.Error("none of them has a creator")
	}
	theirs := byGoTool(t, "sched", openWaits)
	all, p := profileOf(t, openWaits, analyze.Options{}, pprof.Options{System: true})
	before := all.Time.Kinds["runnable/new"] + all.SystemTime.Kinds["runnable/new"]
	if ours := sums(p)["runnable"]; before == 0 || ours < theirs+before/2 {
		t.Errorf("%d ns, go tool trace has %d, and %d are before first runs", ours, theirs, before)
	}
}

// A profile of a class that was taken out of all is the one of that class alone.
func TestOneReadingHasTheProfileOfEveryClass(t *testing.T) {
	all := pprof.New(pprof.Options{})
	if _, err := analyze.Stream(context.Background(), analyze.File(serverTrace), analyze.Options{}, all); err != nil {
		t.Fatal(err)
	}
	for class := range waitkind.NumClasses {
		for _, atRest := range []bool{true, false} {
			p, err := all.Of(class, atRest)
			if err != nil {
				t.Fatal(err)
			}
			_, want := profileOf(t, serverTrace, analyze.Options{}, pprof.Options{Classes: []waitkind.Class{class}, SkipAtRest: !atRest})
			if diff := cmp.Diff(want.String(), reread(t, p).String()); diff != "" {
				t.Errorf("%s, at rest %v (-alone +of all):\n%s", class, atRest, diff)
			}
		}
	}
}
