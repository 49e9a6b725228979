package export

import (
	"bufio"
	"io"
	"math"

	"google.golang.org/protobuf/encoding/protowire"
)

// The fields of Perfetto's messages that are written, by message (perfetto_trace.proto;
// those that the tests check against are in testdata).
const (
	tracePacket protowire.Number = 1

	packetClockSnapshot   protowire.Number = 6
	packetTimestamp       protowire.Number = 8
	packetSequenceID      protowire.Number = 10
	packetTrackEvent      protowire.Number = 11
	packetInternedData    protowire.Number = 12
	packetSequenceFlags   protowire.Number = 13
	packetTrackDescriptor protowire.Number = 60

	snapshotClocks protowire.Number = 1
	clockID        protowire.Number = 1
	clockTimestamp protowire.Number = 2

	internedCategories  protowire.Number = 1
	internedEventNames  protowire.Number = 2
	internedAnnotations protowire.Number = 3
	internedStrings     protowire.Number = 29
	internedIID         protowire.Number = 1
	internedText        protowire.Number = 2

	trackUUID       protowire.Number = 1
	trackName       protowire.Number = 2
	trackProcess    protowire.Number = 3
	trackParentUUID protowire.Number = 5
	trackCounter    protowire.Number = 8
	trackOrdering   protowire.Number = 11
	trackRank       protowire.Number = 12
	trackMerge      protowire.Number = 15
	processPID      protowire.Number = 1
	processName     protowire.Number = 6
	counterUnit     protowire.Number = 3

	eventCategoryIIDs  protowire.Number = 3
	eventAnnotations   protowire.Number = 4
	eventType          protowire.Number = 9
	eventNameIID       protowire.Number = 10
	eventTrackUUID     protowire.Number = 11
	eventName          protowire.Number = 23
	eventCounterValue  protowire.Number = 30
	eventDoubleValue   protowire.Number = 44
	eventFlowIDs       protowire.Number = 47
	eventEndingFlowIDs protowire.Number = 48

	annotationNameIID   protowire.Number = 1
	annotationInt       protowire.Number = 4
	annotationStringIID protowire.Number = 17
)

// The values of Perfetto's enumerations that are written.
const (
	sliceBegin = 1
	sliceEnd   = 2
	instant    = 3
	counter    = 4

	sequenceCleared  = 1
	needsIncremental = 2

	explicitOrder = 3
	neverMerge    = 2

	unitCount = 2
	unitBytes = 3

	clockRealtime = 1
	clockBoottime = 6
)

// message is an encoded message that grows.
type message []byte

func (m *message) number(field protowire.Number, v uint64) {
	*m = protowire.AppendVarint(protowire.AppendTag(*m, field, protowire.VarintType), v)
}

func (m *message) fixed(field protowire.Number, v uint64) {
	*m = protowire.AppendFixed64(protowire.AppendTag(*m, field, protowire.Fixed64Type), v)
}

func (m *message) double(field protowire.Number, v float64) { m.fixed(field, math.Float64bits(v)) }

func (m *message) text(field protowire.Number, s string) {
	*m = protowire.AppendString(protowire.AppendTag(*m, field, protowire.BytesType), s)
}

func (m *message) message(field protowire.Number, sub message) {
	*m = protowire.AppendBytes(protowire.AppendTag(*m, field, protowire.BytesType), sub)
}

// packets writes packets of one sequence; the first error stays.
type packets struct {
	w       *bufio.Writer
	err     error
	scratch message
}

func newPackets(w io.Writer) *packets { return &packets{w: bufio.NewWriterSize(w, 1<<16)} }

func (p *packets) put(packet message) {
	p.scratch = p.scratch[:0]
	p.scratch.message(tracePacket, packet)
	if _, err := p.w.Write(p.scratch); err != nil && p.err == nil {
		p.err = err
	}
}

func (p *packets) flush() error {
	if err := p.w.Flush(); err != nil && p.err == nil {
		p.err = err
	}
	return p.err
}

// interned numbers texts of one kind: each is written once, before its number is used.
type interned struct {
	field protowire.Number // of InternedData
	ids   map[string]uint64
}

func newInterned(field protowire.Number) interned { return interned{field, map[string]uint64{}} }

// id is a text's number; if it is new, it goes into data.
func (i *interned) id(text string, data *message) uint64 {
	id, ok := i.ids[text]
	if !ok {
		id = uint64(len(i.ids) + 1)
		i.ids[text] = id
		var entry message
		entry.number(internedIID, id)
		entry.text(internedText, text)
		data.message(i.field, entry)
	}
	return id
}
