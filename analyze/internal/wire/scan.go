// Package wire reads the file format of Go 1.22 and later itself.
//
// So far it reads the frame of a trace and not its events: Scanner follows the
// headers of the batches and finds the generations. It tells where each ends to
// the byte, which golang.org/x/exp/trace does not, sees what is missing, and
// holds the file to limits before anything is kept of it.
//
// Format (GOROOT/src/internal/trace/batch.go, tracev2/events.go): a header of
// 16 bytes; then batches, each a type byte (1, or 49 and the number of an
// experiment), generation, thread, time and size as uvarints, and size bytes of
// data; from Go 1.26 on a byte 52 ends each generation.
package wire

import "fmt"

// ScanLimits bound what a trace may bring.
type ScanLimits struct {
	// MaxGenerationBytes bounds one generation; 0 is 1 GiB. A generation, which
	// is held in memory whole, is about a second of the program.
	MaxGenerationBytes int64
}

const (
	defaultMaxGenerationBytes = 1 << 30
	// maxGenerationBatches bounds the batches of a generation. A busy program
	// has a few for each of its threads; a file of empty ones costs a reader a
	// kilobyte each.
	maxGenerationBatches = 100_000
	// maxBatchSize is the runtime's (tracev2.MaxBatchSize).
	maxBatchSize = 64 << 10
	headerSize   = 16
)

const (
	typeEventBatch        = 1
	typeExperimentalBatch = 49
	typeEndOfGeneration   = 52
)

// firstVersion is the first with generations, endMarker the first that marks
// their ends.
const (
	firstVersion = 22
	endMarker    = 26
)

// FormatError is damage in the frame of a trace.
type FormatError struct {
	Offset     int64  // where, in the decompressed file
	Generation uint64 // of the last batch before it; 0 if there was none
	Problem    string
	// Trailing says that what is wrong stands behind a whole generation and is
	// no batch: the trace before it may be all there was.
	Trailing bool
}

func (e *FormatError) Error() string {
	if e.Generation == 0 {
		return fmt.Sprintf("%s at byte %d", e.Problem, e.Offset)
	}
	return fmt.Sprintf("%s at byte %d, generation %d", e.Problem, e.Offset, e.Generation)
}

// Scanner follows the bytes of a trace as they flow by. It is an io.Writer, to
// be put beside a reader with io.TeeReader; the first damage makes Write fail
// and thereby ends the reading.
type Scanner struct {
	version int
	limits  ScanLimits

	offset int64
	state  scanState
	skip   int64 // bytes of data, or of the header, to pass over
	field  int   // of the batch header that is being read
	value  uint64
	shift  uint
	fields [4]uint64 // generation, thread, time, size
	start  int64     // of the present batch

	gen      uint64 // of the present generation, 0 before the first
	genStart int64
	batches  int
	whole    int         // generations that ended
	ends     [1024]int64 // where the last of them did, by number
	ended    bool        // the last batch was an end marker
	err      error
}

type scanState uint8

const (
	scanSkip scanState = iota
	scanType
	scanExperiment
	scanFields
)

// NewScanner returns a Scanner of a trace of a version, from the header on. Of
// Go 1.11–1.21 traces, which have no generations, it only counts bytes.
func NewScanner(version int, limits ScanLimits) *Scanner {
	if limits.MaxGenerationBytes == 0 {
		limits.MaxGenerationBytes = defaultMaxGenerationBytes
	}
	return &Scanner{version: version, limits: limits, skip: headerSize, genStart: headerSize}
}

// Offset is the number of bytes seen.
func (s *Scanner) Offset() int64 { return s.offset }

// Err is the damage found so far.
func (s *Scanner) Err() error { return s.err }

// Whole is how many generations are known to be whole, at most limit, and where
// the last of these ends. A generation of Go 1.22–1.25 is known to be whole when
// the next one begins, or at Finish. A limit of far fewer than there are gives
// the header's end: a reader is never that far behind.
func (s *Scanner) Whole(limit int) (n int, end int64) {
	n = min(s.whole, limit)
	if n <= 0 || s.whole-n >= len(s.ends) {
		return max(n, 0), headerSize
	}
	return n, s.ends[n%len(s.ends)]
}

// Finish tells that the file has ended.
func (s *Scanner) Finish() {
	if s.err != nil || s.version < firstVersion {
		return
	}
	switch {
	case s.state == scanSkip && s.skip > 0 || s.state == scanFields || s.state == scanExperiment:
		s.fail(s.start, false, "the file ends in the middle of a batch that begins")
	case s.gen == 0:
	case s.version < endMarker:
		s.endGeneration(s.offset)
	case !s.ended:
		s.fail(s.offset, false, "the file ends before the generation does,")
	}
}

