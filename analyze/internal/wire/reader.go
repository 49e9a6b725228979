package wire

import (
	"io"
	"math"
	"slices"
)

// Reader passes a trace on up to the end of its last whole generation, and then
// tells io.EOF whatever stopped it; Err says what did.
//
// golang.org/x/exp/trace treats damage differently by version: before Go 1.26 it
// reads one batch ahead and drops a whole generation for what follows it, or
// goes on with a half one whose tables are missing. It never sees either here.
// The price is that a generation is held twice, here and there.
//
// A trace of Go 1.11–1.21 has no generations and is passed on as it comes.
type Reader struct {
	input io.Reader
	scan  *Scanner

	passed int // generations passed on
	begun  int // see Begun

	held  []byte
	base  int64 // offset in the trace of held[0]
	given int   // of held, passed on
	ready int   // of held, may be passed on
	err   error // of the input
	ended bool  // nothing more will be read
}

// readChunk is small enough that the generations in one are fewer than those
// whose ends the Scanner remembers.
const readChunk = 16 << 10

// NewReader returns a Reader of a trace of a version, from the header on, that
// a Scanner follows.
func NewReader(input io.Reader, scan *Scanner) *Reader {
	return &Reader{input: input, scan: scan}
}

// Read yields bytes of whole generations.
func (r *Reader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for r.given == r.ready && !r.ended {
		r.fill()
	}
	stop := r.stop()
	if r.given < r.ready {
		n := copy(p, r.held[r.given:min(r.ready, stop)])
		r.given += n
		return n, nil
	}
	if r.scan.version < firstVersion && r.Err() != nil {
		return 0, r.Err() // what was passed on is not known to be whole
	}
	return 0, io.EOF
}

// Begun is how many generations the one that reads has taken up. All but the
// last of them it has done with: it does not ask for the next one before, but
// for the first batch of one without an end marker in front.
func (r *Reader) Begun() int { return r.begun }

// stop notes how far the one that reads has come, and returns where in held its
// next Read must end, so that its own buffer does not blur that.
func (r *Reader) stop() int {
	if r.scan.version < firstVersion {
		return math.MaxInt
	}
	at := r.base + int64(r.given)
	if at < headerSize {
		return int(headerSize - r.base)
	}
	whole, _ := r.scan.Whole(math.MaxInt)
	if _, end := r.scan.Whole(r.passed + 1); r.passed < whole && at >= end {
		r.passed++
	}
	if r.passed == whole {
		if r.scan.version >= endMarker {
			r.begun = whole + 1
		}
		return math.MaxInt
	}
	opening := r.scan.openings[r.passed%len(r.scan.openings)]
	if at < opening && r.scan.version < endMarker {
		return int(opening - r.base)
	}
	r.begun = r.passed + 1
	_, end := r.scan.Whole(r.passed + 1)
	return int(end - r.base)
}

// Err is what ended the trace early: an error of the input, or damage in the
// frame. It is nil for a whole trace.
func (r *Reader) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.scan.Err()
}

// fill reads on.
func (r *Reader) fill() {
	if r.given > 0 {
		r.base += int64(r.given)
		r.held = append(r.held[:0], r.held[r.given:]...)
		r.given = 0
	}
	have := len(r.held)
	r.held = slices.Grow(r.held, readChunk)
	n, err := r.input.Read(r.held[have : have+readChunk])
	r.held = r.held[:have+n]
	_, scanErr := r.scan.Write(r.held[have:])
	switch {
	case scanErr != nil:
		r.ended = true
	case err == io.EOF:
		r.ended = true
		r.scan.Finish()
	case err != nil:
		r.ended, r.err = true, err
	}
	if r.scan.version < firstVersion {
		r.ready = len(r.held)
		return
	}
	_, end := r.scan.Whole(math.MaxInt)
	r.ready = int(min(max(end-r.base, 0), int64(len(r.held))))
}
