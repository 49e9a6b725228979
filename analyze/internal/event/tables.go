package event

import (
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
)

// StackID names an interned stack; 0 is "no stack".
type StackID uint32

// StringID names an interned string; 0 is "".
type StringID uint32

// FrameID names an interned frame.
type FrameID uint32

// Frame is one call of a stack.
type Frame struct {
	Func string
	File string
	Line int
}

// chunkSize × maxChunks bounds how many stacks, frames or strings one trace may
// bring: a service has thousands, a hostile file as many as fit.
const (
	chunkSize = 1 << 10
	maxChunks = 1 << 10
	// maxTableBytes bounds the text and frames kept for one trace.
	maxTableBytes = 256 << 20
)

// chunked is a list that grows without moving what it holds, so that one
// goroutine may append while another reads the elements it was told about.
type chunked[T any] struct {
	chunks [maxChunks]*[chunkSize]T
	n      int // appender's own; readers go by the IDs they received
}

func (c *chunked[T]) at(i uint32) *T { return &c.chunks[i/chunkSize][i%chunkSize] }

// add appends v, or reports false when the list is full.
func (c *chunked[T]) add(v T) (uint32, bool) {
	if c.n == chunkSize*maxChunks {
		return 0, false
	}
	i := c.n
	if i%chunkSize == 0 {
		c.chunks[i/chunkSize] = new([chunkSize]T)
	}
	c.chunks[i/chunkSize][i%chunkSize] = v
	c.n++
	return uint32(i), true
}

// Tables interns what events refer to, by content: equal stacks of different
// generations get one ID. Several goroutines may intern; any may read an ID that
// was handed to it through a channel. IDs are handed out as they are asked for,
// so that their order means nothing.
type Tables struct {
	mu      sync.Mutex // of interning
	strings chunked[string]
	frames  chunked[Frame]
	stacks  chunked[[]FrameID]
	reasons chunked[string]

	stringIDs map[string]StringID
	frameIDs  map[Frame]FrameID
	stackIDs  map[string]StackID
	reasonIDs map[string]ReasonID

	key      []byte
	bytes    int
	dropped  int
	messages int // of which so many are interned
	left     int // of those
}

// overflow stands in for every name that no longer fits.
const overflow = "(table full)"

// NewTables returns tables that know the empty string, the empty stack and the
// runtime's reasons.
func NewTables() *Tables {
	t := &Tables{
		stringIDs: make(map[string]StringID),
		frameIDs:  make(map[Frame]FrameID),
		stackIDs:  make(map[string]StackID),
		reasonIDs: make(map[string]ReasonID),
	}
	t.strings.add("")
	t.stringIDs[""] = 0
	t.stacks.add(nil)
	t.stackIDs[""] = 0
	t.frames.add(Frame{Func: overflow})
	for _, r := range knownReasons {
		id, _ := t.reasons.add(r)
		t.reasonIDs[r] = ReasonID(id)
	}
	return t
}

// Intern returns the ID of s.
func (t *Tables) Intern(s string) StringID {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.stringIDs[s]; ok {
		return id
	}
	if t.full(len(s)) {
		return 0
	}
	id, ok := t.strings.add(s)
	if !ok {
		t.dropped++
		return 0
	}
	t.stringIDs[s] = StringID(id)
	return StringID(id)
}

// KeepMessages lets InternMessage intern so many different messages. It is to be
// called before anything is interned.
func (t *Tables) KeepMessages(n int) { t.messages, t.left = n, n }

// KeepsMessages says whether any are asked for.
func (t *Tables) KeepsMessages() bool { return t.messages > 0 }

// InternMessage returns the ID of a log's message, 0 for those beyond what
// KeepMessages allows: other than names, messages mostly are all different.
func (t *Tables) InternMessage(s string) StringID {
	t.mu.Lock()
	id, known := t.stringIDs[s]
	if !known {
		t.left--
	}
	left := t.left
	t.mu.Unlock()
	if known || left < 0 {
		return id
	}
	return t.Intern(s)
}

