package analyze_test

import (
	"bytes"
	"context"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/internal/exptrace"
	"github.com/conctrace/conctrace/analyze/internal/texttrace"
	"github.com/conctrace/conctrace/analyze/internal/tracefile"
	"github.com/conctrace/conctrace/analyze/internal/wire"
)

// stream is what a decoder yields of one trace, each event as a hash of all that
// it says: the numbers of stacks and names, which decoders are free to choose,
// are replaced by what stands behind them.
type stream struct {
	events   []uint64
	gaps     int
	untilGap int           // events before the first gap
	leap     time.Duration // the longest between two events
	stats    event.Stats
	err      error // nil at the trace's end
}

// hashes of equal events of different decoders are equal.
type hashes struct {
	seed  maphash.Seed
	texts map[[4]uint32]string // of one decoder's tables
}

func (h *hashes) event(e *event.Event, tables *event.Tables) uint64 {
	key := [4]uint32{uint32(e.Stack), uint32(e.SubjectStack), uint32(e.Name), uint32(e.Reason)}
	text, ok := h.texts[key]
	if !ok {
		text = fmt.Sprint(tables.Frames(e.Stack), tables.Frames(e.SubjectStack), tables.String(e.Name), tables.Reason(e.Reason))
		h.texts[key] = text
	}
	bare := *e
	bare.Stack, bare.SubjectStack, bare.Name, bare.Reason = 0, 0, 0, 0
	return maphash.Comparable(h.seed, bare) ^ maphash.String(h.seed, text)
}

var seed = maphash.MakeSeed()

// read reads a decoder to its end.
func read(dec event.Decoder) (s stream) {
	defer dec.Close()
	h := hashes{seed: seed, texts: make(map[[4]uint32]string)}
	last := int64(0)
	for {
		events, err := dec.Next()
		if err != nil {
			if s.stats = dec.Stats(); err != io.EOF {
				s.err = err
			}
			return s
		}
		for i := range events {
			if len(s.events) > 0 {
				s.leap = max(s.leap, time.Duration(events[i].Time-last))
			}
			last = events[i].Time
			if events[i].Kind == event.Gap {
				s.gaps++
			}
			if s.gaps == 0 {
				s.untilGap++
			}
			s.events = append(s.events, h.event(&events[i], dec.Tables()))
		}
	}
}

// readBoth reads a trace with both decoders.
func readBoth(t testing.TB, data []byte) (fast, reference stream) {
	t.Helper()
	f, err := tracefile.FromReader("trace", bytes.NewReader(data), tracefile.Limits{})
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	version := f.Version()
	if !wire.Reads(version) {
		t.Skipf("version %d is the reference's alone", version)
	}
	limits := wire.ScanLimits{MaxGenerationBytes: 64 << 20}
	ctx := context.Background()
	var both sync.WaitGroup
	both.Go(func() { reference = read(exptrace.New(ctx, bytes.NewReader(data), version, limits)) })
	both.Go(func() { fast = read(wire.NewDecoder(ctx, bytes.NewReader(data), version, limits)) })
	both.Wait()
	return fast, reference
}

// checkEqual holds the fast decoder's stream against one that the reference has
// read to its end, and of a damaged trace against what the reference read before
// the damage. Who notices that a little sooner is left open: the reference looks
// one event ahead, and closes what it gives up with an event of its own.
func checkEqual(t testing.TB, fast, reference stream) {
	t.Helper()
	n := len(reference.events)
	switch {
	case reference.err != nil && fast.err == nil:
		t.Errorf("the reference fails (%v), the fast decoder does not", reference.err)
	case reference.err == nil && fast.err != nil:
		t.Errorf("the fast decoder fails (%v, %d gaps), the reference does not", fast.err, fast.gaps)
	case reference.err == nil && (len(fast.events) != n || fast.stats.Events != reference.stats.Events ||
		fast.stats.Generations != reference.stats.Generations || fast.stats.CompleteBytes != reference.stats.CompleteBytes):
		t.Errorf("%d events, %+v; the reference has %d, %+v", len(fast.events), fast.stats, n, reference.stats)
	}
	if reference.err != nil {
		n = min(n, len(fast.events), fast.untilGap) - 1
	}
	for i := range n {
		if i >= len(fast.events) || fast.events[i] != reference.events[i] {
			t.Fatalf("event %d of %d is another", i, len(reference.events))
		}
	}
	if fast.leap > maxLeap {
		t.Errorf("a leap of %v between two events", fast.leap)
	}
}

