package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// generation is one generation of a trace: the bytes of its batches, and how
// they are taken apart.
type generation struct {
	index  int    // from 0, in the order of the file
	number uint64 // as the file gives it
	offset int64  // of data, in the decompressed file
	size   int    // bytes of the file, an end marker included
	data   []byte // size bytes, and padding

	threads []int64 // of the batches of events, in the order of their first ones
	batches map[int64][]batch

	tables  *tables
	samples []sample
	damage  error // what parse found
	gap     *gap  // in front of it, if something is missing there
	clocks
}

// gap is what is missing in front of a generation.
type gap struct {
	bytes int64
	err   error
}

// batch is the data of a batch of events: a stretch of the generation's bytes.
type batch struct {
	time       uint64
	begin, end int
}

// clocks are what a generation says about clocks.
type clocks struct {
	frequency  uint64 // ticks a second
	nsPerTick  float64
	hasWall    bool
	wallNs     int64  // since 1970
	earliest   uint64 // time of the generation's batches, in ticks
	unknownExp bool   // it has batches of an experiment that is not known
}

// at is an error at an offset of the generation's data.
func (g *generation) at(pos int, format string, args ...any) error {
	return &FormatError{Offset: g.offset + int64(pos), Generation: g.number, Problem: fmt.Sprintf(format, args...)}
}

// ns converts ticks. The multiplication is in floating point, as
// golang.org/x/exp/trace's is, to the same nanosecond.
func (s *clocks) ns(ticks uint64) int64 { return int64(float64(ticks) * s.nsPerTick) }

// parse takes the generation apart, once: batches by thread, strings and stacks,
// CPU samples, clocks. Only the headers were looked at before (Scanner).
func (g *generation) parse(version int, shared *event.Tables, room func() *tables) error {
	if g.tables == nil {
		g.tables = room()
		if g.damage = g.takeApart(version); g.damage == nil {
			g.tables.intern(shared)
		}
	}
	return g.damage
}

func (g *generation) takeApart(version int) error {
	g.batches = make(map[int64][]batch)
	g.tables.data = g.data
	for pos := 0; pos < g.size; {
		if g.data[pos] == typeEndOfGeneration {
			break
		}
		experiment := byte(0)
		if g.data[pos] == typeExperimentalBatch {
			pos++
			experiment = g.data[pos]
		}
		var header [4]uint64
		pos++
		for i := range header {
			header[i], pos = uvarint(g.data, pos)
		}
		thread, time, size := int64(header[1]), header[2], int(header[3])
		if pos+size > g.size || size < 0 {
			return g.at(pos, "a batch that does not end")
		}
		if g.earliest == 0 || time < g.earliest {
			g.earliest = time
		}
		if err := g.take(version, experiment, thread, batch{time, pos, pos + size}); err != nil {
			return err
		}
		pos += size
	}
	if g.frequency == 0 {
		return g.at(0, "a generation without the clock's frequency")
	}
	if version >= 25 && !g.hasWall {
		return g.at(0, "a generation without a clock snapshot")
	}
	g.nsPerTick = 1.0 / (float64(g.frequency) / 1e9)
	if err := g.tables.check(); err != nil {
		return g.at(0, "%s", err)
	}
	g.sortSamples()
	return nil
}

// take puts one batch where it belongs.
func (g *generation) take(version int, experiment byte, thread int64, b batch) error {
	class := byte(0)
	if b.end > b.begin {
		class = g.data[b.begin]
	}
	r := reader{g: g, pos: b.begin + 1, end: b.end}
	switch {
	case experiment != 0:
		g.unknownExp = g.unknownExp || experiment > lastExperiment
	case class == typeStrings:
		return g.tables.addStrings(&r)
	case class == typeStacks:
		return g.tables.addStacks(&r)
	case class == typeCPUSamples:
		return g.addSamples(&r)
	case class == typeFrequency && version < 25:
		r.pos--
		return g.addSync(&r, version, b.time)
	case class == typeSync && version >= 25:
		return g.addSync(&r, version, b.time)
	default:
		if _, ok := g.batches[thread]; !ok {
			g.threads = append(g.threads, thread)
		}
		g.batches[thread] = append(g.batches[thread], b)
	}
	return nil
}

// lastExperiment is AllocFree, the only one that there is.
const lastExperiment = 1

