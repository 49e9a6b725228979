// Damage makes the files in testdata/bad from the smallest traces in
// testdata/traces, and the index that says what each of them is. Run it from the
// root of the repository, after testdata/record.sh:
//
//	go run ./testdata/programs/damage
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/pprof/profile"
	"github.com/klauspost/compress/zstd"

	"github.com/conctrace/conctrace/testdata/programs/damage/forge"
)

// A file is one damaged file.
type file struct {
	Name string `json:"file"`
	What string `json:"what"`
	From string `json:"from,omitempty"` // the trace it was made from

	data []byte
}

func main() {
	traces := flag.String("traces", "testdata/traces", "where the traces are")
	bad := flag.String("bad", "testdata/bad", "where the damaged files go")
	flag.Parse()
	if err := run(*traces, *bad); err != nil {
		fmt.Fprintln(os.Stderr, "damage:", err)
		os.Exit(1)
	}
}

func run(traces, dir string) error {
	var files []file
	for _, produce := range []func(traces string) ([]file, error){
		cuts, tails, generations, batches, contents, headers, wrapped, old, others, hostile,
	} {
		made, err := produce(traces)
		if err != nil {
			return err
		}
		files = append(files, made...)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, f := range files {
		if err := os.WriteFile(filepath.Join(dir, f.Name), f.data, 0o666); err != nil {
			return err
		}
	}
	index, err := json.MarshalIndent(files, "", "\t")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "index.json"), append(index, '\n'), 0o666)
}

// The traces that files are made from: the first is of one generation, the
// second of four.
const (
	tiny   = "go1.26/tiny.trace"
	long   = "go1.26/generations.trace"
	tiny22 = "go1.22/tiny.trace"
	long22 = "go1.22/generations.trace"
	tiny21 = "go1.21/tiny.trace"
)

