package export

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/report/pprof"
)

// Whatever is in a file, an export of it is whole, or an error says what the file is;
// none of the exporters breaks off.
func TestDamagedTraces(t *testing.T) {
	bad, err := filepath.Glob("../../testdata/bad/*")
	if err != nil || len(bad) < 10 {
		t.Fatalf("%d files, %v", len(bad), err)
	}
	for _, path := range bad {
		data, err := os.ReadFile(path)
		if err != nil {
			continue // a folder
		}
		survives(t, filepath.Base(path), data)
	}
}

// The same of prefixes, and of traces with bytes that are others.
func TestMutatedTraces(t *testing.T) {
	for _, path := range []string{serverTrace, traces + "/go1.26/all.trace", traces + "/go1.21/all.trace", traces + "/scenarios/s43-nested-tasks.trace"} {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data = data[:min(len(data), 200_000)]
		rng := rand.New(rand.NewPCG(8, uint64(len(data))))
		n := 25
		if testing.Short() {
			n = 3
		}
		for range n {
			survives(t, path, data[:rng.IntN(len(data))])
			mutant := bytes.Clone(data)
			for range 1 + rng.IntN(20) {
				mutant[rng.IntN(len(mutant))] ^= byte(1 << rng.IntN(8))
			}
			survives(t, path, mutant)
		}
	}
}

func survives(t *testing.T, name string, data []byte) {
	t.Helper()
	for i, f := range Formats {
		w := map[string]io.Writer{}
		for _, part := range append(f.Parts, "") {
			w[part] = io.Discard
		}
		e := f.New(w, pprof.Options{Stack: pprof.Stack(i % len(pprof.Stacks)), System: true})
		_, err := analyze.Stream(context.Background(), analyze.Reader(name, bytes.NewReader(data)), analyze.Options{MaxGoroutines: 100_000}, e)
		if err == nil {
			err = e.Close()
		}
		if err != nil && strings.Contains(err.Error(), "internal error") {
			t.Errorf("%s, %s: %v", name, f.Name, err)
		}
	}
}