// InternReason returns the ID of a runtime reason. A trace may bring reasons
// that this version does not know; past a thousand they count as unspecified.
func (t *Tables) InternReason(s string) ReasonID {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.reasonIDs[s]; ok {
		return id
	}
	if t.reasons.n >= 1000 || t.full(len(s)) {
		t.dropped++
		return ReasonUnspecified
	}
	id, _ := t.reasons.add(s)
	t.reasonIDs[s] = ReasonID(id)
	return ReasonID(id)
}

// InternStack returns the ID of a stack, leaf first.
func (t *Tables) InternStack(frames []Frame) StackID {
	ids := make([]FrameID, len(frames))
	for i, f := range frames {
		ids[i] = t.InternFrame(f)
	}
	return t.InternFrames(ids)
}

// InternFrame returns the ID of a frame.
func (t *Tables) InternFrame(f Frame) FrameID {
	t.mu.Lock()
	defer t.mu.Unlock()
	if id, ok := t.frameIDs[f]; ok {
		return id
	}
	if t.full(len(f.Func) + len(f.File)) {
		return 0
	}
	id, ok := t.frames.add(f)
	if !ok {
		t.dropped++
		return 0
	}
	t.frameIDs[f] = FrameID(id)
	return FrameID(id)
}

// InternFrames returns the ID of the stack that consists of frames, leaf first.
func (t *Tables) InternFrames(frames []FrameID) StackID {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.key = t.key[:0]
	for _, f := range frames {
		t.key = binary.LittleEndian.AppendUint32(t.key, uint32(f))
	}
	if id, ok := t.stackIDs[string(t.key)]; ok {
		return id
	}
	if t.full(8 * len(frames)) {
		return 0
	}
	id, ok := t.stacks.add(slices.Clone(frames))
	if !ok {
		t.dropped++
		return 0
	}
	t.stackIDs[string(t.key)] = StackID(id)
	return StackID(id)
}

// full accounts for n more bytes and reports whether they no longer fit.
func (t *Tables) full(n int) bool {
	const overhead = 64 // map entry and headers
	if t.bytes+n+overhead > maxTableBytes {
		t.dropped++
		return true
	}
	t.bytes += n + overhead
	return false
}

// Warnings tells of names and stacks that did not fit and were left out.
func (t *Tables) Warnings() []Warning {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dropped == 0 {
		return nil
	}
	return []Warning{{
		Code:    "names-dropped",
		Message: fmt.Sprintf("the trace has more distinct stacks and names than are kept; %d were left out", t.dropped),
	}}
}

// String returns the string of an ID.
func (t *Tables) String(id StringID) string { return *t.strings.at(uint32(id)) }

// Reason returns the runtime's text of a reason.
func (t *Tables) Reason(id ReasonID) string { return *t.reasons.at(uint32(id)) }

// Stack returns the frames of a stack, leaf first; nil for 0.
func (t *Tables) Stack(id StackID) []FrameID { return *t.stacks.at(uint32(id)) }

// Frame returns one frame.
func (t *Tables) Frame(id FrameID) Frame { return *t.frames.at(uint32(id)) }

// Frames returns the frames of a stack, leaf first.
func (t *Tables) Frames(id StackID) []Frame {
	ids := t.Stack(id)
	frames := make([]Frame, len(ids))
	for i, f := range ids {
		frames[i] = t.Frame(f)
	}
	return frames
}

// Root returns the outermost function of a stack: the goroutine's entry.
func (t *Tables) Root(id StackID) string {
	ids := t.Stack(id)
	if len(ids) == 0 {
		return ""
	}
	return t.Frame(ids[len(ids)-1]).Func
}

// Format renders a frame as function, file and line, for messages.
func (f Frame) Format() string { return fmt.Sprintf("%s %s:%d", f.Func, f.File, f.Line) }
