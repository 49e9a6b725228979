package wire

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/conctrace/conctrace/testdata/programs/damage/forge"
)

// TestWhereAnOldGenerationMayEnd damages traces of Go 1.22–1.25, which do not
// mark the end of a generation, on both sides of the third one's beginning and
// in the middle of the second.
func TestWhereAnOldGenerationMayEnd(t *testing.T) {
	for _, version := range []string{"1.22", "1.23", "1.24", "1.25"} {
		t.Run(version, func(t *testing.T) {
			data, gens := generations(t, "../../../testdata/traces/go"+version+"/generations.trace")
			second, third := gens[1][0].Offset, gens[2][0].Offset
			inSecond := gens[1][2].Offset
			check := func(name string, damaged []byte, whole, end int, trailing bool) {
				t.Helper()
				n, at, err := scanWhole(damaged)
				format, ok := errors.AsType[*FormatError](err)
				if n != whole || at != int64(end) || !ok || format.Trailing != trailing {
					t.Errorf("%s: %d whole to byte %d (%v), want %d to %d, trailing %v", name, n, at, err, whole, end, trailing)
				}
			}
			// The header of the third generation's first batch is cut: what is
			// in front of it is whole.
			for into := 1; into < 8; into++ {
				check("cut in the next generation's header", data[:third+into], 2, third, false)
				check("cut in a header of the same generation", data[:inSecond+into], 1, second, false)
			}
			check("a number without end behind a generation", slices.Concat(data[:third], []byte{typeEventBatch, 3}, slices.Repeat([]byte{0xff}, 12)), 2, third, false)
			check("bytes behind a generation", slices.Concat(data[:third], []byte("\n")), 2, third, true)
			// Half a generation is not whole, and what follows it is not the end.
			check("no batch within a generation", slices.Concat(data[:inSecond], []byte{0}, data[inSecond+1:]), 1, second, false)
		})
	}
}

// TestStringsEndOldGenerations holds what mayEnd relies on against every trace
// of testdata that has no end markers.
func TestStringsEndOldGenerations(t *testing.T) {
	paths := 0
	for _, version := range []string{"1.22", "1.23", "1.24", "1.25"} {
		dir := "../../../testdata/traces/go" + version + "/"
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if filepath.Ext(e.Name()) != ".trace" {
				continue
			}
			paths++
			_, gens := generations(t, dir+e.Name())
			for i, g := range gens {
				if last := g[len(g)-1]; last.Class() != typeStrings {
					t.Errorf("%s%s: generation %d ends with a batch of %d", dir, e.Name(), i, last.Class())
				}
			}
		}
	}
	if paths == 0 {
		t.Fatal("no traces")
	}
}

func generations(t *testing.T, path string) ([]byte, [][]forge.Batch) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	tr, err := forge.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return data, tr.Generations()
}

// scanWhole scans a file of a two-digit version at once.
func scanWhole(data []byte) (whole int, end int64, err error) {
	s := NewScanner(10*int(data[5]-'0')+int(data[6]-'0'), ScanLimits{})
	s.Write(data)
	s.Finish()
	whole, end = s.Whole(math.MaxInt)
	return whole, end, s.Err()
}
