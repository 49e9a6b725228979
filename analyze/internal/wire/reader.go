package wire

import (
	"io"
	"math"
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

	held  [][]byte // chunks read and not passed on whole
	spare [][]byte // chunks to read into again
	off   int      // of held[0], passed on
	at    int64    // offset in the trace of the next byte to pass on
	read  int64    // bytes of the input
	ready int64    // up to where bytes may be passed on
	err   error    // of the input
	ended bool     // nothing more will be read
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
	for r.at == r.ready && !r.ended {
		r.fill()
	}
	if stop := r.stop(); r.at < r.ready {
		return r.pass(p[:min(int64(len(p)), r.ready-r.at, stop-r.at)]), nil
	}
	if r.scan.version < firstVersion && r.Err() != nil {
		return 0, r.Err() // what was passed on is not known to be whole
	}
	return 0, io.EOF
}

// pass passes on bytes that are held, at least one.
func (r *Reader) pass(p []byte) int {
	n := copy(p, r.held[0][r.off:])
	r.at += int64(n)
	if r.off += n; r.off == cap(r.held[0]) || r.off == len(r.held[0]) && len(r.held) > 1 {
		r.spare = append(r.spare, r.held[0])
		r.held, r.off = r.held[1:], 0
	}
	return n
}

// Begun is how many generations the one that reads has taken up. All but the
// last of them it has done with: it does not ask for the next one before, but
// for the first batch of one without an end marker in front.
func (r *Reader) Begun() int { return r.begun }

// stop notes how far the one that reads has come, and returns the offset where
// its next Read must end, so that its own buffer does not blur that.
func (r *Reader) stop() int64 {
	if r.scan.version < firstVersion {
		return math.MaxInt64
	}
	if r.at < headerSize {
		return headerSize
	}
	whole, _ := r.scan.Whole(math.MaxInt)
	if _, end := r.scan.Whole(r.passed + 1); r.passed < whole && r.at >= end {
		r.passed++
	}
	if r.passed == whole {
		if r.scan.version >= endMarker {
			r.begun = whole + 1
		}
		return math.MaxInt64
	}
	opening := r.scan.openings[r.passed%len(r.scan.openings)]
	if r.at < opening && r.scan.version < endMarker {
		return opening
	}
	r.begun = r.passed + 1
	_, end := r.scan.Whole(r.passed + 1)
	return end
}

// Err is what ended the trace early: an error of the input, or damage in the
// frame. It is nil for a whole trace.
func (r *Reader) Err() error {
	if r.err != nil {
		return r.err
	}
	return r.scan.Err()
}

// room is the last chunk that is held, with room in it: an input may yield its
// bytes one by one.
func (r *Reader) room() []byte {
	if n := len(r.held); n > 0 && len(r.held[n-1]) < cap(r.held[n-1]) {
		return r.held[n-1]
	}
	var chunk []byte
	if n := len(r.spare); n > 0 {
		chunk, r.spare = r.spare[n-1][:0], r.spare[:n-1]
	} else {
		chunk = make([]byte, 0, readChunk)
	}
	r.held = append(r.held, chunk)
	return chunk
}

// fill reads on.
func (r *Reader) fill() {
	chunk := r.room()
	n, err := r.input.Read(chunk[len(chunk):cap(chunk)])
	fresh := chunk[len(chunk) : len(chunk)+n]
	r.held[len(r.held)-1] = chunk[:len(chunk)+n]
	_, scanErr := r.scan.Write(fresh)
	switch {
	case scanErr != nil:
		r.ended = true
	case err == io.EOF:
		r.ended = true
		r.scan.Finish()
	case err != nil:
		r.ended, r.err = true, err
	}
	r.read += int64(n)
	if r.scan.version < firstVersion {
		r.ready = r.read
		return
	}
	_, end := r.scan.Whole(math.MaxInt)
	r.ready = max(r.ready, min(end, r.read))
}
