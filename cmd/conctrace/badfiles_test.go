package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/testdata/programs/damage/forge"
)

// badFile is what conctrace must make of a file in testdata/bad.
type badFile struct {
	code int
	says string // on standard error; "" is that nothing is said
	// analysed is how many bytes are, where a part is; 0 where all are.
	analysed int64
	// warns of the result; "damaged" also clears complete.
	warns string
}

// unreadable files have nothing that could be analysed.
func unreadable(says string) badFile { return badFile{code: exitUnreadable, says: says} }

// damaged files are analysed up to a byte.
func damaged(analysed int64, says string) badFile {
	return badFile{says: says, analysed: analysed, warns: "damaged"}
}

// followed files are whole, and something stands behind them.
func followed(analysed int64, says string) badFile {
	return badFile{says: says, analysed: analysed, warns: "trailing-bytes"}
}

// The ends of the generations of generations.trace in testdata/traces, and the
// lengths of tiny.trace.
const (
	first26, second26, third26 = 12808, 17844, 22548
	first22, second22          = 9175, 11789
	tiny26, tiny22             = 2804, 1626
)

var badFiles = map[string]badFile{
	// Cut off.
	"cut-in-header.trace":                 unreadable("header that is cut short; the recording was cut before its first flush"),
	"cut-in-first-generation.trace":       unreadable("no part is whole: the file ends in the middle of a batch that begins at byte"),
	"cut-in-batch.trace":                  damaged(second26, "the file ends in the middle of a batch that begins at byte 17897, generation 3"),
	"cut-in-batch-header.trace":           damaged(second26, "the file ends in the middle of a batch that begins at byte 17897, generation 3"),
	"cut-between-batches.trace":           damaged(second26, "the file ends before the generation does, at byte 18044, generation 3"),
	"cut-at-generation.trace":             {},
	"cut-end-of-generation.trace":         damaged(third26, "the file ends before the generation does, at byte 26514, generation 4"),
	"cut-in-batch-1.22.trace":             damaged(second22, "the file ends in the middle of a batch that begins at byte 11822, generation 3"),
	"cut-between-batches-1.22.trace":      damaged(second22, "generation 3"),
	"cut-at-generation-1.22.trace":        {},
	"cut-in-first-half-1.21.trace":        unreadable("no part is whole"),
	"cut-last-byte-1.21.trace":            unreadable("no part is whole"),
	"gzip-cut.trace.gz":                   damaged(second26, "the gzip data is cut off after 17999 bytes of the trace"),
	"zstd-cut.trace.zst":                  unreadable("zstd data that is cut off before anything can be decompressed; copy the file again"),
	"gzip-header-only.trace.gz":           unreadable("gzip data that is cut off before anything can be decompressed; copy the file again"),
	"gzip-wrong-checksum.trace.gz":        damaged(0, "the gzip data is damaged after 2804 bytes of the trace"),
	"empty.trace":                         unreadable("the file is empty"),
	"header-only-1.26.trace":              unreadable("a trace header without a single event; the recording was cut before its first flush"),
	"header-only-1.22.trace":              unreadable("a trace header without a single event; the recording was cut before its first flush"),
	"header-only-1.21.trace":              unreadable("a trace header without a single event; the recording was cut before its first flush"),
	"generation-removed.trace":            damaged(0, "generation 3 where 2 was to follow, at byte 12808"),
	"generation-removed-1.22.trace":       damaged(0, "generation 3 where 2 was to follow, at byte 9175"),
	"generation-twice.trace":              damaged(22374, "generation 2 where 3 was to follow, at byte 17728"),
	"generation-twice-1.22.trace":         damaged(first22+2548, "a second clock frequency in one generation at byte 11700, generation 2"),
	"generations-swapped.trace":           damaged(17454, "generation 3 where 2 was to follow, at byte 12808"),
	"generations-swapped-1.22.trace":      damaged(11723, "generation 3 where 2 was to follow, at byte 9175"),
	"generation-first-removed.trace":      {},
	"generation-first-removed-1.22.trace": {},

	// Something behind the end.
	"tail-newline.trace":           followed(tiny26, "1 byte behind the end of the trace"),
	"tail-zeros.trace":             followed(tiny26, "64 bytes behind the end of the trace"),
	"tail-garbage.trace":           followed(tiny26, "35 bytes behind the end of the trace"),
	"tail-second-trace.trace":      followed(tiny26, "2804 bytes behind the end of the trace"),
	"tail-newline-1.22.trace":      followed(tiny22, "1 byte behind the end of the trace"),
	"tail-second-trace-1.22.trace": followed(tiny22, "1626 bytes behind the end of the trace"),
	"tail-newline-1.21.trace":      unreadable("no part is whole"),

	// Damage inside the only generation.
	"batch-events-missing.trace":     unreadable("none of the next events can happen: something is missing before the event GoUnblock at byte 271, generation 1"),
	"batch-strings-missing.trace":    unreadable("stack 1 with a function without a name (string 26) at byte 16, generation 1"),
	"batch-stacks-missing.trace":     unreadable("an event ProcsChange on a stack that is not there (1) at byte 119, generation 1"),
	"batch-sync-missing.trace":       unreadable("a generation without the clock's frequency at byte 16, generation 1"),
	"batch-size-over-limit.trace":    unreadable("a batch of 65537 bytes, where 65536 is the most, at byte 59, generation 1"),
	"batch-size-huge.trace":          unreadable("a batch of 9223372036854775808 bytes, where 65536 is the most, at byte 59, generation 1"),
	"batch-size-short.trace":         unreadable("where 65536 is the most, at byte 95, generation 1"),
	"batch-unknown-experiment.trace": {},
	"event-unknown.trace":            unreadable("an event of type 120, which is not known, at byte 98, generation 1"),
	"event-overlong-number.trace":    unreadable("an event GoBlock that does not end in its batch at byte 108, generation 1"),
	"event-cut.trace":                unreadable("an event GoBlock that does not end in its batch at byte 99, generation 1"),
	"event-unknown-1.21.trace":       unreadable("unknown event type 63"),
	"first-batch-flipped-1.21.trace": unreadable("no part is whole"),
	"string-huge.trace":              unreadable("a string of 1099511627776 bytes, where 1024 is the most, at byte 1058, generation 1"),
	"string-twice.trace":             unreadable("a second string with the number 1 at byte 1057, generation 1"),
	"strings-empty.trace":            unreadable("stack 1 with a function without a name (string 26) at byte 16, generation 1"),
	"stack-huge.trace":               unreadable("a stack of 1099511627776 frames, where 128 is the most, at byte 316, generation 1"),
	"frequency-zero.trace":           unreadable("a clock of 0 ticks a second, which no machine has, at byte 16"),
	"frequency-one.trace":            unreadable("a clock of 1 ticks a second, which no machine has, at byte 16"),
	"frequency-huge.trace":           unreadable("a clock of 9223372036854775808 ticks a second, which no machine has, at byte 16"),
	"times-huge.trace":               unreadable("on a clock of 15625000 ticks a second, which cannot be right"),
	"mangled-crlf.trace":             unreadable("line endings were converted on its way (CR LF)"),
	"mangled-utf8.trace":             unreadable("converted to UTF-8 on its way, and destroyed; copy it as binary data"),
	"version-other-1.22.trace":       unreadable("no part is whole"),

	// Not what is read.
	"version-1.4.trace":       unreadable("format version go 1.4, which is not known; the versions read are 1.11, 1.19, 1.21, 1.22, 1.23, 1.25, 1.26; it is too old"),
	"version-1.12.trace":      unreadable("no Go release writes this version"),
	"version-1.20.trace":      unreadable("no Go release writes this version"),
	"version-1.24.trace":      unreadable("no Go release writes this version"),
	"version-1.27.trace":      unreadable("a newer conctrace may read it"),
	"version-1.99.trace":      unreadable("a newer conctrace may read it"),
	"version-2.0.trace":       unreadable("a newer conctrace may read it"),
	"version-no-number.trace": unreadable("it does not begin with a trace's header"),
	"byte-order-mark.trace":   unreadable("a byte order mark in front"),
	"http-headers.trace":      unreadable("a saved HTTP response with its headers; save the body alone: curl without -i"),
	"good-twice.trace.gz.gz":  unreadable("gzip data inside gzip data; decompress it once and try again"),
	"profile.pb":              unreadable("this is a pprof profile; did you mean go tool pprof?"),
	"profile.pb.gz":           unreadable("this is a pprof profile; did you mean go tool pprof?"),
	"login.html":              unreadable("this is an HTML page, perhaps a login page saved by curl"),
	"bad-gateway.html":        unreadable("this is an HTML page"),
	"not-found.txt":           unreadable("404 page not found"),
	"already-enabled.txt":     unreadable("another trace was being recorded"),
	"goroutines.txt":          unreadable(`a text file that begins with "goroutine 1 [chan receive, 5 minutes]:"`),
	"newline.txt":             unreadable("nothing but white space"),
	"chrome.json":             unreadable("a Chrome or Perfetto trace"),
	"text-format.trace":       unreadable("the text form of a trace"),
	"program.elf":             unreadable("this is a program, not a trace"),
	"archive.zip":             unreadable("this is a zip archive"),

	// Sound, or nearly, and costly to a careless reader.
	"good.trace.gz":               {},
	"good.trace.zst":              {},
	"many-goroutines.trace.gz":    {},
	"many-empty-batches.trace.gz": {},
	"many-threads.trace.gz":       {},
	"goroutine-id-max.trace":      {},
	"goroutine-id-huge.trace":     {},
	"gzip-bomb.trace.gz":          unreadable("more than 100000 batches in one generation at byte 500016"),
}

