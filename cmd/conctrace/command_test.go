package main

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

var update = flag.Bool("update", false, "rewrite the golden files")

const server = "testdata/traces/go1.26/server.trace"

// command runs conctrace from the repository's root.
func command(t *testing.T, in io.Reader, args ...string) (code int, out, errs string) {
	t.Helper()
	t.Chdir(repositoryRoot(t))
	var o, e bytes.Buffer
	code = run(context.Background(), args, streams{in, &o, &e}, func(string) string { return "" })
	return code, o.String(), e.String()
}

func repositoryRoot(t *testing.T) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			t.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}

// TestGoldens shows what the command prints for every trace in testdata.
// Traces of Go 1.11–1.21 are read with nanoseconds of difference from run to
// run, so their digits are not compared.
func TestGoldens(t *testing.T) {
	t.Chdir(repositoryRoot(t))
	traces, err := filepath.Glob("testdata/traces/*/*.trace")
	if err != nil || len(traces) == 0 {
		t.Fatalf("no traces: %v", err)
	}
	for _, path := range traces {
		name := strings.TrimSuffix(strings.TrimPrefix(filepath.ToSlash(path), "testdata/traces/"), ".trace")
		t.Run(name, func(t *testing.T) {
			code, out, errs := command(t, nil, "analyze", filepath.ToSlash(path))
			if code != 0 || errs != "" {
				t.Fatalf("exit %d: %s", code, errs)
			}
			golden := filepath.Join("testdata/golden", filepath.FromSlash(name)+".txt")
			if *update {
				if err := os.MkdirAll(filepath.Dir(golden), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(golden, []byte(out), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatalf("%v (go test ./cmd/conctrace -run Goldens -update writes it)", err)
			}
			if strings.HasPrefix(name, "go1.11/") || strings.HasPrefix(name, "go1.19/") || strings.HasPrefix(name, "go1.21/") {
				out, want = shape(out), []byte(shape(string(want)))
			}
			if diff := cmp.Diff(string(want), out); diff != "" {
				t.Errorf("the report has changed (-golden +now):\n%s", diff)
			}
		})
	}
}

var number = regexp.MustCompile(`[\d.,]+ ?(ns|µs|ms|s|%|kB)?|█+|·+| +|─+`)

// shape is a report without what a nanosecond may change.
func shape(s string) string { return number.ReplaceAllString(s, "#") }

func TestJSONIsValidAgainstItsSchema(t *testing.T) {
	schema, err := jsonschema.UnmarshalJSON(bytes.NewReader(result.Schema))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", schema); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(repositoryRoot(t))
	traces, _ := filepath.Glob("testdata/traces/*/*.trace")
	for i, path := range traces {
		if testing.Short() && i%8 != 0 {
			continue
		}
		code, out, errs := command(t, nil, "analyze", "-f", "json", "--goroutines", path)
		if code != 0 {
			t.Fatalf("%s: exit %d: %s", path, code, errs)
		}
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if err := compiled.Validate(v); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

func TestSeveralTracesFollowEachOther(t *testing.T) {
	code, out, errs := command(t, nil, "analyze", "-f", "json", server, "testdata/traces/go1.22/tiny.trace")
	if code != 0 {
		t.Fatalf("exit %d: %s", code, errs)
	}
	dec := json.NewDecoder(strings.NewReader(out))
	var files []string
	for dec.More() {
		var r result.Result
		if err := dec.Decode(&r); err != nil {
			t.Fatal(err)
		}
		files = append(files, r.Trace.File)
	}
	if diff := cmp.Diff([]string{server, "testdata/traces/go1.22/tiny.trace"}, files); diff != "" {
		t.Error(diff)
	}
}

// TestTheWorstExitCodeWins: one bad input does not hide the others' reports.
func TestTheWorstExitCodeWins(t *testing.T) {
	code, out, errs := command(t, nil, "analyze", "-q", "go.mod", server, "no-such-file")
	if code != exitUnreadable {
		t.Errorf("exit %d, want %d", code, exitUnreadable)
	}
	if !strings.Contains(out, server) || !strings.Contains(errs, "go.mod") || !strings.Contains(errs, "no-such-file") {
		t.Errorf("out %q, errors %q", out, errs)
	}
}

func TestUsageErrorsExitWithTwo(t *testing.T) {
	for _, args := range [][]string{
		{"analyze"},
		{"analyze", "--no-such-flag", server},
		{"analyze", "-f", "yaml", server},
		{"analyze", "-o", "report.docx", server},
		{"analyze", "--from", "2s", "--to", "1s", server},
		{"analyze", "--from", "-1s", server},
		{"analyze", "--from", "0s", "--to", "0s", server},
		{"analyze", "--max-generation-size", "100", server},
		{"analyze", "--group", "(", server},
		{"analyze", "--color", "pink", server},
		{"analyze", "--top", "0", server},
		{"analyze", "--width", "-3", server},
		{"analyze", "--from", "10h", server},
		{"analyze", "--fail-on", "catastrophic", server},
		{"analyze", "--cpus", "0", server},
		{"analyze", "--cpus", "many", server},
		{"detectors", "--format", "html"},
		{"detectors", "--width", "-1"},
		{"detectors", server},
		{"analyze", "no-such-file"},
		{"analyse", server},
	} {
		code, out, errs := command(t, nil, args...)
		if code != exitUsage || out != "" || !strings.HasPrefix(errs, "conctrace: ") || strings.Count(errs, "\n") > 4 {
			t.Errorf("%q: exit %d, out %q, errors %q", args, code, out, errs)
		}
	}
}

func TestStandardInputAndFilters(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(repositoryRoot(t), filepath.FromSlash(server)))
	if err != nil {
		t.Fatal(err)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write(data)
	z.Close()
	whole := decode(t, nil, server)
	for name, in := range map[string][]byte{"plain": data, "gzip": zipped.Bytes()} {
		r := decode(t, bytes.NewReader(in), "-")
		if r.Trace.File != "-" || r.Trace.Bytes != int64(len(data)) || !cmp.Equal(r.Time, whole.Time) {
			t.Errorf("%s: file %q, %d bytes of %d, %s", name, r.Trace.File, r.Trace.Bytes, len(data), cmp.Diff(whole.Time, r.Time))
		}
		// A filter needs two readings, for which a pipe is kept aside.
		f := decode(t, bytes.NewReader(in), "-", "--group", `net/http\.\(\*conn\)\.serve`)
		if len(f.Groups) != 1 || f.Groups[0].Name != "net/http.(*conn).serve" {
			t.Fatalf("%s: groups %v", name, f.Groups)
		}
		for _, g := range whole.Groups {
			if g.Name == f.Groups[0].Name && !cmp.Equal(g.Time, f.Time) {
				t.Errorf("%s: %s", name, cmp.Diff(g.Time, f.Time))
			}
		}
	}
}

func TestATaskFilterKeepsThoseWhoTookPart(t *testing.T) {
	r := decode(t, nil, "testdata/traces/go1.26/tasks.trace", "--task", "^query$|^request$", "--goroutines")
	if len(r.Goroutines) == 0 {
		t.Fatal("nobody took part")
	}
	for _, g := range r.Goroutines {
		if !strings.HasPrefix(g.Name, "main.") {
			t.Errorf("goroutine %d (%s) has no task", g.ID, g.Name)
		}
	}
	none := decode(t, nil, "testdata/traces/go1.26/tasks.trace", "--task", "^no such task$")
	if none.Scope.Goroutines != 0 || none.Trace.Warnings[len(none.Trace.Warnings)-1].Code != "nothing-selected" {
		t.Errorf("scope %+v, warnings %v", none.Scope, none.Trace.Warnings)
	}
}

// decode is the JSON of one analysis.
func decode(t *testing.T, in io.Reader, args ...string) *result.Result {
	t.Helper()
	code, out, errs := command(t, in, append([]string{"analyze", "-f", "json"}, args...)...)
	if code != 0 {
		t.Fatalf("%q: exit %d: %s", args, code, errs)
	}
	r := new(result.Result)
	if err := json.Unmarshal([]byte(out), r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestOutputGoesToAFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "report.json")
	code, out, errs := command(t, nil, "analyze", "-o", path, server)
	if code != 0 || out != "" || !strings.Contains(errs, "wrote "+path) {
		t.Fatalf("exit %d, out %q, errors %q", code, out, errs)
	}
	var r result.Result
	data, _ := os.ReadFile(path)
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	// What cannot be analysed leaves an older report as it was.
	if code, _, _ := command(t, nil, "analyze", "-o", path, "go.mod"); code != exitUnreadable {
		t.Errorf("exit %d", code)
	}
	if again, _ := os.ReadFile(path); !bytes.Equal(again, data) {
		t.Error("the report was overwritten")
	}
}

func TestColorFollowsTheFlagAndTheEnvironment(t *testing.T) {
	colored := func(args []string, env map[string]string) bool {
		t.Chdir(repositoryRoot(t))
		var o, e bytes.Buffer
		if code := run(context.Background(), append([]string{"analyze", server}, args...), streams{nil, &o, &e}, func(k string) string { return env[k] }); code != 0 {
			t.Fatalf("exit %d: %s", code, e.String())
		}
		return strings.Contains(o.String(), "\x1b[")
	}
	for _, c := range []struct {
		args []string
		env  map[string]string
		want bool
	}{
		{nil, nil, false},
		{nil, map[string]string{"TERM": "xterm-256color"}, false}, // a pipe
		{nil, map[string]string{"TERM": "xterm-256color", "CLICOLOR_FORCE": "1"}, true},
		{[]string{"--color", "always"}, map[string]string{"NO_COLOR": "1"}, true},
		{[]string{"--color", "never"}, map[string]string{"CLICOLOR_FORCE": "1"}, false},
		{nil, map[string]string{"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, false},
	} {
		if got := colored(c.args, c.env); got != c.want {
			t.Errorf("%v %v: colour %v, want %v", c.args, c.env, got, c.want)
		}
	}
}

// TestCtrlCEndsAReadingThatNeverEnds: standard input stays open and silent.
func TestCtrlCEndsAReadingThatNeverEnds(t *testing.T) {
	for name, first := range map[string]string{"before the header": "", "within the trace": "go 1.26 trace\x00\x00\x00"} {
		t.Run(name, func(t *testing.T) {
			pr, pw := io.Pipe()
			defer pw.Close()
			ctx, cancel := context.WithCancel(context.Background())
			done := make(chan int)
			var e bytes.Buffer
			go func() {
				done <- run(ctx, []string{"analyze", "-"}, streams{pr, io.Discard, &e}, os.Getenv)
			}()
			if first != "" {
				_, _ = io.WriteString(pw, first)
			}
			time.Sleep(50 * time.Millisecond)
			cancel()
			select {
			case code := <-done:
				if code != exitInterrupted || !strings.Contains(e.String(), "interrupted") {
					t.Errorf("exit %d: %s", code, e.String())
				}
			case <-time.After(20 * time.Second):
				t.Fatal("it goes on")
			}
		})
	}
}
