package wire

import (
	"fmt"
	"math"
)

// ScanLimits bound what a trace may bring.
type ScanLimits struct {
	// MaxGenerationBytes bounds one generation; 0 is 1 GiB. A generation, which
	// is held in memory whole, is about a second of the program. Of a trace of
	// Go 1.11–1.21 it bounds the whole; 0 is 256 MiB then, as reading one takes
	// twenty times its size.
	MaxGenerationBytes int64
	// Messages is how many different messages of logs are kept.
	Messages int
}

const (
	defaultMaxGenerationBytes = 1 << 30
	defaultMaxOldBytes        = 256 << 20
	// A generation's strings and stacks may make up 1/maxTablesShare of the
	// most that a generation may have. A program's are a hundredth of its
	// events, and a reader needs twenty times their size.
	maxTablesShare = 4
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
	typeStacks            = 2 // the first byte of a batch of stacks, and so on
	typeStrings           = 4
	typeFrequency         = 8 // Go 1.22–1.24: a batch; from 1.25 on an event behind typeSync
	typeExperimentalBatch = 49
	typeSync              = 50
	typeEndOfGeneration   = 52
)

// What a clock may be. Linux and macOS have 15,625,000 ticks a second, others
// some of their processor's; a trace of a month is none. golang.org/x/exp/trace
// takes any clock and hands on times that stand still.
const (
	minFrequency = 1e3
	maxFrequency = 1e12
	maxSpanSec   = 31 * 24 * 3600
	maxClockSec  = 1 << 32 // since the machine was started, or 1970
)

// firstVersion is the first with generations, endMarker the first that marks
// their ends.
const (
	firstVersion = 22
	endMarker    = 26
)

// FormatError is damage in a trace.
type FormatError struct {
	Offset     int64  // where, in the decompressed file
	Generation uint64 // that it lies in, or, between generations, the one before; 0 if there is none
	// Problem goes before "at byte N": what has commas in it ends with one.
	Problem string
	// Trailing says that what is wrong stands behind a whole generation and is
	// no batch: the trace before it may be all there was.
	Trailing bool
	// Limit says that the trace may be sound but is more than ScanLimits allow.
	Limit bool
	// ends says that what follows is not worth a look: the file is not a
	// damaged trace so much as none that a runtime wrote.
	ends bool
}

func (e *FormatError) Error() string {
	if e.Generation == 0 {
		return fmt.Sprintf("%s at byte %d", e.Problem, e.Offset)
	}
	return fmt.Sprintf("%s at byte %d, generation %d", e.Problem, e.Offset, e.Generation)
}

// Scanner follows the bytes of a trace as they are written to it; the first
// damage makes Write fail.
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

	experimental bool // the present batch is one of an experiment
	class        byte // the last batch's first byte of data, 0 if it says nothing

	gen      uint64 // of the present generation, 0 before the first
	first    uint64 // generation
	genStart int64
	batches  int
	tables   int64       // bytes of strings and stacks in the present generation
	whole    int         // generations that ended
	ends     [4096]int64 // where the last of them did, by number
	begins   [4096]int64 // where they begin
	numbers  [4096]uint64
	openings [4096]int64 // where the first batches of the last generations end
	ended    bool        // the last batch was an end marker
	err      error

	gaps bool // generations may be missing: goes on behind them
	lost bool // what is scanned began somewhere in a generation, which is not whole

	frequency        uint64 // ticks a second, 0 until told
	earliest, latest uint64 // times of batches, in ticks
}

type scanState uint8

const (
	scanSkip scanState = iota
	scanType
	scanExperiment
	scanFields
	scanClass     // the first byte of a batch's data
	scanSync      // the byte behind typeSync
	scanFrequency // the number behind typeFrequency
)