// TestBadFiles holds the table against every file that the index names.
func TestBadFiles(t *testing.T) {
	dir := filepath.Join(repositoryRoot(t), "testdata", "bad")
	data, err := os.ReadFile(filepath.Join(dir, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var index []struct{ File string }
	if err := json.Unmarshal(data, &index); err != nil {
		t.Fatal(err)
	}
	listed := map[string]bool{}
	for _, entry := range index {
		listed[entry.File] = true
		t.Run(entry.File, func(t *testing.T) {
			want, ok := badFiles[entry.File]
			if !ok {
				t.Fatal("nothing says what must come of it")
			}
			checkBadFile(t, filepath.Join(dir, entry.File), want)
		})
	}
	for name := range badFiles {
		if !listed[name] {
			t.Errorf("%s is not in testdata/bad/index.json", name)
		}
	}
}

func checkBadFile(t *testing.T, path string, want badFile) {
	t.Helper()
	code, out, errs := command(t, nil, "analyze", "-f", "json", path)
	checkMessage(t, code, errs, want)
	if code != exitDone {
		if out != "" {
			t.Errorf("a report of what cannot be read: %.200s", out)
		}
		return
	}
	var r result.Result
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if sum := classes(r.Time) + classes(r.SystemTime); sum != r.Time.LifetimeNs+r.SystemTime.LifetimeNs {
		t.Errorf("the classes sum to %d", sum)
	}
	if complete := want.warns != "damaged"; r.Trace.Complete != complete {
		t.Errorf("complete is %v", r.Trace.Complete)
	}
	lost := int64(0)
	if want.analysed > 0 {
		lost = r.Trace.Bytes - want.analysed
	}
	size := r.Trace.Bytes // of a compressed file, what could be decompressed
	if info, err := os.Stat(path); err == nil && r.Trace.Compression == "" {
		size = info.Size()
	}
	if r.Trace.BytesLost != lost || r.Trace.Bytes != size || want.analysed > 0 && lost <= 0 {
		t.Errorf("%d of %d bytes were lost, want %d of %d", r.Trace.BytesLost, r.Trace.Bytes, lost, size)
	}
	told := ""
	for _, w := range r.Trace.Warnings {
		if w.Code == "damaged" || w.Code == "trailing-bytes" {
			told = w.Code
		}
	}
	if told != want.warns {
		t.Errorf("the result warns %q, want %q", told, want.warns)
	}
}

// checkMessage checks the exit code, and standard error: what is said is one
// line that begins with the file's name.
func checkMessage(t *testing.T, code int, errs string, want badFile) {
	t.Helper()
	if code != want.code {
		t.Errorf("exit code %d, want %d: %s", code, want.code, errs)
	}
	if want.says == "" {
		if errs != "" {
			t.Errorf("it says %q", errs)
		}
		return
	}
	line, rest, _ := strings.Cut(errs, "\n")
	if !strings.Contains(line, want.says) || rest != "" || !strings.HasPrefix(line, "conctrace: ") {
		t.Errorf("it says %q, want one line with %q", errs, want.says)
	}
	if strings.ContainsFunc(line, func(r rune) bool { return !unicode.IsPrint(r) }) || len(line) > 700 {
		t.Errorf("not one short line: %q", line)
	}
}

func classes(t result.Time) int64 {
	return t.RunningNs + t.RunnableNs + t.BlockedSyncNs + t.BlockedIONs + t.TimerNs + t.RuntimeNs + t.UnknownNs
}

// TestWhatCannotBeRead exits 2: it says nothing of a file's content.
func TestWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct{ name, path, says string }{
		{"missing", filepath.Join(dir, "missing"), "no such file"},
		{"directory", dir, "is a directory; name a file in it"},
		{"nothing named", "", "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, errs := command(t, nil, "analyze", c.path)
			checkMessage(t, code, errs, badFile{code: exitUsage, says: c.says})
		})
	}
	data, err := os.ReadFile(filepath.Join(repositoryRoot(t), "testdata/traces/go1.26/generations.trace"))
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("the cable broke")
	for what, head := range map[string][]byte{"at once": nil, "within the first generation": data[:5000]} {
		t.Run("standard input breaks "+what, func(t *testing.T) {
			code, _, errs := command(t, io.MultiReader(bytes.NewReader(head), iotest.ErrReader(broken)), "analyze", "-")
			checkMessage(t, code, errs, badFile{code: exitUsage, says: "read -: the cable broke"})
		})
	}
	t.Run("standard input breaks later", func(t *testing.T) {
		code, _, errs := command(t, io.MultiReader(bytes.NewReader(data[:20000]), iotest.ErrReader(broken)), "analyze", "-")
		checkMessage(t, code, errs, badFile{says: "the cable broke"})
	})
}

