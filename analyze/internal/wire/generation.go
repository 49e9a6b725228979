package wire

import (
	"fmt"

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
	r := batchReader{g: g, pos: b.begin + 1, end: b.end}
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
func (g *generation) addSync(r *batchReader, version int, time uint64) error {
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

// batchReader reads numbers of one batch.
type batchReader struct {
	g        *generation
	pos, end int
}

func (r *batchReader) more() bool { return r.pos < r.end }

// ok says whether what was read lay in the batch.
func (r *batchReader) ok() bool { return r.pos <= r.end }

func (r *batchReader) byte() byte {
	r.pos++
	return r.g.data[r.pos-1]
}

func (r *batchReader) uint() (v uint64) {
	if r.pos < r.end {
		v, r.pos = uvarint(r.g.data, r.pos)
		return v
	}
	r.pos = r.end + 1
	return 0
}

func (r *batchReader) fail(format string, args ...any) error {
	return r.g.at(min(r.pos, r.end), format, args...)
}
