// Package texttrace turns the Go toolchain's text traces, which its own trace
// reader is tested with, into the binary format. Only tests use it.
//
// Such a file, internal/trace/testdata/tests/*.test below GOROOT/src, has two
// sections. The first says whether a reader must accept the trace:
//
//	-- expect --
//	FAILURE "a regular expression for the error"
//
// or SUCCESS. The second has a header, then a line for each event, with each
// argument by its name. Below a Stack is an indented line for each frame, and
// below a String or an ExperimentalBatch one for its data, in Go's quotes:
//
//	-- trace --
//	Trace Go1.22
//	EventBatch gen=1 m=0 time=0 size=5
//	Frequency freq=15625000
//
// Numbers are written in as few bytes as they take, unlike those of the runtime,
// which pads some of them.
package texttrace

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
)

// An Expectation is what a reader must make of a trace.
type Expectation struct {
	Success bool
	Error   *regexp.Regexp // what the error must match; nil on success
}

// Check says what is wrong with a reader's result, if anything.
func (e Expectation) Check(err error) error {
	switch {
	case e.Success && err != nil:
		return fmt.Errorf("a sound trace was refused: %w", err)
	case !e.Success && err == nil:
		return fmt.Errorf("a bad trace was accepted: want an error like %q", e.Error)
	case !e.Success && !e.Error.MatchString(err.Error()):
		return fmt.Errorf("got the error %q, want one like %q", err, e.Error)
	}
	return nil
}

// Parse converts a file of the toolchain's tests, and says what a reader must
// make of the trace. The trace itself is not validated: a batch's size, for
// one, is written as it stands.
func Parse(r io.Reader) (trace []byte, want Expectation, err error) {
	trace, want, _, err = parse(r)
	return trace, want, err
}

func parse(r io.Reader) (trace []byte, want Expectation, batches []batch, err error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, Expectation{}, nil, fmt.Errorf("text trace: %w", err)
	}
	head, body, found := strings.Cut(string(text), "\n-- trace --\n")
	head, isExpect := strings.CutPrefix(head, "-- expect --\n")
	if !found || !isExpect {
		return nil, Expectation{}, nil, errors.New("text trace: want a section 'expect' and then one 'trace'")
	}
	if want, err = parseExpectation(head); err != nil {
		return nil, Expectation{}, nil, fmt.Errorf("text trace: %w", err)
	}
	before := strings.Count(string(text[:len(text)-len(body)]), "\n")
	c := converter{lines: strings.Split(body, "\n")}
	if err := c.convert(); err != nil {
		return nil, Expectation{}, nil, fmt.Errorf("text trace: line %d: %w", before+c.read, err)
	}
	return c.out, want, c.batches, nil
}

func parseExpectation(s string) (Expectation, error) {
	s = strings.TrimSpace(s)
	if s == "SUCCESS" {
		return Expectation{Success: true}, nil
	}
	quoted, ok := strings.CutPrefix(s, "FAILURE ")
	if !ok {
		return Expectation{}, fmt.Errorf("expectation %q is neither SUCCESS nor FAILURE", s)
	}
	pattern, err := strconv.Unquote(quoted)
	if err != nil {
		return Expectation{}, fmt.Errorf("expectation %s: %w", quoted, err)
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return Expectation{}, fmt.Errorf("expectation: %w", err)
	}
	return Expectation{Error: re}, nil
}

// A batch is where the events of a batch lie in the trace.
type batch struct {
	declared   uint64 // the size that the text gives
	start, end int
}

// A converter writes one trace, line by line.
type converter struct {
	lines   []string
	read    int // lines taken from lines
	version int
	out     []byte
	batches []batch
}

// convert is at the line of the error when it returns one.
func (c *converter) convert() error {
	if err := c.header(); err != nil {
		return err
	}
	for {
		fields := c.next()
		if fields == nil {
			c.endBatch()
			return nil
		}
		if err := c.event(fields[0], fields[1:]); err != nil {
			return fmt.Errorf("%s: %w", fields[0], err)
		}
	}
}

