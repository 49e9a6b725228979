// Package forge takes traces apart, puts them together wrongly, and makes hostile
// ones from nothing. Tests use it for files too large to keep in testdata/bad.
//
// It knows as much of the format of Go 1.22 and later as that takes: a header,
// then batches, each of one generation and one thread.
package forge

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// The bytes that begin a batch, and those that say what is in one.
const (
	EventBatch        = 1
	Stacks            = 2
	stack             = 3
	Strings           = 4
	str               = 5
	Frequency         = 8
	procStatus        = 13
	goBlock           = 20
	goStatus          = 25
	experimentalBatch = 49
	Sync              = 50
	clockSnapshot     = 51
	EndOfGeneration   = 52
)

// The length of a header, and the largest size of a batch's data.
const (
	HeaderLen    = 16
	MaxBatchSize = 64 << 10
)

const (
	noThread = ^uint64(0)
	waiting  = 4
)

// Header is the header of a trace of Go 1.minor.
func Header(minor int) []byte {
	h := make([]byte, HeaderLen)
	copy(h, fmt.Sprintf("go 1.%d trace", minor))
	return h
}

// A Batch is one batch of a trace, or the end of a generation.
type Batch struct {
	Offset     int  // where it began in the file that was parsed
	Kind       byte // EventBatch, experimentalBatch or EndOfGeneration
	Experiment byte
	Gen        uint64
	Thread     uint64
	Time       uint64
	Data       []byte
}

// Class is the first byte of the batch's data, such as Strings; zero if it is
// empty.
func (b Batch) Class() byte {
	if len(b.Data) == 0 {
		return 0
	}
	return b.Data[0]
}

// Events says whether the batch holds events rather than tables.
func (b Batch) Events() bool {
	switch b.Class() {
	case Stacks, Strings, 6 /* CPU samples */, Frequency, Sync:
		return false
	}
	return b.Kind == EventBatch && len(b.Data) > 0
}

// Append appends the batch as it stands in a file.
func (b Batch) Append(to []byte) []byte { return b.appendSized(to, uint64(len(b.Data))) }

// appendSized claims another size than the batch has.
func (b Batch) appendSized(to []byte, size uint64) []byte {
	to = append(to, b.Kind)
	if b.Kind == EndOfGeneration {
		return to
	}
	if b.Kind == experimentalBatch {
		to = append(to, b.Experiment)
	}
	for _, v := range []uint64{b.Gen, b.Thread, b.Time, size} {
		to = binary.AppendUvarint(to, v)
	}
	return append(to, b.Data...)
}

// A Trace is a header and batches.
type Trace struct {
	Header  []byte
	Batches []Batch
}

// Parse takes a sound trace of Go 1.22 or later apart.
func Parse(data []byte) (Trace, error) {
	if len(data) < HeaderLen {
		return Trace{}, errors.New("no header")
	}
	t := Trace{Header: data[:HeaderLen]}
	r := bytes.NewReader(data[HeaderLen:])
	for r.Len() > 0 {
		offset := len(data) - r.Len()
		b, err := parseBatch(r)
		b.Offset = offset
		if err != nil {
			return Trace{}, fmt.Errorf("batch %d: %w", len(t.Batches), err)
		}
		t.Batches = append(t.Batches, b)
	}
	return t, nil
}

func parseBatch(r *bytes.Reader) (Batch, error) {
	var b Batch
	b.Kind, _ = r.ReadByte()
	switch b.Kind {
	case EndOfGeneration:
		return b, nil
	case EventBatch:
	case experimentalBatch:
		b.Experiment, _ = r.ReadByte()
	default:
		return b, fmt.Errorf("kind %d", b.Kind)
	}
	var size uint64
	for _, v := range []*uint64{&b.Gen, &b.Thread, &b.Time, &size} {
		var err error
		if *v, err = binary.ReadUvarint(r); err != nil {
			return b, err
		}
	}
	if size > uint64(r.Len()) {
		return b, fmt.Errorf("size %d", size)
	}
	b.Data = make([]byte, size)
	_, err := r.Read(b.Data)
	if size == 0 {
		err = nil
	}
	return b, err
}

// Bytes is the trace as a file. Sizes are written as short as they can be, where
// the runtime leaves room: the same trace, but not the same bytes.
func (t Trace) Bytes() []byte {
	out := slices.Clone(t.Header)
	for _, b := range t.Batches {
		out = b.Append(out)
	}
	return out
}

// Generations splits the batches by generation, each with its end.
func (t Trace) Generations() [][]Batch {
	var gens [][]Batch
	gen := uint64(0)
	for _, b := range t.Batches {
		if b.Kind != EndOfGeneration && b.Gen != gen {
			gens = append(gens, nil)
			gen = b.Gen
		}
		last := len(gens) - 1
		gens[last] = append(gens[last], b)
	}
	return gens
}

// Join is a trace of these generations, in this order.
func (t Trace) Join(gens ...[]Batch) Trace {
	return Trace{t.Header, slices.Concat(gens...)}
}

// Find returns the index of the first batch for which f holds.
func (t Trace) Find(f func(Batch) bool) (int, error) {
	i := slices.IndexFunc(t.Batches, f)
	if i < 0 {
		return 0, errors.New("no such batch")
	}
	return i, nil
}

// Of returns a function for Find that looks for a class of batch.
func Of(class byte) func(Batch) bool {
	return func(b Batch) bool { return b.Kind == EventBatch && b.Class() == class }
}

