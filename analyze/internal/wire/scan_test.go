package wire_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/conctrace/conctrace/analyze/internal/wire"
	"github.com/conctrace/conctrace/testdata/programs/damage/forge"
	"golang.org/x/exp/trace"
)

const traces = "../../../testdata/traces/"

// load reads a trace of testdata and its version.
func load(t testing.TB, name string) (data []byte, version int) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(traces, name))
	if err != nil {
		t.Fatal(err)
	}
	return data, versionOf(data)
}

func versionOf(data []byte) (version int) {
	fmt.Sscanf(string(data), "go 1.%d trace", &version)
	return version
}

// loadForge takes a trace of testdata apart.
func loadForge(t testing.TB, name string) (tr forge.Trace, version int) {
	t.Helper()
	data, version := load(t, name)
	tr, err := forge.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	return tr, version
}

// frame is what a scan says of a whole file.
type frame struct {
	Whole    int
	End      int64
	Offset   int64
	Err      string
	Trailing bool
}

// scan feeds data to a scanner in pieces of at most step bytes.
func scan(t testing.TB, data []byte, version, step int, limits wire.ScanLimits) frame {
	t.Helper()
	s := wire.NewScanner(version, limits)
	var writeErr error
	for part := range slices.Chunk(data, max(step, 1)) {
		n, err := s.Write(part)
		if err == nil && n != len(part) {
			t.Fatalf("a write of %d bytes took %d and no error", len(part), n)
		}
		if writeErr = err; err != nil {
			break
		}
	}
	if writeErr == nil {
		s.Finish()
	} else if !errors.Is(s.Err(), writeErr) {
		t.Fatalf("Write failed with %v, Err is %v", writeErr, s.Err())
	}
	var f frame
	f.Offset = s.Offset()
	f.Whole, f.End = s.Whole(math.MaxInt)
	if err := s.Err(); err != nil {
		format, ok := errors.AsType[*wire.FormatError](err)
		if !ok {
			t.Fatalf("%v is a %T", err, err)
		}
		f.Err, f.Trailing = err.Error(), format.Trailing
		if format.Offset < 0 || format.Offset > int64(len(data)) {
			t.Errorf("%v: the offset is not in a file of %d bytes", err, len(data))
		}
		if f.Offset = 0; strings.ContainsFunc(f.Err, func(r rune) bool { return r < ' ' }) || len(f.Err) > 300 {
			t.Errorf("not one short line: %q", f.Err)
		}
	}
	if f.End > int64(len(data)) && f.Whole > 0 {
		t.Errorf("%d generations whole to byte %d of %d", f.Whole, f.End, len(data))
	}
	return f
}

func whole(t testing.TB, data []byte, version int) frame {
	t.Helper()
	return scan(t, data, version, len(data), wire.ScanLimits{})
}

// everyTrace calls f for each trace of testdata with generations.
func everyTrace(t *testing.T, f func(t *testing.T, data []byte, version int)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(traces, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(path) != ".trace" {
			return err
		}
		data, err := os.ReadFile(path)
		if version := versionOf(data); version >= 22 {
			n++
			t.Run(strings.TrimPrefix(path, traces), func(t *testing.T) { f(t, data, version) })
		}
		return err
	})
	if err != nil || n == 0 {
		t.Fatalf("%d traces: %v", n, err)
	}
}

// TestGenerationsOfRealTraces holds the scan against x/exp/trace, which opens
// each generation with a Sync event and ends with one more, and against an
// independent reading of the batches.
func TestGenerationsOfRealTraces(t *testing.T) {
	everyTrace(t, func(t *testing.T, data []byte, version int) {
		got := whole(t, data, version)
		if got.Err != "" || got.End != int64(len(data)) || got.Offset != int64(len(data)) {
			t.Errorf("%+v of %d bytes", got, len(data))
		}
		if syncs := syncsOf(t, data); got.Whole != syncs-1 {
			t.Errorf("%d generations, x/exp/trace has %d syncs", got.Whole, syncs)
		}
		tr, err := forge.Parse(data)
		if err != nil {
			t.Fatal(err)
		}
		gens := tr.Generations()
		s := wire.NewScanner(version, wire.ScanLimits{})
		s.Write(data)
		s.Finish()
		for i, gen := range gens {
			begin := int64(gen[0].Offset)
			if n, end := s.Whole(i); n != i || end != begin {
				t.Errorf("%d generations end at byte %d (%d), want %d", i, end, n, begin)
			}
			if number := s.Generation(i); number != gen[0].Gen {
				t.Errorf("generation %d is called %d, want %d", i, number, gen[0].Gen)
			}
		}
	})
}