// addSync reads the clocks.
func (g *generation) addSync(r *reader, version int, time uint64) error {
	for r.more() {
		switch kind := r.byte(); {
		case kind == typeFrequency:
			if g.frequency != 0 {
				return r.fail("a second clock frequency in one generation")
			}
			g.frequency = r.uint()
			if r.ok() && g.frequency == 0 {
				return r.fail("a clock of 0 ticks a second")
			}
		case kind == typeClockSnapshot && version >= 25:
			if g.hasWall {
				return r.fail("a second clock snapshot in one generation")
			}
			g.hasWall = true
			r.uint() // since the batch's time
			r.uint() // monotonic
			sec, nsec := r.uint(), r.uint()
			g.wallNs = int64(sec)*1e9 + int64(nsec)
		default:
			return r.fail("byte %d where the clocks are told", kind)
		}
	}
	if !r.ok() {
		return r.fail("clocks that do not end in their batch")
	}
	return nil
}

// reader reads numbers of one batch.
type reader struct {
	g        *generation
	pos, end int
}

func (r *reader) more() bool { return r.pos < r.end }

// ok says whether what was read lay in the batch.
func (r *reader) ok() bool { return r.pos <= r.end }

func (r *reader) byte() byte {
	r.pos++
	return r.g.data[r.pos-1]
}

func (r *reader) uint() (v uint64) {
	if r.pos < r.end {
		v, r.pos = uvarint(r.g.data, r.pos)
		return v
	}
	r.pos = r.end + 1
	return 0
}

func (r *reader) fail(format string, args ...any) error {
	return r.g.at(min(r.pos, r.end), format, args...)
}

// cutter reads a trace in large blocks and cuts it at the ends of its
// generations, which a Scanner finds by the headers of the batches. Behind
// damage it looks for the next batches and goes on with the generation that they
// lead to.
type cutter struct {
	input io.Reader // nil at its end
	err   error     // which was io.EOF or this
	scan  *Scanner

	buf      []byte // from offset base on, read and not yet cut
	base     int64
	scanned  int    // of buf
	cut      int    // generations handed out
	end      int64  // of the last of them
	number   uint64 // of it
	finished bool   // the Scanner knows of the input's end
	broken   error  // damage that is to be stepped over
	missing  error  // damage that was stepped over since then
	over     error  // what ended the trace, io.EOF for a whole one
	spare    chan []byte
}

// blockSize is how much is read at once, scanSize how much of it is scanned
// before the generations in it are cut: fewer than a Scanner remembers.
const (
	blockSize = 256 << 10
	scanSize  = 16 << 10
)

func newCutter(input io.Reader, scan *Scanner) *cutter {
	scan.gaps = true
	return &cutter{input: input, scan: scan, end: headerSize, spare: make(chan []byte, 2)}
}

// next returns the next whole generation, or what ended the trace.
func (r *cutter) next() (*generation, error) {
	for {
		switch g := r.ready(); {
		case g != nil:
			return g, nil
		case r.over != nil:
			return nil, r.over
		case r.broken != nil:
			r.stepOver()
		case r.scanned < len(r.buf):
			r.scanOn()
		case r.input != nil:
			r.read()
		default:
			r.finish()
		}
	}
}

// finish takes the input's end. A generation of Go 1.22–1.25 is known to be whole
// only then.
func (r *cutter) finish() {
	if r.err != io.EOF {
		r.over = r.err
		return
	}
	if !r.finished {
		r.finished = true
		r.scan.Finish()
		r.damaged(r.scan.Err())
		return
	}
	if r.over = r.missing; r.over == nil {
		r.over = io.EOF
	}
}

// ready cuts the next generation off, if it is known to be whole.
func (r *cutter) ready() *generation {
	whole, _ := r.scan.Whole(math.MaxInt)
	if whole == r.cut {
		return nil
	}
	begin, end, number := r.scan.part(r.cut + 1)
	g := &generation{index: r.cut, number: number, offset: begin, size: int(end - begin)}
	if r.missing == nil && r.cut > 0 && number > r.number+1 {
		r.missing = &FormatError{Offset: begin, Generation: number, Problem: fmt.Sprintf("generation %d where %d was to follow,", number, r.number+1)}
	}
	if r.missing != nil {
		g.gap = &gap{begin - r.end, r.missing}
		r.missing = nil
	}
	from, to := int(begin-r.base), int(end-r.base)
	// What follows moves to a buffer of its own; this one goes with the
	// generation.
	rest := append(r.room(len(r.buf)-to+blockSize+padding, to-from), r.buf[to:]...)
	g.data = append(r.buf[from:to], make([]byte, padding)...)
	r.buf, r.base, r.scanned = rest, end, r.scanned-to
	r.end, r.number = end, number
	r.cut++
	return g
}