// maxLeap is more than any trace spans.
const maxLeap = 32 * 24 * time.Hour

// TestDecodersYieldEqualStreams: every event, in order, with its time, context,
// stacks and names, whatever GOMAXPROCS is.
func TestDecodersYieldEqualStreams(t *testing.T) {
	for name, path := range corpus(t) {
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			sameStreams(t, data)
		})
	}
}

// sameStreams reads a sound trace with one processor and with more.
func sameStreams(t *testing.T, data []byte) {
	t.Helper()
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(4))
	fast, reference := readBoth(t, data)
	if checkEqual(t, fast, reference); reference.err != nil {
		t.Errorf("the reference fails: %v", reference.err)
	}
	runtime.GOMAXPROCS(1)
	version := 10*int(data[5]-'0') + int(data[6]-'0')
	checkEqual(t, read(wire.NewDecoder(t.Context(), bytes.NewReader(data), version, wire.ScanLimits{})), reference)
}

// TestBigTrace: the same of the trace that CONCTRACE_BIG_TRACE names, such as one
// of testdata/programs/big.
func TestBigTrace(t *testing.T) {
	path := os.Getenv("CONCTRACE_BIG_TRACE")
	if path == "" {
		t.Skip("CONCTRACE_BIG_TRACE names no trace")
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	sameStreams(t, data)
	equalResults(t, path)
}

// TestDecodersGiveEqualResults: the same report, to the byte.
func TestDecodersGiveEqualResults(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		reference := analysed(t, path, analyze.Options{Goroutines: true, Decoder: analyze.DecoderReference})
		if isOld(reference) {
			_, err := analyze.Analyze(t.Context(), analyze.File(path), analyze.Options{Decoder: analyze.DecoderFast})
			if err == nil || !strings.Contains(err.Error(), "leave the choice to auto") {
				t.Errorf("the fast decoder of an old trace: %v", err)
			}
			return
		}
		equalResults(t, path)
	})
}

// equalResults holds the report of one decoder against that of the other.
func equalResults(t *testing.T, path string) {
	t.Helper()
	reference := analysed(t, path, analyze.Options{Goroutines: true, Decoder: analyze.DecoderReference})
	fast := analysed(t, path, analyze.Options{Goroutines: true, Decoder: analyze.DecoderFast})
	if a, b := asJSON(t, fast), asJSON(t, reference); !bytes.Equal(a, b) {
		t.Errorf("fast:\n%s", firstDifference(a, b))
	}
}

// firstDifference shows the lines around where two texts part.
func firstDifference(a, b []byte) string {
	i := 0
	for i < len(a) && i < len(b) && a[i] == b[i] {
		i++
	}
	cut := func(x []byte) []byte { return x[max(0, min(i, len(x))-300):min(i+300, len(x))] }
	return fmt.Sprintf("%s\nreference:\n%s", cut(a), cut(b))
}

// toolchainTest is one of the toolchain's traces, and whether it is sound.
type toolchainTest struct {
	data  []byte
	sound bool
}

// toolchainTests are the traces in text form that the toolchain keeps for orders
// that are hard to find, as a decoder reads them.
func toolchainTests(t testing.TB) map[string]toolchainTest {
	t.Helper()
	paths, _ := filepath.Glob(filepath.Join(goroot(t), "src/internal/trace/testdata/tests/*.test"))
	tests := make(map[string]toolchainTest)
	for _, path := range paths {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		data, want, err := texttrace.Parse(f)
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		tests[filepath.Base(path)] = toolchainTest{data, want.Success}
	}
	return tests
}

