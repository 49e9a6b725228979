package settings

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// key is the way to a value: tables, elements of lists by number, and its name.
type key []string

// within is the key of something inside.
func (k key) within(name string) key { return append(slices.Clone(k), name) }

// text is a key as a map takes it.
func (k key) text() string { return strings.Join(k, "\x00") }

// problem is something in the file that cannot be meant.
type problem struct {
	line int
	text string
}

// maxProblems is how many problems an error lists.
const maxProblems = 10

// problem notes what is wrong at a key.
func (f *file) problem(at key, format string, args ...any) {
	if f.lines == nil {
		f.lines = lines(f.data)
	}
	p := problem{text: fmt.Sprintf(format, args...)}
	for ; len(at) > 0 && p.line == 0; at = at[:len(at)-1] {
		p.line = f.lines[at.text()] // 0 for what is inside a value: then the value's
	}
	f.problems = append(f.problems, p)
}

// err lists the problems in the order of the file, nil if there are none.
func (f *file) err() error {
	if len(f.problems) == 0 {
		return nil
	}
	slices.SortFunc(f.problems, func(x, y problem) int {
		return cmp.Or(cmp.Compare(x.line, y.line), cmp.Compare(x.text, y.text))
	})
	var out []string
	for _, p := range f.problems[:min(len(f.problems), maxProblems)] {
		out = append(out, fmt.Sprintf("%s:%d: %s", f.name, max(p.line, 1), p.text))
	}
	if left := len(f.problems) - len(out); left > 0 {
		out = append(out, fmt.Sprintf("%s: and %d more like these", f.name, left))
	}
	return errors.New(strings.Join(out, "\n"))
}

// lines finds the line at which each key of a TOML document comes first. The
// library's values do not tell it; its parser does, which is only asked once
// something is wrong.
func lines(data []byte) map[string]int {
	out := map[string]int{}
	elements := map[string]int{} // of lists of tables
	var table key
	line, upTo := 1, 0
	var p unstable.Parser
	p.Reset(data)
	for p.NextExpression() {
		e := p.Expression()
		own, offset := keyOf(e)
		if offset > upTo {
			line, upTo = line+bytes.Count(data[upTo:offset], []byte("\n")), offset
		}
		at := own
		switch e.Kind {
		case unstable.Table:
			table = own
		case unstable.ArrayTable:
			n := elements[own.text()]
			elements[own.text()] = n + 1
			at = own.within(strconv.Itoa(n))
			table = at
		default:
			at = append(slices.Clone(table), own...)
		}
		for n := range at {
			if prefix := at[:n+1].text(); out[prefix] == 0 {
				out[prefix] = line
			}
		}
	}
	return out
}

// maxDepth is how many parts of a key are looked at. Nothing is set below the third:
// a site rule's name is the number of the rule and what is in it.
const maxDepth = 4

// keyOf is the key of an expression, as far as it matters, and where it stands.
func keyOf(e *unstable.Node) (out key, offset int) {
	if e.Kind != unstable.Table && e.Kind != unstable.ArrayTable && e.Kind != unstable.KeyValue {
		return nil, 0
	}
	for it := e.Key(); len(out) < maxDepth && it.Next(); {
		if out == nil {
			offset = int(it.Node().Raw.Offset)
		}
		out = append(out, string(it.Node().Data))
	}
	return out, offset
}

// withoutPrefix is an error of the library without its name.
func withoutPrefix(err error) string { return strings.TrimPrefix(err.Error(), "toml: ") }