// scanOn follows the headers in what was read.
func (r *cutter) scanOn() {
	n := min(scanSize, len(r.buf)-r.scanned)
	n, err := r.scan.Write(r.buf[r.scanned : r.scanned+n])
	r.scanned += n
	r.damaged(err)
}

// damaged takes what a Scanner finds wrong: a limit ends the reading, damage may
// be stepped over.
func (r *cutter) damaged(err error) {
	format, ok := errors.AsType[*FormatError](err)
	switch {
	case err == nil:
	case ok && !format.Limit && !format.ends:
		r.broken = err
	default:
		r.over = err
	}
}

// stepOver looks for batches behind damage. If there are none, the damage ends
// the trace.
func (r *cutter) stepOver() {
	format, _ := errors.AsType[*FormatError](r.broken)
	from := min(max(int(format.Offset-r.base)+1, 0), len(r.buf))
	for {
		for ; from < len(r.buf) && (r.input == nil || from+resyncBytes <= len(r.buf)); from++ {
			if r.buf[from] == typeEventBatch && r.leadsOn(from) {
				r.drop(from)
				r.scan.resume(r.base)
				if r.missing == nil {
					r.missing = r.broken
				}
				r.broken, r.finished = nil, false
				return
			}
		}
		if r.input == nil {
			break
		}
		r.drop(from)
		from = 0
		r.read()
	}
	switch r.over = r.broken; {
	case r.err != io.EOF:
		r.over = r.err
	case r.missing != nil:
		r.over = r.missing
	}
}

// resyncBatches are what must follow each other to be taken for the trace going
// on, and resyncBytes how much they may take.
const (
	resyncBatches = 3
	resyncBytes   = resyncBatches * (maxBatchSize + 64)
)

// leadsOn says whether batches of a generation that may follow begin at an
// offset of the buffer.
func (r *cutter) leadsOn(pos int) bool {
	gen := r.scan.gen
	for n := range resyncBatches {
		if pos == len(r.buf) && n > 0 {
			return true // the file's end
		}
		if r.buf[pos] == typeEndOfGeneration && n > 0 {
			return true
		}
		number, time, size, data := batchHeader(r.buf, pos)
		if data == 0 || number < gen || number > gen+1_000_000 || !r.scan.plausible(time) || data+size > len(r.buf) {
			return false
		}
		gen, pos = number, data+size
	}
	return true
}

// batchHeader reads the header of a batch; data is the offset of what is in it, 0
// if it is none.
func batchHeader(buf []byte, pos int) (gen, time uint64, size, data int) {
	if buf[pos] == typeExperimentalBatch {
		pos++
	} else if buf[pos] != typeEventBatch {
		return 0, 0, 0, 0
	}
	var fields [4]uint64
	pos++
	for i := range fields {
		v, n := binary.Uvarint(buf[min(pos, len(buf)):])
		if n <= 0 {
			return 0, 0, 0, 0
		}
		fields[i], pos = v, pos+n
	}
	if fields[3] > maxBatchSize || fields[0] == 0 {
		return 0, 0, 0, 0
	}
	return fields[0], fields[2], int(fields[3]), pos
}

// drop forgets the first bytes of the buffer.
func (r *cutter) drop(n int) {
	r.buf = r.buf[:copy(r.buf, r.buf[n:])]
	r.base, r.scanned = r.base+int64(n), 0
}

// read reads a block.
func (r *cutter) read() {
	if cap(r.buf)-len(r.buf) < blockSize+padding {
		grown := make([]byte, len(r.buf), cap(r.buf)+cap(r.buf)/4+2*blockSize)
		copy(grown, r.buf)
		r.buf = grown
	}
	n, err := r.input.Read(r.buf[len(r.buf) : len(r.buf)+blockSize])
	r.buf = r.buf[:len(r.buf)+n]
	if err != nil {
		r.input, r.err = nil, err
	}
}

// room is an empty buffer of some size at least, and as large as a generation of
// another size would need.
func (r *cutter) room(least, like int) []byte {
	select {
	case buf := <-r.spare:
		if cap(buf) >= least {
			return buf[:0]
		}
	default:
	}
	return make([]byte, 0, max(least, like+like/8+2*blockSize))
}

// recycle takes the bytes of a generation back. It may be called by another
// goroutine.
func (r *cutter) recycle(g *generation) {
	select {
	case r.spare <- g.data:
	default:
	}
	g.data = nil
}