// WithData is the trace with other data in its n-th batch.
func (t Trace) WithData(n int, data []byte) Trace {
	batches := slices.Clone(t.Batches)
	batches[n].Data = data
	return Trace{t.Header, batches}
}

// Without is the trace without its n-th batch.
func (t Trace) Without(n int) Trace {
	return Trace{t.Header, slices.Delete(slices.Clone(t.Batches), n, n+1)}
}

// WithSize is the file of a trace whose n-th batch claims another size.
func (t Trace) WithSize(n int, size uint64) []byte {
	out := Trace{t.Header, t.Batches[:n]}.Bytes()
	out = t.Batches[n].appendSized(out, size)
	return append(out, Trace{nil, t.Batches[n+1:]}.Bytes()...)
}

// Overlong is an event whose first number does not end.
func Overlong() []byte {
	return append([]byte{goBlock}, bytes.Repeat([]byte{0xff}, 11)...)
}

// HugeString is a string table whose one string claims n bytes.
func HugeString(n uint64) []byte {
	return binary.AppendUvarint([]byte{Strings, str, 1}, n)
}

// TwiceTheSameString is a string table that defines one id twice.
func TwiceTheSameString() []byte {
	return []byte{Strings, str, 1, 1, 'a', str, 1, 1, 'b'}
}

// HugeStack is a stack table whose one stack claims n frames.
func HugeStack(n uint64) []byte {
	return binary.AppendUvarint([]byte{Stacks, stack, 1}, n)
}

// sync is the batch with the clock: freq ticks a second.
func sync(gen, freq uint64) Batch {
	data := append([]byte{Sync}, binary.AppendUvarint([]byte{Frequency}, freq)...)
	data = append(data, clockSnapshot)
	for _, v := range []uint64{1, 1, 1_700_000_000, 0} {
		data = binary.AppendUvarint(data, v)
	}
	return Batch{Kind: EventBatch, Gen: gen, Thread: noThread, Time: 1, Data: data}
}

// WithFrequency is a trace of Go 1.25 or later with another clock.
func (t Trace) WithFrequency(freq uint64) (Trace, error) {
	i, err := t.Find(Of(Sync))
	if err != nil {
		return t, err
	}
	return t.WithData(i, sync(1, freq).Data), nil
}

// ticks is the frequency on Linux: a tick is 64 ns.
const ticks = 15_625_000

// Goroutines is a sound trace of Go 1.26 with goroutines of these ids, all of
// which wait from before its begin to after its end.
func Goroutines(ids ...uint64) []byte {
	return generation(func(add func(event []byte)) {
		for _, id := range ids {
			e := []byte{goStatus, 1}
			e = binary.AppendUvarint(e, id)
			e = binary.AppendUvarint(e, noThread)
			add(append(e, waiting))
		}
	})
}

// SparseIDs returns n goroutine ids far from each other.
func SparseIDs(n int) []uint64 {
	ids := make([]uint64, n)
	for i := range ids {
		ids[i] = uint64(i+1) << 20
	}
	return ids
}

// EmptyBatches is a sound trace of Go 1.26 with n batches without events, each
// of a thread of its own.
func EmptyBatches(n int) []byte {
	out := sync(1, ticks).Append(Header(26))
	for i := 0; i < n; i++ {
		out = Batch{Kind: EventBatch, Gen: 1, Thread: uint64(i + 1), Time: 1}.Append(out)
	}
	return append(out, EndOfGeneration)
}

// LonelyThreads is a sound trace of Go 1.26 with n threads, each with one event:
// the status of a processor.
func LonelyThreads(n int) []byte {
	out := sync(1, ticks).Append(Header(26))
	for i := 0; i < n; i++ {
		data := binary.AppendUvarint([]byte{procStatus, 1}, uint64(i))
		data = append(data, 2) // idle
		out = Batch{Kind: EventBatch, Gen: 1, Thread: uint64(i + 1), Time: 1, Data: data}.Append(out)
	}
	return append(out, EndOfGeneration)
}

// Experiment is the batch of an experiment that nobody knows.
func Experiment(id byte, gen, time uint64) Batch {
	return Batch{Kind: experimentalBatch, Experiment: id, Gen: gen, Thread: 1, Time: time, Data: []byte{1, 2, 3}}
}

// generation is a trace of Go 1.26 of one generation, of events of one thread.
func generation(events func(add func(event []byte))) []byte {
	out := sync(1, ticks).Append(Header(26))
	b := Batch{Kind: EventBatch, Gen: 1, Thread: noThread, Time: 2}
	events(func(e []byte) {
		if len(b.Data)+len(e) > MaxBatchSize {
			out = b.Append(out)
			b.Time += uint64(len(b.Data))
			b.Data = nil
		}
		b.Data = append(b.Data, e...)
	})
	return append(b.Append(out), EndOfGeneration)
}

// Gzip compresses.
func Gzip(data []byte) []byte {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(data)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	return out.Bytes()
}

// Bomb is a small gzip file of a large trace: an empty batch over and over.
func Bomb(unpacked int) []byte {
	data := Header(26)
	b := Batch{Kind: EventBatch, Gen: 1, Thread: 1, Time: 1}.Append(nil)
	return Gzip(append(data, bytes.Repeat(b, unpacked/len(b))...))
}
