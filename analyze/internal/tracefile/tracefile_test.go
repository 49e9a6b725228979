package tracefile_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"github.com/conctrace/conctrace/analyze/internal/tracefile"
	"github.com/conctrace/conctrace/testdata/programs/damage/forge"
	"github.com/google/pprof/profile"
	"github.com/klauspost/compress/zstd"
)

const testdata = "../../../testdata/"

// load reads a file of testdata.
func load(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(testdata, name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// write makes a file.
func write(t testing.TB, name string, data []byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zst(t testing.TB, data []byte) []byte {
	t.Helper()
	w, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	return w.EncodeAll(data, nil)
}

// notTrace opens what is no trace and checks the form of the message.
func notTrace(t *testing.T, data []byte) *tracefile.NotTraceError {
	t.Helper()
	f, err := tracefile.FromReader("some/file", bytes.NewReader(data), tracefile.Limits{})
	if err == nil {
		f.Close()
		t.Fatal("it was opened")
	}
	oneLine(t, err)
	not, ok := errors.AsType[*tracefile.NotTraceError](fmt.Errorf("wrapped: %w", err))
	if !ok {
		t.Fatalf("%v is a %T", err, err)
	}
	if not.File != "some/file" || !strings.HasPrefix(err.Error(), "some/file: not a readable Go execution trace: ") {
		t.Errorf("the file is not named: %v", err)
	}
	return not
}

// oneLine checks that a message does nothing to a terminal.
func oneLine(t testing.TB, err error) {
	t.Helper()
	text := err.Error()
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) || len(text) > 1000 || text == "" {
		t.Errorf("not one short line: %q", text)
	}
}

func pprofFile(t *testing.T) []byte {
	t.Helper()
	p := &profile.Profile{SampleType: []*profile.ValueType{{Type: "cpu", Unit: "nanoseconds"}}}
	var b bytes.Buffer
	if err := p.WriteUncompressed(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestWhatAFileIs: each is called what it is, and what to do is said.
func TestWhatAFileIs(t *testing.T) {
	tiny := load(t, "traces/go1.26/tiny.trace")
	withVersion := func(header string) []byte {
		return append(append([]byte(header), make([]byte, 16-len(header))...), tiny[16:]...)
	}
	for _, c := range []struct {
		name       string
		data       []byte
		what, hint string
	}{
		{"nothing", nil, "the file is empty", "trace.Start"},
		{"random bytes", []byte{0x8c, 0x01, 0xff, 0x00, 0x77}, "does not begin with a trace's header", "/debug/pprof/trace"},
		{"zeros", make([]byte, 100), "does not begin with a trace's header", ""},
		{"white space", []byte("\n\n  \r\n"), "nothing but white space", "record it again"},
		{"HTML page", []byte("\n <!DOCTYPE HTML><title>Sign in"), "this is an HTML page, perhaps a login page", "browser"},
		{"HTML of a proxy", []byte("<html>\r\n<head><title>502 Bad Gateway"), "this is an HTML page", "record it again"},
		{"plain text", []byte("connection refused\nsecond line"), `a text file that begins with "connection refused"`, "record it again"},
		{"hostile text", []byte("\u202eevil\x1b[2J"), "does not begin with a trace's header", ""},
		{"one long line", bytes.Repeat([]byte("é"), 3000), "éé…", ""},
		{"404", []byte("404 page not found\n"), "404 page not found", "net/http/pprof"},
		{"already tracing", []byte("Could not enable tracing: tracing is already enabled\n"), "another trace was being recorded", "record again"},
		{"pprof profile", pprofFile(t), "this is a pprof profile", "did you mean go tool pprof?"},
		{"compressed profile", forge.Gzip(pprofFile(t)), "this is a pprof profile", "did you mean go tool pprof?"},
		{"byte order mark", append([]byte("\xef\xbb\xbf"), tiny...), "byte order mark", "binary"},
		{"HTTP headers", append([]byte("HTTP/1.1 200 OK\r\n\r\n"), tiny...), "HTTP response with its headers", "curl without -i"},
		{"HTTP/2 headers", append([]byte("HTTP/2 200\r\n\r\n"), tiny...), "HTTP response with its headers", "curl without -i"},
		{"Chrome trace", []byte(`{"traceEvents":[]}`), "Chrome or Perfetto trace", "ui.perfetto.dev"},
		{"JSON", []byte(` [1, 2]`), "this is a JSON file", "runtime/trace"},
		{"text form", []byte("Trace Go1.26\nSync\n"), "the text form of a trace", "convert"},
		{"zip", []byte("PK\x03\x04....."), "this is a zip archive", "unpack"},
		{"ELF", []byte("\x7fELF\x02\x01\x01\x00"), "this is a program", "-trace names"},
		{"bzip2", []byte("BZh91AY"), "this is bzip2 data", "decompress"},
		{"xz", []byte("\xfd7zXZ\x00\x00"), "this is xz data", "decompress"},
		{"perf", []byte("PERFILE2\x00"), "Linux perf", ""},
		{"cut in the header", tiny[:9], "header that is cut short", "before its first flush"},
		{"one byte", tiny[:1], "header that is cut short", ""},
		{"only a header of 1.26", tiny[:16], "a trace header without a single event", "before its first flush"},
		{"only a header of 1.22", forge.Header(22), "a trace header without a single event", "before its first flush"},
		{"only a header of 1.25", forge.Header(25), "a trace header without a single event", "before its first flush"},
		{"only a header of 1.21", forge.Header(21), "a trace header without a single event", "before its first flush"},
		{"version 1.4", withVersion("go 1.4 trace"), "version go 1.4", "record it with Go 1.11 or later"},
		{"version 1.10", withVersion("go 1.10 trace"), "version go 1.10", "too old"},
		{"version 1.12", withVersion("go 1.12 trace"), "version go 1.12", "the versions read are 1.11, 1.19, 1.21, 1.22, 1.23, 1.25, 1.26"},
		{"version 1.20", withVersion("go 1.20 trace"), "version go 1.20", "no Go release writes this version"},
		{"version 1.24", withVersion("go 1.24 trace"), "version go 1.24", "no Go release writes this version"},
		{"version 1.27", withVersion("go 1.27 trace"), "version go 1.27", "a newer conctrace may read it"},
		{"version 1.99", withVersion("go 1.99 trace"), "version go 1.99", "a newer conctrace may read it"},
		{"version 2.0", withVersion("go 2.0 trace"), "version go 2.0", "a newer conctrace may read it"},
		{"a version of many digits", withVersion("go 1.99999999999"), "does not begin with a trace's header", ""},
		{"converted to UTF-8", bytes.ToValidUTF8(slices.Concat(tiny[:40], bytes.Repeat([]byte("\xff\x00"), 40)), []byte("\ufffd")), "converted to UTF-8", "binary"},
		{"gzip in gzip", forge.Gzip(forge.Gzip(tiny)), "gzip data inside gzip data", "decompress it once"},
		{"zstd in gzip", forge.Gzip(zst(t, tiny)), "zstd data inside gzip data", "decompress it once"},
		{"gzip in zstd", zst(t, forge.Gzip(tiny)), "gzip data inside zstd data", "decompress it once"},
		{"empty gzip", forge.Gzip(nil), "the file is empty", ""},
		{"empty zstd", zst(t, nil), "the file is empty", ""},
		{"HTML in gzip", forge.Gzip([]byte("<html>")), "this is an HTML page", ""},
		{"gzip's header alone", forge.Gzip(tiny)[:10], "gzip data that is cut off before anything", "copy the file again"},
		{"part of gzip's header", forge.Gzip(tiny)[:5], "gzip data that is cut off before anything", "copy the file again"},
		{"gzip with junk", append(slices.Clone(forge.Gzip(tiny)[:10]), bytes.Repeat([]byte{0xff}, 100)...), "damaged gzip data", "copy the file again"},
		{"zstd's header alone", zst(t, tiny)[:6], "zstd data that is cut off before anything", "copy the file again"},
		{"zstd with junk", append(slices.Clone(zst(t, tiny)[:8]), bytes.Repeat([]byte{0xff}, 100)...), "damaged zstd data", "copy the file again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := notTrace(t, c.data)
			if !strings.Contains(err.What, c.what) || !strings.Contains(err.Hint, c.hint) {
				t.Errorf("%q; %q, want %q; %q", err.What, err.Hint, c.what, c.hint)
			}
		})
	}
}

// TestConvertedLineEndsAreASuspicion and no verdict: a sound trace may hold such
// text.
func TestConvertedLineEndsAreASuspicion(t *testing.T) {
	tiny := load(t, "traces/go1.26/tiny.trace")
	for name, c := range map[string]struct {
		data []byte
		want bool
	}{
		"as recorded": {tiny, false},
		"converted":   {bytes.ReplaceAll(tiny, []byte("\n"), []byte("\r\n")), true},
	} {
		f, err := tracefile.FromReader(name, bytes.NewReader(c.data), tracefile.Limits{})
		if err != nil {
			t.Fatal(err)
		}
		if got := f.ConvertedLineEnds(); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
		f.Close()
	}
}

// TestSoundTracesArrive as they were written, however they are packed and from
// wherever they come.
func TestSoundTracesArrive(t *testing.T) {
	for name, version := range map[string]int{
		"go1.11/go-stress-start-stop.trace": 11, "go1.19/go-http.trace": 19, "go1.21/tiny.trace": 21, "go1.22/tiny.trace": 22,
		"go1.23/tiny.trace": 23, "go1.24/tiny.trace": 23, "go1.25/tiny.trace": 25, "go1.26/all.trace": 26,
	} {
		data := load(t, "traces/"+name)
		half := len(data) / 2
		for _, c := range []struct {
			name, compression string
			packed            []byte
		}{
			{"plain", "", data},
			{"gzip", "gzip", forge.Gzip(data)},
			{"gzip of two members", "gzip", append(forge.Gzip(data[:half]), forge.Gzip(data[half:])...)},
			{"zstd", "zstd", zst(t, data)},
			{"zstd of two frames", "zstd", append(zst(t, data[:half]), zst(t, data[half:])...)},
		} {
			t.Run(name+" "+c.name, func(t *testing.T) {
				path := write(t, "t", c.packed)
				for what, open := range map[string]func() (*tracefile.File, error){
					"a file": func() (*tracefile.File, error) { return tracefile.Open(path, tracefile.Limits{}) },
					"a reader": func() (*tracefile.File, error) {
						return tracefile.FromReader("-", bytes.NewReader(c.packed), tracefile.Limits{})
					},
					"drops": func() (*tracefile.File, error) {
						return tracefile.FromReader("-", iotest.HalfReader(iotest.DataErrReader(bytes.NewReader(c.packed))), tracefile.Limits{})
					},
				} {
					f, err := open()
					if err != nil {
						t.Fatalf("%s: %v", what, err)
					}
					got, err := io.ReadAll(f)
					if err != nil || f.Err() != nil || !bytes.Equal(got, data) {
						t.Errorf("%s: %d bytes of %d, %v", what, len(got), len(data), err)
					}
					if f.Version() != version || f.Compression() != c.compression || f.Decoded() != int64(len(data)) || f.InputRead() != int64(len(c.packed)) {
						t.Errorf("%s: version %d, compression %q, %d decoded, %d read", what, f.Version(), f.Compression(), f.Decoded(), f.InputRead())
					}
					if size := f.InputSize(); what == "a file" && size != int64(len(c.packed)) || what != "a file" && size != -1 {
						t.Errorf("%s: its size is %d", what, size)
					}
					if err := f.Close(); err != nil {
						t.Errorf("%s: close: %v", what, err)
					}
				}
			})
		}
	}
}

// TestDamagedCompression: what was decompressed before the damage comes first.
func TestDamagedCompression(t *testing.T) {
	data := load(t, "traces/go1.26/server.trace")
	packed, squeezed := forge.Gzip(data), zst(t, data)
	checksum := slices.Clone(packed)
	checksum[len(checksum)-6] ^= 0xff
	flipped := slices.Clone(packed)
	for i := range 50 {
		flipped[len(flipped)/2+i] = 0xff
	}
	for _, c := range []struct {
		name   string
		packed []byte
		want   string
	}{
		{"gzip cut", packed[:len(packed)/2], "the gzip data is cut off after"},
		{"gzip without its last byte", packed[:len(packed)-1], "the gzip data is cut off after"},
		{"gzip with a wrong checksum", checksum, "the gzip data is damaged after"},
		{"gzip overwritten", flipped, "the gzip data is damaged after"},
		{"something behind gzip", append(slices.Clone(packed), "junk, and more of it"...), "what follows the gzip data"},
		{"second member cut", slices.Concat(forge.Gzip(data[:20000]), forge.Gzip(data[20000:])[:3000]), "the gzip data is cut off after"},
		{"zstd cut", squeezed[:len(squeezed)*3/4], "the zstd data is cut off after"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := tracefile.Open(write(t, "t", c.packed), tracefile.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			check := func(got []byte, err error) {
				t.Helper()
				sound := got
				if c.name == "gzip overwritten" {
					sound = got[:4096] // only the sum at its end shows that it is
				}
				if len(got) < 4096 || !bytes.HasPrefix(data, sound) {
					t.Fatalf("%d bytes, not the trace's first", len(got))
				}
				if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), fmt.Sprint(len(got))) {
					t.Fatalf("%v, want %q after %d", err, c.want, len(got))
				}
				oneLine(t, err)
				if f.Err() != err {
					t.Errorf("Err is %v", f.Err())
				}
				if n, again := f.Read(make([]byte, 10)); n != 0 || again != err {
					t.Errorf("read again: %d, %v", n, again)
				}
			}
			got, err := io.ReadAll(f)
			check(got, err)
			if err := f.Rewind(); err != nil {
				t.Fatal(err)
			}
			got, err = io.ReadAll(f)
			check(got, err)

			// A copy of a pipe keeps the damage, although the copy is sound.
			f, err = tracefile.FromReader("-", bytes.NewReader(c.packed), tracefile.Limits{})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := f.Spool(t.TempDir()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				spooled, err := io.ReadAll(f)
				check(spooled, err)
				if err := f.Rewind(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func TestTooLarge(t *testing.T) {
	data := load(t, "traces/go1.26/all.trace")
	for name, packed := range map[string][]byte{
		"plain": data, "gzip": forge.Gzip(data), "zstd": zst(t, data), "bomb": forge.Bomb(16 << 20),
	} {
		t.Run(name, func(t *testing.T) {
			limits := tracefile.Limits{MaxBytes: 100_000}
			f, err := tracefile.FromReader("big", bytes.NewReader(packed), limits)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			n, err := io.Copy(io.Discard, struct{ io.Reader }{f})
			limit, ok := errors.AsType[*tracefile.LimitError](err)
			if !ok || limit.Limit != limits.MaxBytes || !strings.Contains(err.Error(), "--max-size") || !strings.HasPrefix(err.Error(), "big: ") {
				t.Errorf("%v", err)
			}
			oneLine(t, err)
			if n > 2*limits.MaxBytes {
				t.Errorf("%d bytes were read of %d allowed", n, limits.MaxBytes)
			}
			dir := t.TempDir()
			g, err := tracefile.FromReader("big", bytes.NewReader(packed), limits)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := errors.AsType[*tracefile.LimitError](g.Spool(dir)); !ok {
				t.Error("it was spooled")
			}
			if err := g.Close(); err != nil {
				t.Error(err)
			}
			empty(t, dir)
		})
	}
	f, err := tracefile.FromReader("-", bytes.NewReader(data), tracefile.Limits{MaxBytes: int64(len(data))})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(io.Discard, struct{ io.Reader }{f}); err != nil {
		t.Errorf("exactly as large as allowed: %v", err)
	}
}

// TestMemoryOfABomb: what is small in the file and large outside is never held.
func TestMemoryOfABomb(t *testing.T) {
	bomb := forge.Bomb(64 << 20)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f, err := tracefile.FromReader("bomb", bytes.NewReader(bomb), tracefile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	total, err := f.Drain()
	if err != nil || total < 63<<20 {
		t.Errorf("%d bytes, %v", total, err)
	}
	runtime.ReadMemStats(&after)
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
		t.Errorf("%d bytes were allocated", grown)
	}
}

func empty(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) > 0 {
		t.Errorf("left in the temporary directory: %v, %v", entries, err)
	}
}

// TestSecondReading of all that a command line can name.
func TestSecondReading(t *testing.T) {
	data := load(t, "traces/go1.25/all.trace")
	for name, packed := range map[string][]byte{"plain": data, "gzip": forge.Gzip(data), "zstd": zst(t, data)} {
		for _, from := range []string{"file", "pipe", "fifo"} {
			t.Run(name+" "+from, func(t *testing.T) {
				dir := t.TempDir()
				f := openFrom(t, from, packed)
				if from != "file" {
					if err := f.Rewind(); err == nil || !strings.Contains(err.Error(), "it was not kept") {
						t.Errorf("rewound without a copy: %v", err)
					}
				}
				if err := f.Spool(dir); err != nil {
					t.Fatal(err)
				}
				for i := range 3 {
					got, err := io.ReadAll(f)
					if err != nil || !bytes.Equal(got, data) {
						t.Errorf("reading %d: %d bytes, %v", i, len(got), err)
					}
					if err := f.Rewind(); err != nil {
						t.Fatal(err)
					}
					if f.Version() != 25 || name != "plain" && f.Compression() != name {
						t.Errorf("rewound: version %d, compression %q", f.Version(), f.Compression())
					}
				}
				if f.InputSize() <= 0 {
					t.Errorf("the size is %d", f.InputSize())
				}
				if _, err := f.Read(make([]byte, 100)); err != nil {
					t.Error(err)
				}
				if err := f.Close(); err != nil {
					t.Error(err)
				}
				empty(t, dir)
			})
		}
	}
}

// openFrom opens a trace as a file, as a reader that is no file, or as a FIFO.
func openFrom(t *testing.T, from string, data []byte) *tracefile.File {
	t.Helper()
	var f *tracefile.File
	var err error
	switch from {
	case "file":
		f, err = tracefile.Open(write(t, "t", data), tracefile.Limits{})
	case "pipe":
		r, w := io.Pipe()
		go func() {
			_, err := w.Write(data)
			w.CloseWithError(err)
		}()
		f, err = tracefile.FromReader("-", r, tracefile.Limits{})
	case "fifo":
		path := filepath.Join(t.TempDir(), "fifo")
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Skip(err)
		}
		go os.WriteFile(path, data, 0o600)
		f, err = tracefile.Open(path, tracefile.Limits{})
	}
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFIFOIsReadOnce(t *testing.T) {
	data := load(t, "traces/go1.26/tiny.trace")
	f := openFrom(t, "fifo", forge.Gzip(data))
	defer f.Close()
	got, err := io.ReadAll(f)
	if err != nil || !bytes.Equal(got, data) || f.InputSize() != -1 {
		t.Errorf("%d bytes, %v, size %d", len(got), err, f.InputSize())
	}
}

func TestSpoolingWithoutRoom(t *testing.T) {
	f := openFrom(t, "pipe", load(t, "traces/go1.26/tiny.trace"))
	defer f.Close()
	err := f.Spool(filepath.Join(t.TempDir(), "missing"))
	if err == nil || !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "for a second reading") {
		t.Errorf("%v", err)
	}
}

// TestWhatCannotBeOpened is an error of the input and not one about the file's
// content: its exit code is another.
func TestWhatCannotBeOpened(t *testing.T) {
	dir := t.TempDir()
	locked := write(t, "locked", []byte("x"))
	if err := os.Chmod(locked, 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, path, want string
		is               error
	}{
		{"missing", filepath.Join(dir, "missing"), "missing", fs.ErrNotExist},
		{"directory", dir, "is a directory; name a file in it", nil},
		{"locked", locked, "permission denied", fs.ErrPermission},
		{"hostile name", filepath.Join(dir, "a\x1b[2J\nb\u202e"), "no such file", fs.ErrNotExist},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.name == "locked" && os.Geteuid() == 0 {
				t.Skip("root may read everything")
			}
			_, err := tracefile.Open(c.path, tracefile.Limits{})
			if err == nil || !strings.Contains(err.Error(), c.want) || c.is != nil && !errors.Is(err, c.is) {
				t.Fatalf("%v, want %q", err, c.want)
			}
			if _, ok := errors.AsType[*tracefile.NotTraceError](err); ok {
				t.Errorf("%v is about the content", err)
			}
			oneLine(t, err)
		})
	}
}

// TestNamesInMessages: a hostile file name does nothing to a terminal.
func TestNamesInMessages(t *testing.T) {
	_, err := tracefile.Open(write(t, "a\x1b]0;x\a\r\n\u202eb", []byte("text")), tracefile.Limits{})
	if _, ok := errors.AsType[*tracefile.NotTraceError](err); !ok {
		t.Fatal(err)
	}
	oneLine(t, err)
}

// TestInputThatBreaks is told as such, at the start, in the middle and when
// compressed: the copy in hand may be whole.
func TestInputThatBreaks(t *testing.T) {
	broken := errors.New("the cable broke")
	data := load(t, "traces/go1.26/server.trace")
	for name, packed := range map[string][]byte{"plain": data, "gzip": forge.Gzip(data), "zstd": zst(t, data)} {
		for _, at := range []int{0, 3, 12, 100, len(packed) / 2, len(packed) * 9 / 10} {
			t.Run(fmt.Sprint(name, " at ", at), func(t *testing.T) {
				f, err := tracefile.FromReader("-", io.MultiReader(bytes.NewReader(packed[:at]), iotest.ErrReader(broken)), tracefile.Limits{})
				if err == nil {
					defer f.Close()
					var got []byte
					got, err = io.ReadAll(f)
					if !bytes.HasPrefix(data, got) {
						t.Errorf("%d bytes that are not the trace's", len(got))
					}
				}
				read, ok := errors.AsType[*tracefile.ReadError](err)
				if !ok || !errors.Is(err, broken) || read.File != "-" {
					t.Fatalf("%T %v", err, err)
				}
			})
		}
	}
}

// TestProgressWhileReading: two methods may be called from elsewhere meanwhile
// (the race detector looks on).
func TestProgressWhileReading(t *testing.T) {
	data := load(t, "traces/go1.26/server.trace")
	f, err := tracefile.FromReader("-", iotest.HalfReader(bytes.NewReader(forge.Gzip(data))), tracefile.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for f.Decoded() < int64(len(data)) && f.InputRead() < math.MaxInt64 {
			time.Sleep(time.Millisecond)
		}
	}()
	if total, err := f.Drain(); err != nil || total != int64(len(data)) {
		t.Errorf("%d bytes, %v", total, err)
	}
	<-done
}

// FuzzOpen: whatever a file holds, opening it ends in a trace or one clean line,
// and a trace that is read twice is the same.
func FuzzOpen(f *testing.F) {
	tiny := load(f, "traces/go1.26/tiny.trace")
	for _, seed := range [][]byte{nil, tiny, tiny[:16], tiny[:7], forge.Gzip(tiny), zst(f, tiny), forge.Gzip(forge.Gzip(tiny)), forge.Gzip(tiny)[:200], []byte("\x1b[31m<html>"), []byte("go 1.22 trace\x00\x00\x00\n\r\n\r\n\xef\xbf\xbd")} {
		f.Add(seed)
	}
	entries, err := os.ReadDir(testdata + "bad")
	if err != nil {
		f.Fatal(err)
	}
	for _, e := range entries {
		if data := load(f, "bad/"+e.Name()); len(data) < 4096 {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := tracefile.FromReader("name", bytes.NewReader(data), tracefile.Limits{MaxBytes: 1 << 20})
		if err != nil {
			oneLine(t, err)
			if _, ok := errors.AsType[*tracefile.NotTraceError](err); !ok {
				t.Errorf("%T %v", err, err)
			}
			return
		}
		defer file.Close()
		got, err := io.ReadAll(file)
		if err != nil {
			oneLine(t, err)
		}
		if len(got) <= 16 || !bytes.HasPrefix(got, fmt.Appendf(nil, "go 1.%d trace\x00", file.Version())) {
			t.Errorf("version %d of %d bytes: %.20q", file.Version(), len(got), got)
		}
		if file.Compression() == "" && err == nil && !bytes.Equal(got, data) {
			t.Error("a plain file was changed")
		}
	})
}