// TestTheWorstDecides: one bad file keeps no other from being reported.
func TestTheWorstDecides(t *testing.T) {
	const bad, good = "testdata/bad/", "testdata/traces/go1.26/tiny.trace"
	code, out, errs := command(t, nil, "analyze", "-f", "json", "missing.trace", good, bad+"empty.trace", bad+"cut-in-batch.trace")
	decoder := json.NewDecoder(strings.NewReader(out))
	var files []string
	for {
		var r result.Result
		if err := decoder.Decode(&r); err != nil {
			break
		}
		files = append(files, r.Trace.File)
	}
	if len(files) != 2 || code != exitUnreadable || strings.Count(errs, "\n") != 3 {
		t.Errorf("exit %d, reports of %v, %s", code, files, errs)
	}
}

// TestCostlyFiles are answered within bounds.
func TestCostlyFiles(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	dir := t.TempDir()
	for _, c := range []struct {
		name   string
		data   []byte
		args   []string
		want   badFile
		mostMB uint64
	}{
		{"a million empty batches", forge.EmptyBatches(1_000_000), nil, unreadable("more than 100000 batches in one generation"), 200},
		{"a million lonely threads", forge.LonelyThreads(1_000_000), nil, unreadable("more than 100000 batches in one generation"), 200},
		{"as many threads as are read", forge.LonelyThreads(60_000), nil, badFile{}, 400},
		// 1.3 to 2.1 GB, by when the collector of this process gets to it.
		{"a million sparse goroutines", forge.Goroutines(forge.SparseIDs(1_000_000)...), nil, badFile{}, 2500},
		{"more goroutines than allowed", forge.Goroutines(forge.SparseIDs(1_000_000)...), []string{"--max-goroutines", "100000"}, badFile{code: exitUsage, says: "more than 100000 goroutines live at once: raise the limit with --max-goroutines"}, 800},
		{"a bomb", forge.Bomb(64 << 20), []string{"--max-size", "1000000"}, unreadable("more than 100000 batches"), 100},
		{"too large", forge.Goroutines(forge.SparseIDs(100_000)...), []string{"--max-size", "100000"}, badFile{code: exitUsage, says: "raise the limit with --max-size"}, 100},
		{"too large a generation", forge.Goroutines(forge.SparseIDs(100_000)...), []string{"--max-generation-size", "100000"}, badFile{code: exitUsage, says: "--max-generation-size raises the limit"}, 100},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(dir, "t")
			if err := os.WriteFile(path, c.data, 0o600); err != nil {
				t.Fatal(err)
			}
			c.data = nil
			begun := time.Now()
			var code int
			var errs string
			peak := peakMB(func() { code, _, errs = command(t, nil, append([]string{"analyze", path}, c.args...)...) })
			t.Logf("%v, %d MB", time.Since(begun).Round(time.Millisecond), peak)
			checkMessage(t, code, errs, c.want)
			if peak > c.mostMB {
				t.Errorf("%d MB, more than %d", peak, c.mostMB)
			}
		})
	}
}

// peakMB is by how much the heap grew while f ran, as sampled.
func peakMB(f func()) uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	before, peak := m.HeapInuse, uint64(0)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		for ctx.Err() == nil {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.HeapInuse)
			time.Sleep(20 * time.Millisecond)
		}
	}()
	f()
	cancel()
	<-done
	return (max(peak, before) - before) >> 20
}