func syncsOf(t *testing.T, data []byte) (syncs int) {
	t.Helper()
	r, err := trace.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	for {
		ev, err := r.ReadEvent()
		if err == io.EOF {
			return syncs
		}
		if err != nil {
			t.Fatal(err)
		}
		if ev.Kind() == trace.EventSync {
			syncs++
		}
	}
}

func TestPiecesOfAnySizeGiveTheSame(t *testing.T) {
	for _, name := range []string{"go1.22/generations.trace", "go1.26/generations.trace", "go1.26/recorder.trace"} {
		data, version := load(t, name)
		for _, damaged := range [][]byte{data, data[:len(data)-7], append(slices.Clone(data), 'x'), slices.Concat(data[:3000], data[3001:])} {
			want := whole(t, damaged, version)
			for _, step := range []int{1, 2, 3, 7, 64, 1000, 4096} {
				if got := scan(t, damaged, version, step, wire.ScanLimits{}); got != want {
					t.Errorf("%s in pieces of %d: %+v, want %+v", name, step, got, want)
				}
			}
		}
	}
}

// TestEveryCut cuts traces at every byte: what is called whole must be, and a
// cut anywhere but between generations is seen.
func TestEveryCut(t *testing.T) {
	for _, name := range []string{"go1.22/tiny.trace", "go1.25/tiny.trace", "go1.26/tiny.trace", "go1.22/generations.trace", "go1.26/generations.trace"} {
		t.Run(name, func(t *testing.T) {
			data, version := load(t, name)
			tr, err := forge.Parse(data)
			if err != nil {
				t.Fatal(err)
			}
			all := whole(t, data, version)
			boundary := map[int]bool{16: true, len(data): true} // between batches
			mayEnd := map[int]bool{16: true, len(data): true}   // behind strings, which a generation ends with
			for i, b := range tr.Batches {
				boundary[b.Offset] = true
				if i > 0 && tr.Batches[i-1].Class() == forge.Strings {
					mayEnd[b.Offset] = true
				}
			}
			for cut := 0; cut <= len(data); cut++ {
				got := whole(t, data[:cut], version)
				if got.Whole > 0 && got.End > int64(cut) || got.Whole > all.Whole || got.Trailing {
					t.Fatalf("cut at %d: %+v", cut, got)
				}
				seen := got.Err != ""
				switch {
				case !boundary[cut] && !seen:
					t.Errorf("the cut at byte %d is not seen", cut)
				case version < 26 && boundary[cut] && seen == mayEnd[cut]:
					t.Errorf("cut between batches at %d, where a generation may end: %v; error %q", cut, mayEnd[cut], got.Err)
				case version >= 26 && !seen && got.Whole > 0 && got.End != int64(cut):
					t.Errorf("the cut at byte %d, behind %d, is not seen", cut, got.End)
				}
			}
		})
	}
}

func TestGenerationsOutOfOrder(t *testing.T) {
	for _, name := range []string{"go1.22/generations.trace", "go1.25/generations.trace", "go1.26/generations.trace"} {
		t.Run(name, func(t *testing.T) {
			tr, version := loadForge(t, name)
			g := tr.Generations()
			for i := range g { // 1.26: a lone end marker has no generation of its own
				if len(g[i]) == 0 {
					t.Fatalf("generation %d is empty", i)
				}
			}
			for _, c := range []struct {
				name  string
				gens  [][]forge.Batch
				whole int
				err   string
			}{
				{"as they are", g[:3], 3, ""},
				{"the first missing", g[1:3], 2, ""},
				{"one missing", [][]forge.Batch{g[0], g[2]}, 1, "generation 3 where 2 was to follow, at byte"},
				{"two swapped", [][]forge.Batch{g[0], g[2], g[1]}, 1, "generation 3 where 2 was to follow, at byte"},
				{"back to the first", [][]forge.Batch{g[0], g[1], g[0]}, 2, "generation 1 where 3 was to follow, at byte"},
			} {
				data := tr.Join(c.gens...).Bytes()
				got := whole(t, data, version)
				if got.Whole != c.whole || !strings.Contains(got.Err, c.err) || (c.err == "") != (got.Err == "") || got.Trailing {
					t.Errorf("%s: %+v, want %d whole and %q", c.name, got, c.whole, c.err)
				}
				if end := int64(len(tr.Join(c.gens[:c.whole]...).Bytes())); got.End != end {
					t.Errorf("%s: whole to byte %d, want %d", c.name, got.End, end)
				}
			}
			// The same generation twice cannot be told from one before Go 1.26.
			if got := whole(t, tr.Join(g[0], g[0]).Bytes(), version); version >= 26 && (got.Whole != 1 || got.Err == "") || version < 26 && got.Whole != 1 {
				t.Errorf("twice: %+v", got)
			}
		})
	}
}

