package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

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