// Write takes the next bytes of the file.
func (s *Scanner) Write(p []byte) (int, error) {
	n := len(p)
	if s.version < firstVersion {
		s.offset += int64(n)
		return n, nil
	}
	for len(p) > 0 && s.err == nil {
		if s.state == scanSkip {
			k := min(s.skip, int64(len(p)))
			s.skip -= k
			s.offset += k
			p = p[k:]
			if s.skip == 0 {
				s.state = scanType
			}
			continue
		}
		b := p[0]
		p = p[1:]
		s.header(b)
		s.offset++
	}
	if s.err != nil {
		return n - len(p), s.err
	}
	return n, nil
}

// header takes one byte of a batch's header.
func (s *Scanner) header(b byte) {
	switch s.state {
	case scanType:
		s.batchType(b)
	case scanExperiment:
		s.state = scanFields
	case scanFields:
		s.uvarint(b)
	}
}

func (s *Scanner) batchType(b byte) {
	s.start, s.field, s.value, s.shift = s.offset, 0, 0, 0
	switch {
	case b == typeEventBatch:
		s.state = scanFields
	case b == typeExperimentalBatch && s.version > firstVersion:
		s.state = scanExperiment
	case b == typeEndOfGeneration && s.version >= endMarker && s.gen != 0 && !s.ended:
		s.endGeneration(s.offset + 1)
		s.ended = true
	default:
		between := s.ended || s.version < endMarker && s.gen != 0
		s.fail(s.offset, between, fmt.Sprintf("a batch was expected and not byte %d,", b))
	}
}

// uvarint takes a byte of one of the numbers of a batch's header.
func (s *Scanner) uvarint(b byte) {
	if s.shift == 63 && b > 1 {
		s.fail(s.offset, false, "a number of more than 64 bits")
		return
	}
	s.value |= uint64(b&0x7f) << s.shift
	s.shift += 7
	if b >= 0x80 {
		return
	}
	s.fields[s.field] = s.value
	s.field++
	s.value, s.shift = 0, 0
	if s.field == len(s.fields) {
		s.batch(s.fields[0], s.fields[3])
	}
}

// batch takes a batch whose header is read.
func (s *Scanner) batch(gen, size uint64) {
	if size > maxBatchSize {
		s.fail(s.start, false, fmt.Sprintf("a batch of %d bytes, where %d is the most,", size, maxBatchSize))
		return
	}
	if !s.follow(gen) {
		return
	}
	s.batches++
	bytes := s.offset + 1 + int64(size) - s.genStart
	switch {
	case s.batches > maxGenerationBatches:
		s.fail(s.start, false, fmt.Sprintf("more than %d batches in one generation", maxGenerationBatches))
	case bytes > s.limits.MaxGenerationBytes:
		s.fail(s.start, false, fmt.Sprintf("a generation of more than %d bytes, which would be held in memory (--max-generation-size raises the limit),", s.limits.MaxGenerationBytes))
	}
	s.skip = int64(size)
	s.state = scanSkip
	if size == 0 {
		s.state = scanType
	}
}

// follow checks that a batch belongs to the present generation or opens the
// next one.
func (s *Scanner) follow(gen uint64) bool {
	first := s.gen == 0
	opens := s.ended || s.version < endMarker && gen != s.gen
	switch {
	case gen == 0:
		s.fail(s.start, false, "a batch of generation 0, which the runtime never writes,")
	case first:
		s.gen = gen
	case !opens && gen != s.gen:
		s.fail(s.start, false, fmt.Sprintf("a batch of generation %d before the generation has ended", gen))
	case opens && gen != s.gen+1:
		s.fail(s.start, false, fmt.Sprintf("generation %d where %d was to follow,", gen, s.gen+1))
	case opens:
		if !s.ended {
			s.endGeneration(s.start)
		}
		s.gen, s.ended, s.batches, s.genStart = gen, false, 0, s.start
	}
	return s.err == nil
}

func (s *Scanner) endGeneration(end int64) {
	s.whole++
	s.ends[s.whole%len(s.ends)] = end
}

func (s *Scanner) fail(offset int64, trailing bool, problem string) {
	if trailing && s.version < endMarker {
		// Go 1.22–1.25 do not mark the end; what is no batch ends the last one.
		s.endGeneration(offset)
	}
	s.err = &FormatError{Offset: offset, Generation: s.gen, Problem: problem, Trailing: trailing}
}