func TestWhatFollowsATrace(t *testing.T) {
	for _, name := range []string{"go1.22/tiny.trace", "go1.23/generations.trace", "go1.25/tiny.trace", "go1.26/tiny.trace", "go1.26/generations.trace"} {
		data, version := load(t, name)
		want := whole(t, data, version)
		for what, tail := range map[string][]byte{
			"newline": []byte("\n"), "zeros": make([]byte, 4096), "text": []byte("curl: (18) transfer closed\n"), "a second trace": data,
		} {
			got := whole(t, slices.Concat(data, tail), version)
			if !got.Trailing || got.Whole != want.Whole || got.End != int64(len(data)) {
				t.Errorf("%s and %s: %+v, want %d whole to byte %d", name, what, got, want.Whole, len(data))
			}
		}
	}
}

// TestDamagedFrames: each is refused in words, at its place, with nothing whole.
func TestDamagedFrames(t *testing.T) {
	tiny, version := loadForge(t, "go1.26/tiny.trace")
	sound := tiny.Bytes()
	second := int64(len(forge.Trace{Header: tiny.Header, Batches: tiny.Batches[:1]}.Bytes()))
	one := func(kind byte, fields ...uint64) []byte {
		out := append(forge.Header(26), kind)
		for _, f := range fields {
			out = binary.AppendUvarint(out, f)
		}
		return out
	}
	clock, err := tiny.WithFrequency(0)
	if err != nil {
		t.Fatal(err)
	}
	fast, _ := tiny.WithFrequency(1 << 63)
	slow, _ := tiny.WithFrequency(1)
	late := forge.Trace{Header: tiny.Header, Batches: slices.Clone(tiny.Batches)}
	late.Batches[1].Time = math.MaxUint64 - 5
	for _, c := range []struct {
		name   string
		data   []byte
		want   string
		offset int64
	}{
		{"batch of 65537 bytes", tiny.WithSize(1, 65537), "a batch of 65537 bytes, where 65536 is the most, at byte", second},
		{"batch of 2^63 bytes", tiny.WithSize(1, 1<<63), "a batch of 9223372036854775808 bytes", second},
		{"bad type", one(7), "a batch was expected and not byte 7, at byte 16", 16},
		{"end before a generation", one(forge.EndOfGeneration), "not byte 52, at byte 16", 16},
		{"generation 0", one(forge.EventBatch, 0, 1, 1, 0), "a batch of generation 0, which the runtime never writes, at byte 16", 16},
		{"number without an end", append(one(forge.EventBatch), bytes.Repeat([]byte{0xff}, 12)...), "a number of more than 64 bits at byte 26", 26},
		{"no end marker", sound[:len(sound)-1], "the file ends before the generation does", int64(len(sound) - 1)},
		{"two generations mixed", append(one(forge.EventBatch, 1, 1, 1, 0), one(forge.EventBatch, 2, 1, 1, 0)[16:]...), "a batch of generation 2 before the generation has ended at byte 21", 21},
		{"clock of no ticks", clock.Bytes(), "a clock of 0 ticks a second", 16},
		{"clock too fast", fast.Bytes(), "a clock of 9223372036854775808 ticks a second", 16},
		{"clock too slow", slow.Bytes(), "a clock of 1 ticks a second", 16},
		{"time near 2^64", late.Bytes(), "which cannot be right, at byte", second},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := whole(t, c.data, version)
			if !strings.Contains(got.Err, c.want) || got.Whole != 0 || got.Trailing {
				t.Errorf("%+v, want %q", got, c.want)
			}
			if !strings.Contains(got.Err, fmt.Sprintf("at byte %d", c.offset)) {
				t.Errorf("%q is at byte %d", got.Err, c.offset)
			}
		})
	}
}

// TestGenerationsWithoutEnd: from Go 1.26 on the end marker is what ends one.
func TestGenerationsWithoutEnd(t *testing.T) {
	tr, version := loadForge(t, "go1.26/generations.trace")
	var batches []forge.Batch
	for _, b := range tr.Batches {
		if b.Kind != forge.EndOfGeneration {
			batches = append(batches, b)
		}
	}
	got := whole(t, forge.Trace{Header: tr.Header, Batches: batches}.Bytes(), version)
	if got.Whole != 0 || !strings.Contains(got.Err, "a batch of generation 2 before the generation has ended") {
		t.Errorf("%+v", got)
	}
}

