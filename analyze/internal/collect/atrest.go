package collect

import (
	"regexp"
	"strings"

	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/siterule"
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
	rule     *siterule.Rule // of the place, nil if it has none
}

// atRestRules are tried in order; the first that applies names the wait.
var atRestRules = []atRestRule{
	{"site-rule", false, idleSite},
	{"asked", false, asked},
	{"known-site", false, knownSite},
	{"whole-trace", true, wholeTrace},
	{"recorder", false, recorder},
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

// idleSite: a site rule of the user's says so.
func idleSite(w restCase) bool { return w.rule != nil && w.rule.Is == siterule.Idle }

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

// wholeTrace: from the trace's start to its end without an event. What nobody
// waits for by design is left out, as it is rather stuck: a lock, a send, a
// WaitGroup, a file; and so is a request, that is a wait in the program's code
// inside a goroutine of a library, such as a handler's.
//
// A program that is traced from its start creates such goroutines within the
// trace. For them nine tenths of it, up to its end, are enough, if nobody was
// ever seen to leave that place and the goroutine waits there in its own loop.
func wholeTrace(w restCase) bool {
	c := w.cell
	switch c.key.kind {
	case waitkind.Network, waitkind.Syscall, waitkind.Sleep, waitkind.Unsaid, waitkind.System, waitkind.GCWait, waitkind.Coroutine, waitkind.Synctest:
		return c.key.whole && !inHandler(w.funcs)
	case waitkind.Forever:
		if nilChannel(w.funcs) {
			return false
		}
		return c.key.whole && !inHandler(w.funcs) || c.closed == 0 && c.ns*10 >= c.waits.n*w.duration*9 && inOwnLoop(w.funcs)
	case waitkind.ChanReceive, waitkind.Select, waitkind.Cond:
		if c.key.whole {
			return !inHandler(w.funcs)
		}
		return c.closed == 0 && c.ns*10 >= c.waits.n*w.duration*9 && inOwnLoop(w.funcs)
	}
	return false
}

// nilChannel says whether a goroutine waits forever on a channel that is nil; an
// empty select is meant so.
func nilChannel(funcs []string) bool {
	return len(funcs) > 0 && (strings.HasPrefix(funcs[0], "runtime.chanrecv") || strings.HasPrefix(funcs[0], "runtime.chansend"))
}

// inHandler says whether a stack shows the program's code called by a goroutine
// of a library, such as a server's. Helpers that only start a function do not
// count.
func inHandler(funcs []string) bool {
	if len(funcs) == 0 {
		return false
	}
	entry := funcs[len(funcs)-1]
	if !code.IsLibrary(entry) || strings.HasPrefix(entry, "runtime.") || strings.HasPrefix(entry, "sync.(*WaitGroup).Go") || strings.HasPrefix(entry, "golang.org/x/sync/errgroup.") {
		return false
	}
	for _, fn := range funcs {
		if !code.IsLibrary(fn) {
			return true
		}
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
	{"bufio.(*Reader).Peek", "net/http.(*conn).serve"},       // a kept-alive connection between requests
	{"net/http.readRequest", "net/http.(*conn).readRequest"}, // a new one before its first
	{"net/http.(*persistConn).writeLoop"},
	{"net/http.(*http2serverConn).readFrames"},
	{"net/http.(*http2serverConn).serve"},
	{"os/signal.loop"},
	{"os/signal.signal_recv"},
	{"database/sql.(*DB).connectionOpener"},
	{"database/sql.(*DB).connectionCleaner"},
	{"context.(*cancelCtx).propagateCancel.func*"},
	{"context.propagateCancel.func*"},
	{"golang.org/x/net/http2.(*serverConn).readFrames"},
	{"golang.org/x/net/http2.(*serverConn).serve"},
	{"net/http/pprof.sleep"}, // whoever records this trace, or a profile, waits for its end
	{"google.golang.org/grpc/internal/transport.(*http2Server).HandleStreams"},
	{"google.golang.org/grpc/internal/transport.(*controlBuffer).get"},
	{"google.golang.org/grpc/internal/transport.(*http2Server).keepalive"},
	{"google.golang.org/grpc/internal/grpcsync.(*CallbackSerializer).run"},
}

// knownSite: a wait for demand, by its name. methods.md asks that such a
// goroutine runs for less than 0.1 % of its life; an accept loop that is busy
// still waits for nothing but the next connection. What holds a goroutine up
// there without being that wait is no rest: a lock, the runtime's work, a system
// call that returned late. Only the signal handler waits in a system call.
func knownSite(w restCase) bool {
	switch w.cell.key.kind {
	case waitkind.Network, waitkind.ChanReceive, waitkind.Select, waitkind.Cond, waitkind.TimerChannel, waitkind.Unsaid:
	case waitkind.Syscall:
		return w.entry == "os/signal.loop" // also where the trace has no stack of it
	default:
		return false
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

// recorder: whoever records this trace waits for its end, as main does between
// trace.Start and trace.Stop: one timer for nearly all of the time, and the only
// thing that the goroutine does then is to end the trace.
func recorder(w restCase) bool {
	c := w.cell
	return c.key.kind.Class() == waitkind.Timer && c.recorder > 0 && c.waits.n == 1 && c.ns*10 >= w.duration*9
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
	return readsForOthers(w.funcs)
}

// readsForOthers says whether a stack is that of a client's connection reader.
func readsForOthers(funcs []string) bool {
	for _, site := range clientReaders {
		if onStack(funcs, site) {
			return true
		}
	}
	return false
}

// ticker: a loop over a timer's channel in goroutines that do nothing else and
// that nobody waits for. A handler that waits for a timer before it answers
// wakes nobody either; it is told by its input and output, or by its depth.
func ticker(w restCase) bool {
	c, g := w.cell, w.group
	io := g.kinds[waitkind.Network] + g.kinds[waitkind.Syscall] + g.kinds[waitkind.File]
	return c.key.kind == waitkind.TimerChannel &&
		w.entry != "main.main" &&
		g.wokeUsers == 0 &&
		c.waits.n >= 2*max(1, c.members) &&
		c.ns*10 >= g.waiting()*9 && io*100 <= g.waiting() &&
		inOwnLoop(w.funcs)
}

// contextWatch: the only thing that ever ended the waits is a context's
// cancelling, and the goroutines do nothing else.
func contextWatch(w restCase) bool {
	c := w.cell
	return (c.key.kind == waitkind.Select || c.key.kind == waitkind.ChanReceive) &&
		c.endedByG > 0 && c.cancelled == c.endedByG &&
		w.group.tally.running()*1000 < w.life &&
		c.ns*10 >= w.group.waiting()*9
}

// parkedWorkers: several goroutines of one group that wait at one place for
// work, and there is none.
//
// Beyond methods.md it asks for the shape of a pool, since a request that waits
// for its answer, or for its turn at a channel that serves as a semaphore, looks
// the same in a trace: the goroutine comes back to the wait, or is never seen to
// leave it; the wait is in its own loop and not deep inside a handler; whoever
// ends it sends and does not receive, is no peer that hands a token back, and
// was not set to work by the waiter; and the waiter itself gives nobody anything
// to do between its waits, as one does that then waits for an answer. Last, who
// brings work must itself have waited for somebody to want something, as the
// handlers of a server do: behind a producer that computes, sleeps or reads a
// pool is not idle but held up. Where these fail, the wait counts as work.
func parkedWorkers(w restCase) bool {
	c := w.cell
	switch c.key.kind {
	case waitkind.ChanReceive, waitkind.Select, waitkind.Cond:
	default:
		return false
	}
	// A pool that never got work was made at one time; goroutines that pile up were
	// not.
	atOnce := (w.group.lastBorn-w.group.firstBorn)*10 <= w.duration
	return c.members >= 2 && w.group.count >= 2 && (c.endedByG > 0 || atOnce) &&
		(c.closed == 0 || c.closed >= 2*c.members) &&
		inOwnLoop(w.funcs) &&
		c.toReceivers*10 <= c.endedByG &&
		c.byPeers*10 <= c.endedByG &&
		c.gave*10 <= c.waits.n &&
		c.responses*10 <= c.endedByG &&
		c.servedSenders*10 <= c.waits.n &&
		c.fromDemand*10 >= c.endedByG*9
}

// inOwnLoop says whether a goroutine blocks in its entry function or in what
// that calls directly; frames of the runtime and of sync, and closures, do not
// count.
func inOwnLoop(funcs []string) bool {
	user := 0
	for _, fn := range funcs {
		if !strings.HasPrefix(fn, "runtime.") && !strings.HasPrefix(fn, "sync.") && !strings.HasPrefix(fn, "internal/") && !closure.MatchString(fn) {
			user++
		}
	}
	return user <= 2
}

var closure = regexp.MustCompile(`\.func\d+(\.\d+)*$|\.gowrap\d+$`)

// running is the time on a processor, ns.
func (t *tally) running() (ns int64) {
	for k, v := range t.kinds {
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
