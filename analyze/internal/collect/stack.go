package collect

import (
	"cmp"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
)

// stackFacts remembers what collectors ask of a stack while records flow.
type stackFacts struct {
	tables   *event.Tables
	known    []stackFact // by stack
	handlers []string    // by number; 0 is "": no frame outside the library
	numbers  map[string]int32
	queues   map[lineOf]*queue
	rules    siteRules
}

type stackFact struct {
	known   bool
	library bool  // the goroutine's entry is library code
	handler int32 // first function outside the library, from the entry
	// As a waker's stack: it cancels a context, it receives from a channel.
	cancels  bool
	receives bool
	// As the stack of a wait: it is one of the known places of rest.
	demand bool
	// As the stack of a system call: it writes, as whoever asks another process
	// for something does.
	writes bool
	// As the stack of a wait: it reads a client's connection for others.
	reads bool
	// As the stack on which a goroutine gives way: it hands a lock over.
	handsOver bool
	// As such a stack: it called runtime.Gosched, and not the runtime for it.
	yields bool
	// As a waker's stack: it may wake many at once, by a Broadcast or by closing a channel
	// (of which no frame tells), rather than one by a send, a receive or a Signal.
	wakesAll bool
	// As the stack of a wait: which site rules may be about it, a number in siteRules.
	rules int32
}

func newStackFacts(o Options, tables *event.Tables) stackFacts {
	return stackFacts{tables: tables, rules: newSiteRules(o.Sites), handlers: []string{""}, numbers: map[string]int32{"": 0}, queues: make(map[lineOf]*queue)}
}

func (s *stackFacts) of(stack event.StackID) *stackFact {
	if int(stack) < len(s.known) && s.known[stack].known {
		return &s.known[stack]
	}
	return s.examine(stack)
}

func (s *stackFacts) examine(stack event.StackID) *stackFact {
	for int(stack) >= len(s.known) {
		s.known = append(s.known, stackFact{})
	}
	fact := &s.known[stack]
	fact.known = true
	ids := s.tables.Stack(stack)
	for i := len(ids) - 1; i >= 0; i-- {
		fn := s.tables.Frame(ids[i]).Func
		if i == len(ids)-1 {
			fact.library = code.IsLibrary(fn)
		}
		if fact.handler == 0 && !code.IsLibrary(fn) {
			fact.handler = s.handler(fn)
		}
		if strings.HasPrefix(fn, "context.(*cancelCtx).cancel") {
			fact.cancels = true
		}
		if i == 0 && strings.HasPrefix(fn, "runtime.chanrecv") {
			fact.receives = true
		}
		fact.writes = fact.writes || writes[fn]
	}
	funcs := funcsOf(s.tables, stack)
	fact.handsOver = len(funcs) > 1 && funcs[0] == "runtime.goyield" && funcs[1] == "runtime.semrelease1"
	fact.yields = !fact.handsOver && yieldsItself(funcs)
	fact.wakesAll = mayWakeAll(funcs)
	fact.reads = readsForOthers(funcs)
	fact.rules = s.rules.of(funcs)
	for _, site := range knownSites {
		fact.demand = fact.demand || onStack(funcs, site)
	}
	return fact
}

// yieldsItself says whether a program's goroutine gives its processor up by itself: the
// runtime does so in a collection, too, thousands of times (methods.md 0.2.9).
func yieldsItself(funcs []string) bool {
	for _, fn := range funcs {
		if fn != "runtime.Gosched" {
			return !strings.HasPrefix(fn, "runtime.") && !strings.HasPrefix(fn, "runtime/")
		}
	}
	return false
}

// mayWakeAll says whether what goes on on a stack ends the waits of all that wait for it.
func mayWakeAll(funcs []string) bool {
	return len(funcs) > 0 && !strings.HasPrefix(funcs[0], "runtime.") && !slices.Contains(funcs[:min(len(funcs), 3)], "sync.(*Cond).Signal")
}

// writes are the functions through which a program writes to sockets and pipes.
var writes = map[string]bool{
	"internal/poll.(*FD).Write": true, "internal/poll.(*FD).WriteTo": true, "internal/poll.(*FD).WriteToInet4": true, "internal/poll.(*FD).WriteToInet6": true,
	"internal/poll.(*FD).WriteMsg": true, "internal/poll.(*FD).WriteMsgInet4": true, "internal/poll.(*FD).WriteMsgInet6": true,
	"internal/poll.(*FD).Writev": true, "syscall.write": true, "syscall.Write": true, "internal/poll.(*FD).Connect": true, "net.(*netFD).connect": true,
}

func (s *stackFacts) handler(fn string) int32 {
	n, ok := s.numbers[fn]
	if !ok {
		n = int32(len(s.handlers))
		s.handlers = append(s.handlers, fn)
		s.numbers[fn] = n
	}
	return n
}

// inside is a group's time under one function outside the library.
type inside struct {
	handler int32
	*tally
}

func (g *groupAccount) insideOf(handler int32) *tally {
	for i, in := range g.inside {
		if in.handler == handler {
			if i > 0 {
				g.inside[i], g.inside[i-1] = g.inside[i-1], in
			}
			return in.tally
		}
	}
	t := new(tally)
	g.inside = append(g.inside, inside{handler, t})
	return t
}

// compareStacks orders stacks by what they say, leaf first. The order of their
// IDs means nothing: two decoders number the same stacks differently.
func compareStacks(tables *event.Tables, x, y event.StackID) int {
	if x == y {
		return 0
	}
	return slices.CompareFunc(tables.Stack(x), tables.Stack(y), func(a, b event.FrameID) int {
		f, g := tables.Frame(a), tables.Frame(b)
		return cmp.Or(cmp.Compare(f.Func, g.Func), cmp.Compare(f.File, g.File), cmp.Compare(f.Line, g.Line))
	})
}

// frames are the frames of a stack as they go into the result.
func frames(tables *event.Tables, stack event.StackID) []result.Frame {
	ids := tables.Stack(stack)
	out := make([]result.Frame, len(ids))
	for i, id := range ids {
		f := tables.Frame(id)
		out[i] = result.Frame{Func: f.Func, File: f.File, Line: f.Line}
	}
	return out
}

// createdBy names the go statement at the top of a creation stack; where that
// is library code, also the program's call that led there.
func createdBy(tables *event.Tables, stack event.StackID) string {
	ids := tables.Stack(stack)
	if len(ids) == 0 {
		return ""
	}
	top := tables.Frame(ids[0])
	name := frameName(top)
	if !code.IsLibrary(top.Func) {
		return name
	}
	for _, id := range ids[1:] {
		if f := tables.Frame(id); !code.IsLibrary(f.Func) {
			return name + " < " + frameName(f)
		}
	}
	return name
}
