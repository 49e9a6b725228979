package analyze_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/conctrace/conctrace/analyze"
)

// FuzzAnalyze runs the whole pipeline on whatever is in a file: it ends in an
// error of one line or in a Result in which every goroutine's classes sum, in bounded time.
func FuzzAnalyze(f *testing.F) {
	const largest = 16 << 10 // what is larger is mutated too slowly
	for _, pattern := range []string{"../testdata/traces/*/*.trace", "../testdata/bad/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			f.Fatalf("no seeds in %s: %v", pattern, err)
		}
		for _, path := range paths {
			info, err := os.Stat(path)
			// Small in the file but not outside are the hostile ones, which
			// have a test of their own.
			if err != nil || info.Size() > largest || strings.HasPrefix(info.Name(), "many-") || strings.HasPrefix(info.Name(), "gzip-bomb") {
				continue
			}
			data, err := os.ReadFile(path)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		begun := time.Now()
		r, err := analyze.Analyze(context.Background(), analyze.Reader("fuzz", bytes.NewReader(data)), analyze.Options{
			Goroutines: true, MaxBytes: 1 << 20, MaxGenerationBytes: 1 << 20, MaxGoroutines: 100_000,
		})
		if took := time.Since(begun); took > 20*time.Second {
			t.Errorf("it took %v", took)
		}
		if err != nil {
			text := err.Error()
			if r != nil || text == "" || len(text) > 1000 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("not one short line: %q (%v)", text, r)
			}
			if strings.Contains(text, "internal error") {
				t.Error(text)
			}
			return
		}
		// What processors and goroutines did need not agree, as a mutant may
		// contradict itself; a goroutine's time must be whole all the same.
		checkTime(t, "user", r.Time)
		checkTime(t, "system", r.SystemTime)
		for _, g := range r.Groups {
			checkTime(t, g.Name, g.Time)
		}
		for _, g := range r.Goroutines {
			checkTime(t, g.Name, g.Time)
		}
		if lost := r.Trace.BytesLost; lost < 0 || lost > r.Trace.Bytes || r.Trace.Generations < 1 || r.Trace.DurationNs < 0 {
			t.Errorf("%+v", r.Trace)
		}
		if len(asJSON(t, r)) == 0 {
			t.Error("no JSON")
		}
	})
}
