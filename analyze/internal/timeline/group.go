package timeline

import (
	"strings"

	"github.com/conctrace/conctrace/analyze/internal/event"
)

// Group is the goroutines with one entry function and one creation stack.
type Group struct {
	Entry string
	// Creation is the stack of the go statement; 0 where it lies before the
	// trace.
	Creation event.StackID
	// Created says that the creation is in the trace, even if without a stack.
	Created bool
	// System goroutines are the runtime's and the tracer's own.
	System bool

	name event.StringID // Entry, once it was asked for
}

// What groups are called that have no entry function of their own.
const (
	Unidentified = "(no stack in the trace)"
	OtherGroups  = "(other groups)"
)

// maxGroups bounds the groups of one trace; what comes later falls into one
// group more, called OtherGroups.
const maxGroups = 10_000

type groupKey struct {
	entry    string
	creation event.StackID
	created  bool
}

// groupTable hands out group numbers.
type groupTable struct {
	groups []Group
	ids    map[groupKey]int32
	// born caches the group of a creation by its two stacks, since a go
	// statement that runs often always gives the same.
	born map[[2]event.StackID]int32
}

func newGroupTable() groupTable {
	return groupTable{ids: make(map[groupKey]int32), born: make(map[[2]event.StackID]int32)}
}

// id returns the number of a group.
func (t *groupTable) id(entry string, creation event.StackID, created bool) int32 {
	if entry == "" {
		entry = Unidentified
	}
	key := groupKey{entry, creation, created}
	if id, ok := t.ids[key]; ok {
		return id
	}
	if len(t.groups) >= maxGroups && entry != OtherGroups {
		return t.id(OtherGroups, 0, false)
	}
	id := int32(len(t.groups))
	t.groups = append(t.groups, Group{Entry: entry, Creation: creation, Created: created, System: IsSystem(entry)})
	t.ids[key] = id
	return id
}

// name is a group's entry function as records carry it.
func (t *groupTable) name(tables *event.Tables, group int32) event.StringID {
	g := &t.groups[group]
	if g.name == 0 {
		g.name = tables.Intern(g.Entry)
	}
	return g.name
}

// created returns the group of a goroutine whose creation was seen.
func (t *groupTable) created(tables *event.Tables, entry, creation event.StackID) int32 {
	key := [2]event.StackID{entry, creation}
	if id, ok := t.born[key]; ok {
		return id
	}
	id := t.id(entryOf(tables, entry), creation, true)
	t.born[key] = id
	return id
}

// entryOf names a goroutine by the outermost frame of one of its stacks. The
// main goroutine is runtime.main only in status stacks; a goroutine that C code
// called into is named by the Go function that it called.
//
// A stack of as many frames as the tracer takes is cut off before the entry and
// names nobody.
func entryOf(tables *event.Tables, stack event.StackID) string {
	ids := tables.Stack(stack)
	if len(ids) >= maxTracedFrames {
		return ""
	}
	for i := len(ids) - 1; i >= 0; i-- {
		fn := tables.Frame(ids[i]).Func
		if i > 0 && (fn == "runtime.main" || fn == "runtime.goexit" || strings.HasPrefix(fn, "runtime.cgocallback") || strings.HasPrefix(fn, "_cgoexp_")) {
			continue
		}
		return fn
	}
	return ""
}

// maxTracedFrames is the runtime's traceStackSize.
const maxTracedFrames = 128

// IsSystem says whether a goroutine with this entry function belongs to the
// runtime or to the tracer. It follows runtime.isSystemGoroutine, with three
// corrections: iter.Pull's coroutines and callbacks from C run user code, and
// the readers of traces and profiles do not.
func IsSystem(entry string) bool {
	switch entry {
	case "runtime.main", "runtime.corostart", OtherGroups:
		return false
	case "", Unidentified, "runtime/pprof.profileWriter":
		return true
	}
	return strings.HasPrefix(entry, "runtime.") || strings.HasPrefix(entry, "runtime/trace.")
}

// LateGroups are the groups of goroutines that were born without one (OpIdentified), by
// goroutine: one for each birth, as in a damaged trace there may be several. The births
// of different goroutines have no order that another reading of a trace of Go 1.11–1.21
// would repeat.
type LateGroups map[int64][]int32

func (l LateGroups) born(g int64) { l[g] = append(l[g], NoGroup) }

func (l LateGroups) known(g int64, group int32) { l[g][len(l[g])-1] = group }
