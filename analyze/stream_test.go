package analyze_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/interval"
)

// A file that changes between the readings gives an error that says so, or says what it
// is now, and never half of one trace and half of another.
func TestATraceThatChangesMeanwhile(t *testing.T) {
	original, err := os.ReadFile(serverTrace)
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile("../testdata/traces/go1.26/all.trace")
	if err != nil {
		t.Fatal(err)
	}
	for name, now := range map[string][]byte{"another trace": other, "a part": original[:len(original)/2], "nothing": nil} {
		path := filepath.Join(t.TempDir(), "x.trace")
		if err := os.WriteFile(path, original, 0o600); err != nil {
			t.Fatal(err)
		}
		changed := false
		o := analyze.Options{Progress: func(read, size int64) {
			if read == size && !changed {
				changed = true
				if err := os.WriteFile(path, now, 0o600); err != nil {
					t.Error(err)
				}
			}
		}}
		_, err := analyze.Stream(context.Background(), analyze.File(path), o, interval.Nothing{})
		if !changed {
			t.Fatal("the file was not changed")
		}
		if err == nil || strings.Contains(err.Error(), "internal error") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
