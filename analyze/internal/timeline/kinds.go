package timeline

import (
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// kindCache remembers what the table of kinds answers for a stack, since a
// trace has few stacks and many waits.
type kindCache struct {
	tables *event.Tables
	waits  []waitEntry // by stack
	stops  []waitEntry // by stack
	facts  []stackFacts
}

// waitEntry is the kind of a wait with a reason on a stack.
type waitEntry struct {
	reason event.ReasonID
	kind   waitkind.Kind
	known  bool
}

// stackFacts is what a stack says by itself.
type stackFacts struct {
	known       bool
	falseWaker  bool
	inferrable  bool
	inferred    waitkind.Kind
	wakes       waitkind.Kind
	wakesKnown  bool
	enteredKind waitkind.Kind
}

func newKindCache(tables *event.Tables) kindCache { return kindCache{tables: tables} }

// wait is the kind of a wait with a reason on a stack.
func (c *kindCache) wait(reason event.ReasonID, stack event.StackID) waitkind.Kind {
	return c.lookup(&c.waits, reason, stack, waitkind.Classify)
}

// stop is the kind of the wait for a processor after a stop.
func (c *kindCache) stop(reason event.ReasonID, stack event.StackID) waitkind.Kind {
	return c.lookup(&c.stops, reason, stack, waitkind.StopKind)
}

// lookup answers from the entry of the stack. A stack goes with one reason but
// for rare exceptions, which are worked out anew.
func (c *kindCache) lookup(list *[]waitEntry, reason event.ReasonID, stack event.StackID, classify func(string, []string) waitkind.Kind) waitkind.Kind {
	if int(stack) < len(*list) {
		if e := &(*list)[stack]; e.known && e.reason == reason {
			return e.kind
		}
	}
	for int(stack) >= len(*list) {
		*list = append(*list, waitEntry{})
	}
	e := waitEntry{reason, classify(c.tables.Reason(reason), c.funcs(stack)), true}
	(*list)[stack] = e
	return e.kind
}

// syscall is the kind of a system call of a length that was entered on a stack.
func (c *kindCache) syscall(stack event.StackID, ns int64) waitkind.Kind {
	return waitkind.SyscallKind(c.of(stack).enteredKind, ns)
}

// entered is the kind of a system call that blocks on a stack.
func (c *kindCache) entered(stack event.StackID) waitkind.Kind { return c.of(stack).enteredKind }

func (c *kindCache) falseWaker(stack event.StackID) bool {
	return stack != 0 && c.of(stack).falseWaker
}

func (c *kindCache) inferred(stack event.StackID) (waitkind.Kind, bool) {
	f := c.of(stack)
	return f.inferred, f.inferrable
}

func (c *kindCache) inferredFromWaker(stack event.StackID) (waitkind.Kind, bool) {
	f := c.of(stack)
	return f.wakes, f.wakesKnown
}

func (c *kindCache) of(stack event.StackID) *stackFacts {
	if int(stack) < len(c.facts) && c.facts[stack].known {
		return &c.facts[stack]
	}
	return c.examine(stack)
}

func (c *kindCache) examine(stack event.StackID) *stackFacts {
	for int(stack) >= len(c.facts) {
		c.facts = append(c.facts, stackFacts{})
	}
	funcs := c.funcs(stack)
	f := &c.facts[stack]
	f.known = true
	f.falseWaker = waitkind.FalseWaker(funcs)
	f.inferred, f.inferrable = waitkind.Infer(funcs)
	f.wakes, f.wakesKnown = waitkind.InferFromWaker(funcs)
	f.enteredKind = waitkind.EnteredSyscall(funcs)
	return f
}

func (c *kindCache) funcs(stack event.StackID) []string {
	ids := c.tables.Stack(stack)
	funcs := make([]string, len(ids))
	for i, id := range ids {
		funcs[i] = c.tables.Frame(id).Func
	}
	return funcs
}