func TestLimits(t *testing.T) {
	if got := whole(t, forge.EmptyBatches(99_999), 26); got.Err != "" || got.Whole != 1 {
		t.Errorf("99,999 batches: %+v", got)
	}
	if got := whole(t, forge.EmptyBatches(100_001), 26); !strings.Contains(got.Err, "more than 100000 batches in one generation") {
		t.Errorf("100,001 batches: %+v", got)
	}
	for _, name := range []string{"go1.21/server.trace", "go1.22/server.trace", "go1.26/server.trace"} {
		data, version := load(t, name)
		got := scan(t, data, version, 4096, wire.ScanLimits{MaxGenerationBytes: 50_000})
		if !strings.Contains(got.Err, "more than 50000 bytes") || !strings.Contains(got.Err, "--max-generation-size") {
			t.Errorf("%s: %+v", name, got)
		}
	}
	data, version := load(t, "go1.26/tiny.trace")
	got := scan(t, data, version, 4096, wire.ScanLimits{MaxGenerationBytes: 4000})
	if !strings.Contains(got.Err, "bytes of strings and stacks") || !strings.Contains(got.Err, "--max-generation-size") {
		t.Errorf("tables: %+v", got)
	}
}

// TestReaderPassesWholeGenerationsOn whatever the input does.
func TestReaderPassesWholeGenerationsOn(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	broken := errors.New("the cable broke")
	for _, name := range []string{"go1.22/generations.trace", "go1.26/generations.trace", "go1.26/server.trace"} {
		data, version := load(t, name)
		for range 40 {
			cut := rng.IntN(len(data) + 1)
			want := whole(t, data[:cut], version)
			for what, input := range map[string]io.Reader{
				"at once":      bytes.NewReader(data[:cut]),
				"byte by byte": iotest.OneByteReader(bytes.NewReader(data[:cut])),
				"with the end": iotest.DataErrReader(bytes.NewReader(data[:cut])),
			} {
				r := wire.NewReader(input, wire.NewScanner(version, wire.ScanLimits{}))
				got, err := io.ReadAll(r)
				if err != nil || !bytes.Equal(got, data[:min(int(want.End), cut)]) {
					t.Errorf("%s cut at %d, %s: %d bytes, %v; want %d", name, cut, what, len(got), err, want.End)
				}
				if (r.Err() == nil) != (want.Err == "") {
					t.Errorf("%s cut at %d, %s: %v, want %q", name, cut, what, r.Err(), want.Err)
				}
			}
			r := wire.NewReader(io.MultiReader(bytes.NewReader(data[:cut]), iotest.ErrReader(broken)), wire.NewScanner(version, wire.ScanLimits{}))
			got, err := io.ReadAll(r)
			if err != nil || !bytes.HasPrefix(data[:cut], got) || !errors.Is(r.Err(), broken) {
				t.Errorf("%s broken at %d: %d bytes, %v, %v", name, cut, len(got), err, r.Err())
			}
		}
	}
	old, version := load(t, "go1.21/tiny.trace")
	r := wire.NewReader(bytes.NewReader(old), wire.NewScanner(version, wire.ScanLimits{MaxGenerationBytes: 100}))
	if _, err := io.ReadAll(r); err == nil || !errors.Is(err, r.Err()) {
		t.Errorf("a trace of Go 1.21 above the limit: %v, %v", err, r.Err())
	}
}

// FuzzScanner: damage never panics, the size of pieces changes nothing, and what
// the Reader passes on is what is called whole.
func FuzzScanner(f *testing.F) {
	for _, name := range []string{"go1.22/tiny.trace", "go1.25/tiny.trace", "go1.26/tiny.trace"} {
		data, version := load(f, name)
		f.Add(data, version, 3)
		f.Add(data[:len(data)/2], version, 1)
		f.Add(slices.Concat(data, data), version, 7)
	}
	f.Fuzz(func(t *testing.T, data []byte, version, step int) {
		if version < 22 || version > 26 || step < 1 {
			t.Skip()
		}
		want := whole(t, data, version)
		if got := scan(t, data, version, step, wire.ScanLimits{}); got != want {
			t.Errorf("in pieces of %d: %+v, want %+v", step, got, want)
		}
		r := wire.NewReader(bytes.NewReader(data), wire.NewScanner(version, wire.ScanLimits{}))
		got, err := io.ReadAll(r)
		if err != nil || int64(len(got)) != min(want.End, int64(len(data))) {
			t.Errorf("%d bytes passed on (%v), %d are whole", len(got), err, want.End)
		}
	})
}

func BenchmarkScanner(b *testing.B) {
	data, version := load(b, "go1.26/server.trace")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		s := wire.NewScanner(version, wire.ScanLimits{})
		s.Write(data)
		s.Finish()
		if s.Err() != nil {
			b.Fatal(s.Err())
		}
	}
}

// BenchmarkReader shows what holding generations back costs.
func BenchmarkReader(b *testing.B) {
	data, version := load(b, "go1.26/server.trace")
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		r := wire.NewReader(bytes.NewReader(data), wire.NewScanner(version, wire.ScanLimits{}))
		if n, err := io.Copy(io.Discard, struct{ io.Reader }{r}); err != nil || n != int64(len(data)) {
			b.Fatal(n, err)
		}
	}
}
