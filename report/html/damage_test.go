package html_test

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/report/html"
)

// Whatever is wrong with a trace, there is a page or an error in words: no panic.
func TestDamagedTraces(t *testing.T) {
	traces := []string{serverTrace, lockTrace, "../../testdata/traces/go1.26/all.trace", "../../testdata/traces/go1.26/generations.trace", "../../testdata/traces/go1.11/go-user-task-region.trace"}
	bad, err := filepath.Glob("../../testdata/bad/*")
	if err != nil {
		t.Fatal(err)
	}
	pages := 0
	try := func(name string, trace []byte, o analyze.Options) {
		t.Helper()
		r, log, err := analyze.Detailed(context.Background(), analyze.Reader(name, bytes.NewReader(trace)), o, 2000)
		if err != nil {
			if err.Error() == "" {
				t.Errorf("%s: an error without words", name)
			}
			return
		}
		pages++
		if err := html.Write(io.Discard, r, log, html.Options{MaxBytes: 250_000}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, path := range bad {
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			try(path, mustRead(t, path), analyze.Options{})
		}
	}
	r := rand.New(rand.NewPCG(6, 6))
	for _, path := range traces {
		whole := mustRead(t, path)
		for i := range 12 {
			try(path+", cut off", whole[:len(whole)*(i+1)/13], analyze.Options{})
			broken := bytes.Clone(whole)
			for range 1 + i*i {
				broken[16+r.IntN(len(broken)-16)] = byte(r.Uint32())
			}
			try(path+", changed", broken, analyze.Options{})
		}
		try(path+", an instant", whole, analyze.Options{From: 1000, To: 1001})
	}
	if pages < len(traces)*10 {
		t.Errorf("only %d pages were written: the damage is too much for this test", pages)
	}
}