// NewScanner returns a Scanner of a trace of a version, from the header on. Of
// Go 1.11–1.21 traces, which have no generations, it only counts bytes.
func NewScanner(version int, limits ScanLimits) *Scanner {
	if limits.MaxGenerationBytes == 0 {
		limits.MaxGenerationBytes = defaultMaxGenerationBytes
		if version < firstVersion {
			limits.MaxGenerationBytes = defaultMaxOldBytes
		}
	}
	return &Scanner{version: version, limits: limits, skip: headerSize, genStart: headerSize, earliest: math.MaxUint64}
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

// Generation is the number of the n-th generation from 0. The first of a flight
// recorder's file is not 1.
func (s *Scanner) Generation(n int) uint64 { return s.first + uint64(n) }

// part is where the n-th whole generation from 1 lies, and its number in the
// file.
func (s *Scanner) part(n int) (begin, end int64, number uint64) {
	n %= len(s.ends)
	return s.begins[n], s.ends[n], s.numbers[n]
}

// resume goes on behind damage, with a batch at an offset: it belongs to a
// generation that is not whole, or begins one.
func (s *Scanner) resume(offset int64) {
	s.err, s.offset, s.state, s.skip = nil, offset, scanType, 0
	s.lost, s.ended, s.class = true, false, 0
	s.batches, s.tables, s.genStart = 0, 0, offset
}

// Finish tells that the file has ended.
func (s *Scanner) Finish() {
	if s.err != nil || s.version < firstVersion {
		return
	}
	switch {
	case s.skip > 0 || s.state == scanFields || s.state == scanExperiment:
		s.fail(s.start, false, "the file ends in the middle of a batch that begins")
	case s.gen == 0:
	case s.version < endMarker && s.class == typeStrings: // written last of all: see mayEnd
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
		if s.err == nil && s.offset > s.limits.MaxGenerationBytes {
			s.exceed(s.limits.MaxGenerationBytes, fmt.Sprintf("a trace of Go 1.11–1.21 of more than %d bytes, which would be held in memory (--max-generation-size raises the limit),", s.limits.MaxGenerationBytes))
		}
		return n, s.err
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
		s.header(p[0])
		p = p[1:]
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
		if s.uvarint(b) {
			s.headerField()
		}
	default:
		s.data(b)
	}
}

func (s *Scanner) batchType(b byte) {
	s.start, s.field, s.value, s.shift = s.offset, 0, 0, 0
	s.experimental = b == typeExperimentalBatch
	switch {
	case b == typeEventBatch:
		s.state = scanFields
	case b == typeExperimentalBatch && s.version > firstVersion:
		s.state = scanExperiment
	case b == typeEndOfGeneration && s.version >= endMarker && s.gen != 0 && !s.ended:
		s.endGeneration(s.offset + 1)
		s.ended = true
	default:
		s.fail(s.offset, s.ended || s.mayEnd(), fmt.Sprintf("a batch was expected and not byte %d,", b))
	}
}

// uvarint takes a byte of a number and reports whether s.value is complete.
func (s *Scanner) uvarint(b byte) bool {
	if s.shift == 63 && b > 1 {
		s.fail(s.offset, false, "a number of more than 64 bits")
		return false
	}
	s.value |= uint64(b&0x7f) << s.shift
	s.shift += 7
	return b < 0x80
}

// headerField takes one of the numbers of a batch's header.
func (s *Scanner) headerField() {
	s.fields[s.field] = s.value
	s.field++
	s.value, s.shift = 0, 0
	if s.field == len(s.fields) {
		s.batch(s.fields[0], s.fields[2], s.fields[3])
	}
}

// data takes one of the first bytes of a batch's data: they tell what is in it,
// and the clock's frequency.
func (s *Scanner) data(b byte) {
	s.skip--
	state := s.state
	s.state = scanSkip
	switch {
	case state == scanClass && (b == typeStrings || b == typeStacks):
		s.class = b
		s.tables += s.skip
		if most := s.limits.MaxGenerationBytes / maxTablesShare; s.tables > most {
			s.exceed(s.start, fmt.Sprintf("more than %d bytes of strings and stacks in one generation (four times that for --max-generation-size raises the limit),", most))
		}
	case state == scanClass && b == typeSync:
		s.state = scanSync
	case b == typeFrequency && state != scanFrequency:
		s.state = scanFrequency
	case state == scanFrequency:
		if !s.uvarint(b) {
			s.state = scanFrequency
			break
		}
		s.clock()
	}
	if s.skip == 0 {
		s.state = scanType
	}
}

// clock takes the clock's frequency.
func (s *Scanner) clock() {
	if s.value < minFrequency || s.value > maxFrequency {
		s.refuse(fmt.Sprintf("a clock of %d ticks a second, which no machine has,", s.value))
		return
	}
	s.frequency = s.value
	s.checkTimes()
}

// checkTimes holds the batches' times to what a clock can show.
func (s *Scanner) checkTimes() {
	if s.frequency == 0 {
		return
	}
	if s.latest/s.frequency > maxClockSec || (s.latest-s.earliest)/s.frequency > maxSpanSec {
		s.refuse(fmt.Sprintf("times from %d to %d on a clock of %d ticks a second, which cannot be right,", s.earliest, s.latest, s.frequency))
	}
}

// plausible says whether a batch of this time may follow those before.
func (s *Scanner) plausible(time uint64) bool {
	if s.frequency == 0 {
		return true
	}
	return time >= s.earliest && (time-s.earliest)/s.frequency <= maxSpanSec
}

// batch takes a batch whose header is read.
func (s *Scanner) batch(gen, time, size uint64) {
	if size > maxBatchSize {
		s.fail(s.start, false, fmt.Sprintf("a batch of %d bytes, where %d is the most,", size, maxBatchSize))
		return
	}
	if !s.follow(gen) {
		return
	}
	if s.batches++; s.batches == 1 {
		s.openings[s.whole%len(s.openings)] = s.offset + 1 + int64(size)
	}
	bytes := s.offset + 1 + int64(size) - s.genStart
	switch {
	case s.batches > maxGenerationBatches:
		s.refuse(fmt.Sprintf("more than %d batches in one generation", maxGenerationBatches))
	case bytes > s.limits.MaxGenerationBytes:
		s.exceed(s.start, fmt.Sprintf("a generation of more than %d bytes, which would be held in memory (--max-generation-size raises the limit),", s.limits.MaxGenerationBytes))
	}
	s.earliest, s.latest = min(s.earliest, time), max(s.latest, time)
	s.checkTimes()
	s.skip, s.class = int64(size), 0
	switch {
	case size == 0:
		s.state = scanType
	case s.experimental:
		s.state = scanSkip
	default:
		s.state = scanClass
	}
}

// follow checks that a batch belongs to the present generation or opens the
// next one.
func (s *Scanner) follow(gen uint64) bool {
	opens := s.ended || s.version < endMarker && gen != s.gen
	switch {
	case gen == 0:
		s.fail(s.start, false, "a batch of generation 0, which the runtime never writes,")
	case s.gen == 0:
		s.gen, s.first = gen, gen
	case s.lost && s.batches == 0:
		s.gen = gen
	case !opens && gen != s.gen:
		s.fail(s.start, false, fmt.Sprintf("a batch of generation %d before the generation has ended", gen))
	case opens && gen != s.gen+1 && !(s.gaps && gen > s.gen):
		if !s.ended {
			s.endGeneration(s.start)
		}
		s.fail(s.start, false, fmt.Sprintf("generation %d where %d was to follow,", gen, s.gen+1))
	case opens:
		if !s.ended {
			s.endGeneration(s.start)
		}
		s.gen, s.ended, s.batches, s.tables, s.genStart = gen, false, 0, 0, s.start
	}
	return s.err == nil
}

func (s *Scanner) endGeneration(end int64) {
	s.class = 0
	if s.lost {
		s.lost = false
		return
	}
	s.whole++
	n := s.whole % len(s.ends)
	s.begins[n], s.ends[n], s.numbers[n] = s.genStart, end, s.gen
}

// mayEnd says whether the present generation of Go 1.22–1.25, which do not mark
// its end, may have ended where the present batch begins: the runtime writes
// what strings are left last of all (traceAdvance), and a batch of the same
// generation behind them would show that there is more.
func (s *Scanner) mayEnd() bool {
	more := s.field > 0 && s.fields[0] == s.gen
	return s.version < endMarker && s.class == typeStrings && !more
}

// exceed ends the scan at a limit that a flag raises.
func (s *Scanner) exceed(offset int64, problem string) {
	s.stop(FormatError{Offset: offset, Problem: problem, Limit: true})
}

// refuse ends the scan at the present batch for good.
func (s *Scanner) refuse(problem string) {
	s.stop(FormatError{Offset: s.start, Problem: problem, ends: true})
}

func (s *Scanner) fail(offset int64, trailing bool, problem string) {
	s.stop(FormatError{Offset: offset, Problem: problem, Trailing: trailing})
}

func (s *Scanner) stop(err FormatError) {
	if s.mayEnd() {
		s.endGeneration(s.start)
	}
	err.Generation = s.gen
	s.err = &err
}
