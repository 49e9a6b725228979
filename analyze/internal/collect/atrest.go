package collect

import (
	"strings"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// A wait is at rest when it is idle by design: nothing waits for it to end, and
// nobody would gain if it ended earlier. The rules decide by the waits of a
// group at one place (a cell), because most of what they go by is known only at
// the end of the trace. They follow methods.md A.3; where they are stricter, the
// rule says why.

// atRestRule is one rule, by the name that the result gives.
type atRestRule struct {
	name string
	// guess marks rules that go by the shape of the waiting alone.
	guess bool
	// applies decides for the waits of a group at one place; funcs is their
	// stack, leaf first.
	applies func(w restCase) bool
}

// restCase is what a rule may look at.
type restCase struct {
	cell  *cell
	group *groupAccount
	funcs []string
	life  int64 // the group's time in all, ns
	// duration is the length of the scope, ns.
	duration int64
	opts     *Options
	entry    string
}

// atRestRules are tried in order; the first that applies names the wait.
var atRestRules = []atRestRule{
	{"asked", false, asked},
	{"known-site", false, knownSite},
	{"whole-trace", true, wholeTrace},
	{"idle-connection", false, idleConnection},
	{"ticker", true, ticker},
	{"context-watch", true, contextWatch},
	{"parked-workers", true, parkedWorkers},
}

// atRest names the rule by which waits are at rest, or "".
func atRest(w restCase) string {
	if !w.cell.key.kind.Class().Waiting() {
		return ""
	}
	for _, rule := range atRestRules {
		if rule.guess && w.cell.spanNs > 0 {
			continue // inside a task or region of the program: work, however long
		}
		if rule.applies(w) {
			return rule.name
		}
	}
	return ""
}

// asked: the user said so (--at-rest).
func asked(w restCase) bool {
	if w.opts.AtRest == nil {
		return false
	}
	if w.opts.AtRest.MatchString(w.entry) {
		return true
	}
	for _, fn := range w.funcs {
		if w.opts.AtRest.MatchString(fn) {
			return true
		}
	}
	return false
}

// wholeTrace: from the trace's start to its end without an event. A lock or a
// Once is left out: nobody waits for one by design, so it is rather stuck.
//
// A program that is traced from its start creates such goroutines within the
// trace. For them nine tenths of it, up to its end, are enough, if nobody was
// ever seen to leave that place and the goroutine waits there in its own loop.
func wholeTrace(w restCase) bool {
	c := w.cell
	switch c.key.kind {
	case waitkind.Mutex, waitkind.RWMutexRead, waitkind.RWMutexWrite, waitkind.Once:
		return false
	}
	if c.key.whole {
		return true
	}
	switch c.key.kind {
	case waitkind.ChanReceive, waitkind.Select, waitkind.Cond, waitkind.Forever:
		return c.closed == 0 && c.ns*10 >= c.waits.n*w.duration*9 && inOwnLoop(w.funcs)
	}
	return false
}

// knownSites are places of the standard library and of gRPC at which a
// goroutine waits for somebody to want something. The frames of an entry follow
// each other on the stack, leaf first.
var knownSites = [][]string{
	{"net.(*netFD).accept"},
	{"internal/poll.(*FD).Accept"},
	{"net/http.(*connReader).backgroundRead"},
	{"bufio.(*Reader).Peek", "net/http.(*conn).serve"}, // a kept-alive connection between requests
	{"net/http.(*persistConn).writeLoop"},
	{"net/http.(*http2serverConn).readFrames"},
	{"net/http.(*http2serverConn).serve"},
	{"os/signal.loop"},
	{"os/signal.signal_recv"},
	{"database/sql.(*DB).connectionOpener"},
	{"database/sql.(*DB).connectionCleaner"},
	{"context.(*cancelCtx).propagateCancel.func*"},
	{"context.propagateCancel.func*"},
	{"google.golang.org/grpc/internal/transport.(*controlBuffer).get"},
	{"google.golang.org/grpc/internal/transport.(*http2Server).keepalive"},
	{"google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run"},
}

// knownSite: a wait for demand, by its name. methods.md asks that such a
// goroutine runs for less than 0.1 % of its life; an accept loop that is busy
// still waits for nothing but the next connection. What holds a goroutine up
// there without being that wait is no rest: the runtime's work, or a system
// call that returned late. Only the signal handler waits in a system call.
func knownSite(w restCase) bool {
	switch w.cell.key.kind.Class() {
	case waitkind.Runtime:
		return false
	case waitkind.BlockedIO:
		if w.cell.key.kind != waitkind.Network && !onStack(w.funcs, []string{"os/signal.loop"}) {
			return false
		}
	}
	for _, site := range knownSites {
		if onStack(w.funcs, site) {
			return true
		}
	}
	return false
}

// onStack says whether the frames of a site follow each other on a stack.
func onStack(funcs, site []string) bool {
	for i := range funcs {
		if i+len(site) > len(funcs) {
			return false
		}
		all := true
		for j, pattern := range site {
			prefix, isPrefix := strings.CutSuffix(pattern, "*")
			all = all && (funcs[i+j] == pattern || isPrefix && strings.HasPrefix(funcs[i+j], prefix))
		}
		if all {
			return true
		}
	}
	return false
}

// clientReaders are the goroutines that read a client's connections: at rest
// while no answer is due, which only shows in nobody waiting for them.
var clientReaders = [][]string{
	{"net/http.(*persistConn).readLoop"},
	{"net/http.(*http2ClientConn).readLoop"},
	{"golang.org/x/net/http2.(*ClientConn).readLoop"},
	{"google.golang.org/grpc/internal/transport.(*http2Client).reader"},
}

// idleConnection: a client's connection over which no answer came in the whole
// trace.
func idleConnection(w restCase) bool {
	if w.cell.key.kind != waitkind.Network || w.group.wokeUsers > 0 {
		return false
	}
	for _, site := range clientReaders {
		if onStack(w.funcs, site) {
			return true
		}
	}
	return false
}

// ticker: a loop over a timer's channel in goroutines that nobody waits for.
func ticker(w restCase) bool {
	return w.cell.key.kind == waitkind.TimerChannel &&
		w.group.wokeUsers == 0 &&
		w.cell.waits.n >= 2*max(1, w.cell.members)
}

// contextWatch: the only thing that ever ended the waits is a context's
// cancelling, and the goroutines do nothing else.
func contextWatch(w restCase) bool {
	c := w.cell
	return (c.key.kind == waitkind.Select || c.key.kind == waitkind.ChanReceive) &&
		c.endedByG > 0 && c.cancelled == c.endedByG &&
		w.group.running()*1000 < w.life &&
		c.ns*10 >= w.group.waiting()*9
}

// parkedWorkers: several goroutines of one group that wait at one place for
// work, and there is none.
//
// Beyond methods.md it asks for the shape of a pool, since a request that waits
// for its answer, or for its turn at a channel that serves as a semaphore, looks
// the same in a trace: the goroutine comes back to the wait, or is never seen to
// leave it; the wait is in its own loop and not deep inside a handler; whoever
// ends it sends and does not receive, and was not set to work by the waiter.
func parkedWorkers(w restCase) bool {
	c := w.cell
	switch c.key.kind {
	case waitkind.ChanReceive, waitkind.Select, waitkind.Cond:
	default:
		return false
	}
	return c.members >= 2 &&
		(c.closed == 0 || c.closed >= 2*c.members) &&
		inOwnLoop(w.funcs) &&
		c.toReceivers*10 <= c.endedByG &&
		c.responses*10 <= c.endedByG &&
		c.servedSenders*10 <= c.waits.n &&
		c.starvedNs*10 <= c.ns
}

// inOwnLoop says whether a goroutine blocks in its entry function or in what
// that calls directly; frames of the runtime and of sync do not count.
func inOwnLoop(funcs []string) bool {
	user := 0
	for _, fn := range funcs {
		if !strings.HasPrefix(fn, "runtime.") && !strings.HasPrefix(fn, "sync.") && !strings.HasPrefix(fn, "internal/") {
			user++
		}
	}
	return user <= 2
}

// running is the group's time on a processor, ns.
func (g *groupAccount) running() (ns int64) {
	for k, v := range g.kinds {
		if waitkind.Kind(k).Class() == waitkind.Running {
			ns += v
		}
	}
	return ns
}

// waiting is the group's time in waits, ns.
func (g *groupAccount) waiting() (ns int64) {
	for k, v := range g.kinds {
		if waitkind.Kind(k).Class().Waiting() {
			ns += v
		}
	}
	return ns
}

// life is the group's time in all, ns.
func (g *groupAccount) life() (ns int64) {
	for _, v := range g.kinds {
		ns += v
	}
	return ns
}

// funcsOf are the function names of a stack, leaf first.
func funcsOf(tables *event.Tables, stack event.StackID) []string {
	ids := tables.Stack(stack)
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = tables.Frame(id).Func
	}
	return out
}
