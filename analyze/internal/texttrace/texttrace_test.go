package texttrace

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/exp/trace"
)

// TestToolchain converts every file of the toolchain's and checks that the
// reader that those files were made for says of them what they expect.
func TestToolchain(t *testing.T) {
	paths := toolchainTests(t)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := os.Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			binary, want, batches, err := parse(f)
			if err != nil {
				t.Fatal(err)
			}
			if err := want.Check(readAll(binary)); err != nil {
				t.Error(err)
			}
			checkSizes(t, batches, filepath.Base(path))
		})
	}
}

// toolchainTests returns the paths of the toolchain's text traces, and skips
// the test where there are none: a distribution may leave them out.
func toolchainTests(t *testing.T) []string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("go env GOROOT does not run here: %v", err)
	}
	dir := filepath.Join(strings.TrimSpace(string(root)), "src/internal/trace/testdata/tests")
	paths, err := filepath.Glob(filepath.Join(dir, "*.test"))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Skipf("this toolchain has no text traces in %s", dir)
	}
	return paths
}

// unsound has the files in which the last batch claims more than it has.
var unsound = map[string]bool{"go122-fail-first-gen-first.test": true}

// checkSizes compares what was written with the sizes in the text, which the
// toolchain's tests got from a writer of their own.
func checkSizes(t *testing.T, batches []batch, file string) {
	t.Helper()
	for i, b := range batches {
		if unsound[file] && i == len(batches)-1 {
			continue
		}
		if got := uint64(b.end - b.start); got != b.declared {
			t.Errorf("batch %d of %d has %d bytes, want %d", i+1, len(batches), got, b.declared)
		}
	}
}

func readAll(data []byte) error {
	r, err := trace.NewReader(bytes.NewReader(data))
	if err != nil {
		return err
	}
	for {
		if _, err := r.ReadEvent(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// file is a text trace of these lines.
func file(lines ...string) string {
	return "-- expect --\nSUCCESS\n-- trace --\n" + strings.Join(lines, "\n") + "\n"
}

func TestBytes(t *testing.T) {
	tests := map[string]struct {
		lines []string
		want  string // after the header
	}{
		"batch":      {[]string{"EventBatch gen=1 m=18446744073709551615 time=300 size=2", "ProcStop dt=5"}, "\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\xac\x02\x02\x0b\x05"},
		"comment":    {[]string{"", "# all", "Strings # of it"}, "\x04"},
		"string":     {[]string{"String id=2", "\tdata=\"#\\n\\xff\""}, "\x05\x02\x03#\n\xff"},
		"long":       {[]string{"String id=2", "\tdata=\"" + strings.Repeat("é", 100) + `"`}, "\x05\x02\xc8\x01" + strings.Repeat("é", 100)},
		"stack":      {[]string{"Stack id=1 nframes=2", "\tpc=1 func=2 file=3 line=4", "\tpc=5 func=6 file=7 line=200"}, "\x03\x01\x02\x01\x02\x03\x04\x05\x06\x07\xc8\x01"},
		"no stack":   {[]string{"Stack id=1 nframes=0"}, "\x03\x01\x00"},
		"experiment": {[]string{"ExperimentalBatch exp=1 gen=2 m=3 time=4", "\tdata=\"ab\""}, "\x31\x01\x02\x03\x04\x02ab"},
		"sample":     {[]string{"CPUSamples", "CPUSample time=1 m=2 p=3 g=4 stack=5"}, "\x06\x07\x01\x02\x03\x04\x05"},
		"sync":       {[]string{"Sync", "Frequency freq=1", "ClockSnapshot dt=1 mono=2 sec=3 nsec=4"}, "\x32\x08\x01\x33\x01\x02\x03\x04"},
		"end":        {[]string{"EndOfGeneration"}, "\x34"},
		"span":       {[]string{"SpanFree dt=1 id=2"}, "\x82\x01\x02"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, _, err := Parse(strings.NewReader(file(append([]string{"Trace Go1.26"}, test.lines...)...)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("go 1.26 trace\x00\x00\x00"+test.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestVersions has the first event that came with each version: the version
// before it must not know it.
func TestVersions(t *testing.T) {
	for _, test := range []struct {
		line          string
		before, since int
	}{
		{"GoSwitch dt=1 g=2 g_seq=3", 22, 23},
		{"SpanFree dt=1 id=2", 22, 23},
		{"Sync", 23, 25},
		{"EndOfGeneration", 25, 26},
	} {
		if _, _, err := Parse(strings.NewReader(file(fmt.Sprintf("Trace Go1.%d", test.since), test.line))); err != nil {
			t.Errorf("Go 1.%d: %v", test.since, err)
		}
		if _, _, err := Parse(strings.NewReader(file(fmt.Sprintf("Trace Go1.%d", test.before), test.line))); err == nil {
			t.Errorf("Go 1.%d takes %s", test.before, test.line)
		}
	}
}

func TestMalformed(t *testing.T) {
	for text, want := range map[string]string{
		"":                                       "want a section",
		"-- expect --\nPERHAPS\n-- trace --\n":   "neither SUCCESS nor FAILURE",
		"-- expect --\nFAILURE x\n-- trace --\n": "invalid syntax",
		"-- expect --\nFAILURE \"(\"\n-- trace --\n": "missing closing",
		file():                                                   "is no header",
		file("Trace Go1.24"):                                     "no format of Go 1.24",
		file("Trace Go1.x"):                                      "invalid syntax",
		file("Trace Go1.22", "Strings", "No"):                    "line 6: No: no such event in Go 1.22",
		file("Trace Go1.22", "ProcStop"):                         "want [\"dt\"]",
		file("Trace Go1.22", "ProcStop d=1"):                     "want dt=",
		file("Trace Go1.22", "ProcStop dt=x"):                    "invalid syntax",
		file("Trace Go1.22", "ProcStop dt=18446744073709551616"): "out of range",
		file("Trace Go1.22", "Stack id=1 nframes=1"):             "frame 1 of 1",
		file("Trace Go1.22", "String id=1", "Strings"):           "is no data",
		file("Trace Go1.22", "String id=1", `data="`):            "invalid syntax",
		strings.TrimSpace(file("Trace Go1.22", "String id=1")):   "ends before the data",
	} {
		_, _, err := Parse(strings.NewReader(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got the error %v, want one with %q", text, err, want)
		}
	}
}

func TestExpectation(t *testing.T) {
	_, want, err := Parse(strings.NewReader("-- expect --\nFAILURE \"no .* proc\"\n-- trace --\nTrace Go1.22\n"))
	if err != nil {
		t.Fatal(err)
	}
	for err, ok := range map[error]bool{nil: false, errors.New("no such proc"): true, errors.New("other"): false} {
		if got := want.Check(err); (got == nil) != ok {
			t.Errorf("of the error %v: %v", err, got)
		}
	}
	if err := (Expectation{Success: true}).Check(io.EOF); !errors.Is(err, io.EOF) {
		t.Errorf("a refusal does not wrap the reader's error: %v", err)
	}
}