func (c *converter) header() error {
	fields := c.next()
	if len(fields) != 2 || fields[0] != "Trace" || !strings.HasPrefix(fields[1], "Go1.") {
		return fmt.Errorf("%q is no header: want Trace Go1.N", fields)
	}
	version, err := strconv.Atoi(fields[1][len("Go1."):])
	if err != nil {
		return fmt.Errorf("header: %w", err)
	}
	if lastOf[version] == 0 {
		return fmt.Errorf("header: there is no format of Go 1.%d", version)
	}
	c.version = version
	c.out = fmt.Appendf(nil, "go 1.%d trace\x00\x00\x00", version)
	return nil
}

func (c *converter) event(name string, args []string) error {
	number, spec := c.lookUp(name)
	if number < 0 {
		return fmt.Errorf("no such event in Go 1.%d", c.version)
	}
	if name == "EventBatch" || name == "ExperimentalBatch" {
		c.endBatch()
	}
	c.out = append(c.out, byte(number))
	values, err := c.args(spec, args)
	if err != nil {
		return err
	}
	switch name {
	case "EventBatch":
		c.batches = append(c.batches, batch{declared: values[len(values)-1], start: len(c.out)})
	case "Stack":
		return c.frames(values[len(values)-1])
	case "String", "ExperimentalBatch":
		return c.data()
	}
	return nil
}

// lookUp returns the number of an event and the names of its arguments, or -1.
func (c *converter) lookUp(name string) (number int, args []string) {
	for number, spec := range events {
		fields := strings.Fields(spec)
		if len(fields) > 0 && fields[0] == name && has(c.version, number) {
			return number, fields[1:]
		}
	}
	return -1, nil
}

// args writes the values of arguments, which must have these names.
func (c *converter) args(names, args []string) ([]uint64, error) {
	if len(args) != len(names) {
		return nil, fmt.Errorf("arguments %q, want %q", args, names)
	}
	var values []uint64
	for i, arg := range args {
		name, value, _ := strings.Cut(arg, "=")
		if name != names[i] {
			return nil, fmt.Errorf("argument %q, want %s=", arg, names[i])
		}
		v, err := strconv.ParseUint(value, 10, 64)
		if err != nil {
			return nil, fmt.Errorf("argument %s: %w", name, err)
		}
		values = append(values, v)
		c.out = binary.AppendUvarint(c.out, v)
	}
	return values, nil
}

func (c *converter) frames(n uint64) error {
	for i := range n {
		if _, err := c.args(strings.Fields(frameArgs), c.next()); err != nil {
			return fmt.Errorf("frame %d of %d: %w", i+1, n, err)
		}
	}
	return nil
}

// data writes the length and the bytes of the next line's data, in which a #
// begins no comment.
func (c *converter) data() error {
	if c.read == len(c.lines) {
		return errors.New("the text ends before the data")
	}
	line := strings.TrimSpace(c.lines[c.read])
	c.read++
	quoted, ok := strings.CutPrefix(line, "data=")
	if !ok {
		return fmt.Errorf("%q is no data", line)
	}
	data, err := strconv.Unquote(quoted)
	if err != nil {
		return fmt.Errorf("data %s: %w", quoted, err)
	}
	c.out = binary.AppendUvarint(c.out, uint64(len(data)))
	c.out = append(c.out, data...)
	return nil
}

// next returns the words of the next line that has any before a comment, or nil
// at the end.
func (c *converter) next() []string {
	for c.read < len(c.lines) {
		line, _, _ := strings.Cut(c.lines[c.read], "#")
		c.read++
		if fields := strings.Fields(line); len(fields) > 0 {
			return fields
		}
	}
	return nil
}

// endBatch notes where the latest batch ends, unless it has ended before.
func (c *converter) endBatch() {
	if last := len(c.batches) - 1; last >= 0 && c.batches[last].end == 0 {
		c.batches[last].end = len(c.out)
	}
}
