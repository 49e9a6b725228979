package analyze_test

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/conctrace/conctrace/analyze"
)

// FuzzAnalyze runs the whole pipeline on whatever is in a file: it ends in an
// error of one line or in a Result in which every goroutine's classes sum, in
// bounded time; and what the reference reads whole gives the same Result.
func FuzzAnalyze(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		begun := time.Now()
		o := analyze.Options{Goroutines: true, MaxBytes: 1 << 20, MaxGenerationBytes: 1 << 20, MaxGoroutines: 100_000}
		r, err := analyze.Analyze(context.Background(), analyze.Reader("fuzz", bytes.NewReader(data)), o)
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
		fast := asJSON(t, r)
		o.Decoder = analyze.DecoderReference
		reference, err := analyze.Analyze(context.Background(), analyze.Reader("fuzz", bytes.NewReader(data)), o)
		if err == nil && reference.Trace.Complete && !isOld(reference) {
			if want := asJSON(t, reference); !bytes.Equal(fast, want) {
				t.Errorf("fast:\n%s", firstDifference(fast, want))
			}
		}
	})
}
