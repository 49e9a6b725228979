package analyze_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
)

// corpus is every trace in testdata, and those in the directory that
// CONCTRACE_EXTRA_TRACES names, by a short name.
func corpus(t testing.TB) map[string]string {
	t.Helper()
	traces := make(map[string]string)
	add := func(root, prefix string) {
		err := filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if strings.HasSuffix(path, ".trace") {
				rel, _ := filepath.Rel(root, path)
				traces[prefix+filepath.ToSlash(rel)] = path
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	add("../testdata/traces", "")
	if extra := os.Getenv("CONCTRACE_EXTRA_TRACES"); extra != "" {
		add(extra, "extra/")
	} else {
		t.Log("CONCTRACE_EXTRA_TRACES is not set: only the traces in testdata are looked at")
	}
	if len(traces) == 0 {
		t.Fatal("no traces found")
	}
	return traces
}

// overCorpus runs a test for each trace, side by side. In short tests it is one of five,
// and those of Go 1.26.
func overCorpus(t *testing.T, test func(t *testing.T, path string)) {
	traces := corpus(t)
	for i, name := range slices.Sorted(maps.Keys(traces)) {
		if testing.Short() && i%5 != 0 && !strings.HasPrefix(name, "go1.26/") {
			continue
		}
		path := traces[name]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, path)
		})
	}
}

// analysed is the result of a trace that can be read.
func analysed(t testing.TB, path string, o analyze.Options) *result.Result {
	t.Helper()
	r, err := analyze.Analyze(context.Background(), analyze.File(path), o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// asJSON is a value as the JSON report writes it.
func asJSON(t testing.TB, v any) []byte {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// isOld says whether a trace is of Go 1.11–1.21, which x/exp/trace converts in
// the order of a map: equal within 100 ns only.
func isOld(r *result.Result) bool {
	switch r.Trace.GoVersion {
	case "1.11", "1.19", "1.21":
		return true
	}
	return false
}