func load(traces, name string) (forge.Trace, []byte, error) {
	data, err := os.ReadFile(filepath.Join(traces, name))
	if err != nil {
		return forge.Trace{}, nil, err
	}
	t, err := forge.Parse(data)
	if err != nil {
		return t, nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, data, nil
}

// cuts end too early.
func cuts(traces string) ([]file, error) {
	_, small, err := load(traces, tiny)
	if err != nil {
		return nil, err
	}
	t, data, err := load(traces, long)
	if err != nil {
		return nil, err
	}
	t22, data22, err := load(traces, long22)
	if err != nil {
		return nil, err
	}
	third, third22 := startOf(t, 3), startOf(t22, 3)
	return []file{
		{"cut-in-header.trace", "the first nine bytes", tiny, small[:9]},
		{"cut-in-first-generation.trace", "cut in a batch, before the first generation is complete", tiny, small[:len(small)/2]},
		{"cut-in-batch.trace", "cut in a batch of the third of four generations", long, data[:t.Batches[third+1].Offset+60]},
		{"cut-in-batch-header.trace", "cut in what stands before a batch's data, of the third of four generations", long, data[:t.Batches[third+1].Offset+5]},
		{"cut-between-batches.trace", "cut between two batches of the third of four generations", long, data[:t.Batches[third+2].Offset]},
		{"cut-at-generation.trace", "cut after the second of four generations, which nothing in the file tells", long, data[:t.Batches[third].Offset]},
		{"cut-end-of-generation.trace", "the last byte missing, which ends the last of four generations", long, data[:len(data)-1]},
		{"cut-in-batch-1.22.trace", "cut in a batch of the third of four generations", long22, data22[:t22.Batches[third22+1].Offset+60]},
		{"cut-between-batches-1.22.trace", "cut between two batches of the third of four generations: its tables, which come last, are missing", long22, data22[:t22.Batches[third22+2].Offset]},
		{"cut-at-generation-1.22.trace", "cut after the second of four generations, which nothing in the file tells", long22, data22[:t22.Batches[third22].Offset]},
	}, nil
}

// startOf is the index of the first batch of a generation.
func startOf(t forge.Trace, gen uint64) int {
	return slices.IndexFunc(t.Batches, func(b forge.Batch) bool { return b.Gen == gen })
}

// tails have too much at the end.
func tails(traces string) ([]file, error) {
	_, data, err := load(traces, tiny)
	if err != nil {
		return nil, err
	}
	_, data22, err := load(traces, tiny22)
	if err != nil {
		return nil, err
	}
	return []file{
		{"tail-second-trace.trace", "two traces, one after the other", tiny, slices.Concat(data, data)},
		{"tail-newline.trace", "a newline at the end", tiny, slices.Concat(data, []byte("\n"))},
		{"tail-zeros.trace", "64 zeros at the end", tiny, slices.Concat(data, make([]byte, 64))},
		{"tail-garbage.trace", "some text at the end", tiny, slices.Concat(data, []byte("Connection closed by foreign host.\n"))},
		{"tail-second-trace-1.22.trace", "two traces, one after the other", tiny22, slices.Concat(data22, data22)},
		{"tail-newline-1.22.trace", "a newline at the end", tiny22, slices.Concat(data22, []byte("\n"))},
	}, nil
}

// generations are missing, or there twice, or in another order.
func generations(traces string) ([]file, error) {
	var files []file
	for _, from := range []struct{ name, suffix string }{{long, ""}, {long22, "-1.22"}} {
		t, _, err := load(traces, from.name)
		if err != nil {
			return nil, err
		}
		g := t.Generations()
		if len(g) < 4 {
			return nil, fmt.Errorf("%s has %d generations, want 4", from.name, len(g))
		}
		add := func(name, what string, gens ...[]forge.Batch) {
			files = append(files, file{name + from.suffix + ".trace", what, from.name, t.Join(gens...).Bytes()})
		}
		add("generation-removed", "the second of four generations missing", g[0], g[2], g[3])
		add("generation-first-removed", "the first of four generations missing, as in the file of a flight recorder", g[1], g[2], g[3])
		add("generation-twice", "the second of three generations there twice", g[0], g[1], g[1], g[2])
		add("generations-swapped", "the second and the third of three generations swapped", g[0], g[2], g[1])
	}
	return files, nil
}

// batches are missing, or lie about their size.
func batches(traces string) ([]file, error) {
	t, _, err := load(traces, tiny)
	if err != nil {
		return nil, err
	}
	larger, _, err := load(traces, "go1.26/tasks.trace")
	if err != nil {
		return nil, err
	}
	var at [4]int
	for i, f := range []func(forge.Batch) bool{forge.Batch.Events, forge.Of(forge.Strings), forge.Of(forge.Stacks), forge.Of(forge.Sync)} {
		if at[i], err = t.Find(f); err != nil {
			return nil, err
		}
	}
	events, strings, stacks, sync := at[0], at[1], at[2], at[3]
	busy, err := larger.Find(forge.Batch.Events)
	if err != nil {
		return nil, err
	}
	end := len(t.Batches) - 1
	return []file{
		{"batch-events-missing.trace", "a batch of events missing", "go1.26/tasks.trace", larger.Without(busy).Bytes()},
		{"batch-strings-missing.trace", "the strings missing", tiny, t.Without(strings).Bytes()},
		{"batch-stacks-missing.trace", "the stacks missing", tiny, t.Without(stacks).Bytes()},
		{"batch-sync-missing.trace", "the clock's frequency missing", tiny, t.Without(sync).Bytes()},
		{"batch-size-over-limit.trace", "a batch that claims 65,537 bytes", tiny, t.WithSize(events, forge.MaxBatchSize+1)},
		{"batch-size-huge.trace", "a batch that claims 2^63 bytes", tiny, t.WithSize(events, 1<<63)},
		{"batch-size-short.trace", "a batch that claims one byte less than it has", tiny, t.WithSize(events, uint64(len(t.Batches[events].Data)-1))},
		{
			"batch-unknown-experiment.trace", "a batch of an experiment that nobody knows", tiny,
			forge.Trace{Header: t.Header, Batches: slices.Insert(slices.Clone(t.Batches), end, forge.Experiment(99, 1, t.Batches[events].Time))}.Bytes(),
		},
	}, nil
}

// contents are wrong inside a batch.
func contents(traces string) ([]file, error) {
	t, data, err := load(traces, tiny)
	if err != nil {
		return nil, err
	}
	events, err := t.Find(forge.Batch.Events)
	if err != nil {
		return nil, err
	}
	strings, err := t.Find(forge.Of(forge.Strings))
	if err != nil {
		return nil, err
	}
	stacks, err := t.Find(forge.Of(forge.Stacks))
	if err != nil {
		return nil, err
	}
	var clocks [3]forge.Trace
	for i, freq := range []uint64{0, 1, 1 << 63} {
		if clocks[i], err = t.WithFrequency(freq); err != nil {
			return nil, err
		}
	}
	late := forge.Trace{Header: t.Header, Batches: slices.Clone(t.Batches)}
	for i := range late.Batches {
		late.Batches[i].Time = ^uint64(0) - 1<<20
	}
	after := func(n int, more ...byte) []byte {
		return t.WithData(n, slices.Concat(t.Batches[n].Data, more)).Bytes()
	}
	return []file{
		{"event-unknown.trace", "an event of the type 120", tiny, after(events, 120, 1)},
		{"event-overlong-number.trace", "a number of eleven bytes that does not end", tiny, after(events, forge.Overlong()...)},
		{"event-cut.trace", "a batch that ends in the middle of an event", tiny, after(events, forge.Overlong()[:2]...)},
		{"string-huge.trace", "a string that claims 2^40 bytes", tiny, t.WithData(strings, forge.HugeString(1<<40)).Bytes()},
		{"string-twice.trace", "a string id that is defined twice", tiny, t.WithData(strings, forge.TwiceTheSameString()).Bytes()},
		{"strings-empty.trace", "stacks that name strings which are not there", tiny, t.WithData(strings, []byte{forge.Strings}).Bytes()},
		{"stack-huge.trace", "a stack that claims 2^40 frames", tiny, t.WithData(stacks, forge.HugeStack(1<<40)).Bytes()},
		{"frequency-zero.trace", "a clock of no ticks a second", tiny, clocks[0].Bytes()},
		{"frequency-one.trace", "a clock of one tick a second: a trace of days", tiny, clocks[1].Bytes()},
		{"frequency-huge.trace", "a clock of 2^63 ticks a second", tiny, clocks[2].Bytes()},
		{"times-huge.trace", "times near 2^64", tiny, late.Bytes()},
		{"mangled-crlf.trace", "every newline turned into two bytes, as by a transfer as text", tiny, bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n"))},
		{"mangled-utf8.trace", "every byte above 127 replaced, as by a conversion to UTF-8", tiny, bytes.ToValidUTF8(perByte(data), []byte("\ufffd"))},
	}, nil
}

// perByte puts an ASCII byte after each that is none, so that ToValidUTF8 takes
// each of them for one wrong character.
func perByte(data []byte) []byte {
	var out []byte
	for _, b := range data {
		out = append(out, b)
		if b >= 0x80 {
			out = append(out, 0)
		}
	}
	return out
}

// headers are of other versions, or all that there is.
func headers(traces string) ([]file, error) {
	t, data, err := load(traces, tiny)
	if err != nil {
		return nil, err
	}
	files := []file{{"empty.trace", "an empty file", "", nil}}
	for _, minor := range []int{26, 22, 21} {
		files = append(files, file{fmt.Sprintf("header-only-1.%d.trace", minor), "a header alone", "", forge.Header(minor)})
	}
	body := data[len(t.Header):]
	for _, minor := range []int{4, 12, 20, 24, 27, 99} {
		files = append(files, file{
			fmt.Sprintf("version-1.%d.trace", minor), "a header of a version that does not exist, is too old or too new", tiny,
			slices.Concat(forge.Header(minor), body),
		})
	}
	return append(files,
		file{"version-2.0.trace", "a header of Go 2.0", tiny, slices.Concat([]byte("go 2.0 trace\x00\x00\x00\x00"), body)},
		file{"version-no-number.trace", "a header whose version is no number", tiny, slices.Concat([]byte("go 1.xx trace\x00\x00\x00"), body)},
		file{"version-other-1.22.trace", "the header of Go 1.22 before a trace of Go 1.26", tiny, slices.Concat(forge.Header(22), body)},
	), nil
}

// wrapped traces are sound within something else, or nearly.
func wrapped(traces string) ([]file, error) {
	_, data, err := load(traces, tiny)
	if err != nil {
		return nil, err
	}
	_, longData, err := load(traces, long)
	if err != nil {
		return nil, err
	}
	w, err := zstd.NewWriter(nil)
	if err != nil {
		return nil, err
	}
	packed := forge.Gzip(longData)
	squeezed := w.EncodeAll(longData, nil)
	return []file{
		{"good.trace.gz", "a sound trace, compressed with gzip", tiny, forge.Gzip(data)},
		{"good.trace.zst", "a sound trace, compressed with zstd", tiny, w.EncodeAll(data, nil)},
		{"good-twice.trace.gz.gz", "a sound trace, compressed with gzip twice", tiny, forge.Gzip(forge.Gzip(data))},
		{"gzip-cut.trace.gz", "a gzip file cut in the middle", long, packed[:len(packed)*3/4]},
		{"gzip-wrong-checksum.trace.gz", "a gzip file whose checksum is wrong", tiny, flip(forge.Gzip(data), -6)},
		{"gzip-header-only.trace.gz", "the first ten bytes of a gzip file", tiny, packed[:10]},
		{"zstd-cut.trace.zst", "a zstd file cut in the middle", long, squeezed[:len(squeezed)*3/4]},
		{"byte-order-mark.trace", "a byte order mark in front", tiny, slices.Concat([]byte("\ufeff"), data)},
		{"http-headers.trace", "the headers of the HTTP response in front, as curl -i saves them", tiny, slices.Concat([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\n\r\n"), data)},
	}, nil
}

// flip inverts a byte, from the end where at is negative.
func flip(data []byte, at int) []byte {
	out := slices.Clone(data)
	if at < 0 {
		at += len(out)
	}
	out[at] ^= 0xff
	return out
}

// old are damaged traces of the format before Go 1.22.
func old(traces string) ([]file, error) {
	data, err := os.ReadFile(filepath.Join(traces, tiny21))
	if err != nil {
		return nil, err
	}
	return []file{
		{"cut-in-first-half-1.21.trace", "cut in the middle", tiny21, data[:len(data)/2]},
		{"cut-last-byte-1.21.trace", "the last byte missing", tiny21, data[:len(data)-1]},
		{"event-unknown-1.21.trace", "an event of the type 63 at the end", tiny21, slices.Concat(data, []byte{63, 1})},
		{"tail-newline-1.21.trace", "a newline at the end", tiny21, slices.Concat(data, []byte("\n"))},
		{"first-batch-flipped-1.21.trace", "one byte after the header inverted", tiny21, flip(data, forge.HeaderLen+1)},
	}, nil
}

// others are no traces at all.
func others(string) ([]file, error) {
	var prof bytes.Buffer
	fn := &profile.Function{ID: 1, Name: "main.main"}
	loc := &profile.Location{ID: 1, Line: []profile.Line{{Function: fn, Line: 1}}}
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		PeriodType: &profile.ValueType{Type: "cpu", Unit: "nanoseconds"},
		Period:     10_000_000,
		Sample:     []*profile.Sample{{Location: []*profile.Location{loc}, Value: []int64{1, 10_000_000}}},
		Location:   []*profile.Location{loc},
		Function:   []*profile.Function{fn},
	}
	if err := p.Write(&prof); err != nil {
		return nil, err
	}
	var raw bytes.Buffer
	if err := p.WriteUncompressed(&raw); err != nil {
		return nil, err
	}
	text := func(name, what, content string) file { return file{name, what, "", []byte(content)} }
	return []file{
		{"profile.pb.gz", "a CPU profile, as /debug/pprof/profile gives it", "", prof.Bytes()},
		{"profile.pb", "a CPU profile that is not compressed", "", raw.Bytes()},
		text("login.html", "an HTML page, as a proxy in front of a service gives it", "<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><form method=\"post\"><input name=\"user\"></form></body></html>\n"),
		text("bad-gateway.html", "an HTML page in capitals, without a document type", "<HTML>\r\n<HEAD><TITLE>502 Bad Gateway</TITLE></HEAD>\r\n<BODY><CENTER><H1>502 Bad Gateway</H1></CENTER></BODY>\r\n</HTML>\r\n"),
		text("not-found.txt", "what net/http answers where no pprof handler is registered", "404 page not found\n"),
		text("already-enabled.txt", "what /debug/pprof/trace answers while another trace is being taken", "Could not enable tracing: tracing is already enabled\n"),
		text("goroutines.txt", "a goroutine dump, as /debug/pprof/goroutine?debug=2 gives it", "goroutine 1 [chan receive, 5 minutes]:\nmain.main()\n\t/src/main.go:10 +0x1d\n"),
		text("chrome.json", "a trace of Chrome's format", `{"traceEvents":[{"name":"f","ph":"X","ts":0,"dur":1,"pid":1,"tid":1}]}`+"\n"),
		text("text-format.trace", "the text form of a Go trace, as go tool trace -d=wire gives it", "Trace Go1.26\nEventBatch gen=1 m=18446744073709551615 time=1 size=5\n"),
		text("program.elf", "the beginning of a program", "\x7fELF\x02\x01\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x3e\x00\x01\x00\x00\x00"),
		text("archive.zip", "a zip file", "PK\x05\x06"+string(make([]byte, 18))),
		text("newline.txt", "a newline alone", "\n"),
	}, nil
}

// hostile files are sound, or nearly, and cost a careless reader much.
func hostile(string) ([]file, error) {
	return []file{
		{"many-goroutines.trace.gz", "10,000 goroutines with ids far from each other", "", forge.Gzip(forge.Goroutines(forge.SparseIDs(10_000)...))},
		{"many-empty-batches.trace.gz", "10,000 batches without events, each of another thread", "", forge.Gzip(forge.EmptyBatches(10_000))},
		{"many-threads.trace.gz", "10,000 threads with one event each", "", forge.Gzip(forge.LonelyThreads(10_000))},
		{"goroutine-id-max.trace", "a goroutine with the id 2^64-1, which is the mark of none", "", forge.Goroutines(1, ^uint64(0))},
		{"goroutine-id-huge.trace", "a goroutine with the id 2^63", "", forge.Goroutines(1, 1<<63)},
		{"gzip-bomb.trace.gz", "16 MB of empty batches in 16 KB", "", forge.Bomb(16 << 20)},
	}, nil
}