func goroot(t testing.TB) string {
	t.Helper()
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Skipf("no go command: %v", err)
	}
	return strings.TrimSpace(string(out))
}

// TestToolchainsTraces: hard orders are found as the reference finds them, alone
// and in sequence.
func TestToolchainsTraces(t *testing.T) {
	tests := toolchainTests(t)
	if len(tests) == 0 {
		t.Skip("this GOROOT has no src/internal/trace/testdata/tests")
	}
	for name, test := range tests {
		for _, procs := range []int{1, 4} {
			t.Run(fmt.Sprint(name, "/", procs), func(t *testing.T) {
				defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
				fast, reference := readBoth(t, test.data)
				checkEqual(t, fast, reference)
				if (fast.err == nil) != test.sound {
					t.Errorf("it ends with %v, and is sound: %v", fast.err, test.sound)
				}
			})
		}
	}
}

// seeds are small traces: those in testdata, the toolchain's in text form, and
// what its fuzzing has found worth keeping.
func seeds(t testing.TB) (all [][]byte) {
	t.Helper()
	const largest = 24 << 10 // what is larger is mutated too slowly
	for _, pattern := range []string{"../testdata/traces/*/*.trace", "../testdata/bad/*"} {
		paths, err := filepath.Glob(pattern)
		if err != nil || len(paths) == 0 {
			t.Fatalf("no seeds in %s: %v", pattern, err)
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
				t.Fatal(err)
			}
			all = append(all, data)
		}
	}
	tests := toolchainTests(t)
	for _, name := range slices.Sorted(maps.Keys(tests)) {
		all = append(all, tests[name].data)
	}
	kept, _ := filepath.Glob(filepath.Join(goroot(t), "src/internal/trace/testdata/fuzz/FuzzReader/*"))
	for _, path := range kept {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		// "go test fuzz v1", then []byte("…") as Go writes it.
		_, value, _ := strings.Cut(string(text), "\n")
		value = strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(value), "[]byte("), ")")
		data, err := strconv.Unquote(value)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, []byte(data))
	}
	return all
}

// FuzzDecoders holds the decoders against each other: what the reference reads
// to its end the fast one reads in the same way, what it refuses the fast one
// refuses too, or steps over.
func FuzzDecoders(f *testing.F) {
	for _, data := range seeds(f) {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<20 {
			return
		}
		fast, reference := readBoth(t, data)
		checkEqual(t, fast, reference)
		for _, s := range []stream{fast, reference} {
			if s.err != nil && strings.Contains(s.err.Error(), "internal error") {
				t.Error(s.err)
			}
		}
	})
}

// TestMutants is a little of FuzzDecoders each time: traces with a few bytes
// changed, which mostly are damage deep inside of a generation.
func TestMutants(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 22))
	var whole, damaged int
	for n, data := range seeds(t) {
		for round := range 12 {
			mutant := bytes.Clone(data)
			for range 1 + random.IntN(3) {
				if len(mutant) > 20 {
					mutant[16+random.IntN(len(mutant)-16)] ^= 1 << random.IntN(8)
				}
			}
			t.Run(fmt.Sprint(n, "/", round), func(t *testing.T) {
				defer keep(t, mutant)
				fast, reference := readBoth(t, mutant)
				if reference.err == nil {
					whole++
				} else {
					damaged++
				}
				checkEqual(t, fast, reference)
			})
		}
	}
	if whole < 50 || damaged < 100 {
		t.Errorf("%d mutants were whole and %d damaged: too few to say anything", whole, damaged)
	}
}

// keep leaves a trace that a test fails on where it can be looked at.
func keep(t *testing.T, data []byte) {
	if t.Failed() {
		path := filepath.Join(os.TempDir(), "conctrace-"+strings.ReplaceAll(t.Name(), "/", "-")+".trace")
		if err := os.WriteFile(path, data, 0o644); err == nil {
			t.Logf("kept as %s", path)
		}
	}
}
