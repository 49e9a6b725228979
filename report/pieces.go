package report

import (
	"path"
	"slices"
	"strconv"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/units"
)

// who names groups by their index, "" where there is no such group.
type who func(group int) string

// groupsOf names the groups of a Result.
func (p *page) groupsOf(r *result.Result) who {
	return func(group int) string { return p.groupName(r, group) }
}

// pieceWord is how a kind of piece reads.
type pieceWord struct {
	tone tone
	name string // of all such pieces together
	what string // of one; before a space its place follows
	did  string // the same of a goroutine
}

// pieceWords is every kind of piece. Timers have no tone, as theirs is too faint
// for text.
var pieceWords = map[string]pieceWord{
	"code":        {toneRunning, "running", "ran ", "ran "},
	"lock-holder": {toneSync, "running, with a lock that others waited for", "held a lock in ", "held a lock in "},
	"scheduler":   {toneRunnable, "ready without a processor", "no processor", "was ready and had no processor"},
	"gc":          {toneRuntime, "held up by the runtime (GC)", "runtime (GC) in ", "was held up by the runtime (GC) in "},
	"syscall":     {toneSyscall, "in system calls", "system call in ", "was in a system call in "},
	"io":          {toneIO, "waiting for the network", "network in ", "waited for the network in "},
	"timer":       {plain, "waiting for timers", "timer in ", "waited for a timer in "},
	"open":        {toneSync, "not ended by anything within the trace", "not ended by anything within the trace, in ", "waited, not ended by anything within the trace, in "},
	"unknown":     {toneUnknown, "not told by the trace", "the trace does not say", "did what the trace does not say"},
	"unresolved":  {toneUnknown, "longer ago than what is remembered exactly", "longer ago than what is remembered exactly", "did something longer ago than what is remembered exactly"},
	"other":       {plain, "the rest, in smaller parts", "the rest, in smaller parts", "did several things for a short time each"},
}

// wordOf is how a kind of piece reads, by its name where it is not known.
func (p *page) wordOf(kind string) pieceWord {
	if w, ok := pieceWords[kind]; ok {
		return w
	}
	if kind = p.clean(kind); kind == "" {
		kind = "something"
	}
	return pieceWord{toneUnknown, kind, kind + " in ", "was in " + kind + " in "}
}

// pieceForms are ways to say what a piece is, from the fullest to the shortest.
func (p *page) pieceForms(x result.Piece, groups who) []string {
	return p.withPlace(p.wordOf(x.Kind).what, x, groups)
}

// withPlace adds to a word of a piece what stands with it: a place or who had the
// processor, and whose lock was held.
func (p *page) withPlace(word string, x result.Piece, groups who) []string {
	inside := x.HeldIn != nil && x.Frame != nil && x.HeldIn.Func == x.Frame.Func
	if x.Kind == "lock-holder" && x.HeldIn != nil && !inside {
		word = "ran " // what let go of the lock is said behind it
	}
	forms := []string{word}
	switch {
	case x.Kind == "scheduler":
		forms = p.readyForms(word, x, groups)
	case word[len(word)-1] == ' ':
		forms = p.spotForms(x)
		for i := range forms {
			forms[i] = word + forms[i]
		}
	}
	if x.HeldIn == nil || x.Kind == "lock-holder" && inside {
		return forms
	}
	under := suffixed(forms, " on the way to "+p.funcForms(x.HeldIn.Func)[0]+"'s unlock")
	return slices.Concat(under[:1], under[len(under)-1:], suffixed(forms, " on the way to an unlock"), forms)
}

// suffixed are texts with something behind each.
func suffixed(texts []string, suffix string) []string {
	out := make([]string, len(texts))
	for i, s := range texts {
		out[i] = s + suffix
	}
	return out
}

// readyForms say why a goroutine that was ready did not run.
func (p *page) readyForms(word string, x result.Piece, groups who) []string {
	switch {
	case x.Stopped:
		return []string{word + ": the world was stopped", word}
	case x.Group == nil:
		return []string{word + ", though one was free or becoming so", word + ", one being free", word}
	}
	name := groups(*x.Group)
	if name == "" {
		name = "others"
	}
	return []string{word + "; " + name + " had it", word + ": " + name, word}
}

// spotForms are ways to say where the program was in a piece.
func (p *page) spotForms(x result.Piece) []string {
	switch {
	case x.How == "region":
		return []string{"in region " + p.clean(x.Region)}
	case x.Frame == nil:
		return []string{"(no stack)"}
	}
	fn := p.funcForms(x.Frame.Func)
	if x.How == "creation" {
		return []string{"in " + fn[0] + " (no stack)", fn[len(fn)-1]}
	}
	var forms []string
	if at := p.fileAndLine(*x.Frame); at != "" {
		for _, f := range fn {
			forms = append(forms, f+" "+at)
		}
	}
	forms = append(forms, fn...)
	if x.Caller == nil || x.Caller.Func == "" {
		return forms
	}
	by := p.funcForms(x.Caller.Func)[0]
	return append([]string{forms[0] + " (called by " + by + ")", forms[0] + " < " + by, fn[0] + " < " + by}, forms...)
}

// fileAndLine is where a frame is, "" if that is not known.
func (p *page) fileAndLine(f result.Frame) string {
	if f.File == "" {
		return ""
	}
	return path.Base(p.clean(names.ShortFile(f.File))) + ":" + strconv.Itoa(f.Line)
}

// place is the function of a stack that a reader will recognise, with its line.
func (p *page) place(frames []result.Frame) string {
	f, ok := names.Caller(frames)
	if !ok {
		return "(no stack)"
	}
	return p.spotForms(result.Piece{Frame: &f})[0]
}

// pieceCell is a piece in a table.
func (p *page) pieceCell(x result.Piece, groups who) cell {
	return textCell{forms: p.pieceForms(x, groups)}
}

// pieceShare is the share of a piece, in the tone of its class.
func (p *page) pieceShare(x result.Piece, whole int64) cell {
	return txt(p.wordOf(x.Kind).tone, units.Percent(x.Ns, whole))
}

// mainPieces are the pieces that matter of some that come the most first: so many
// at most, and after the first only those with two per cent of the whole. What
// stands for others is none.
func mainPieces(pieces []result.Piece, whole int64, most int) []result.Piece {
	var out []result.Piece
	for _, x := range pieces {
		if x.Kind != "other" && x.Ns > 0 && len(out) < most && (len(out) == 0 || x.Ns >= whole/50) {
			out = append(out, x)
		}
	}
	return out
}

// pieceItems are pieces with their shares, to be set into lines: each in the first
// form that is not longer than one.
func (p *page) pieceItems(pieces []result.Piece, whole int64, groups who) []line {
	var items []line
	for _, x := range pieces {
		var item line
		for _, form := range p.pieceForms(x, groups) {
			if item = (line{{units.Percent(x.Ns, whole) + " ", p.wordOf(x.Kind).tone}, {form, plain}}); item.width() <= p.Width-8 {
				break
			}
		}
		items = append(items, item)
	}
	return items
}

// waitWord is how a kind of wait reads: what for, and what the goroutine did that
// ended it.
type waitWord struct{ sought, ended string }

// waitWords is the kinds of waits, by class/kind.
var waitWords = map[string]waitWord{
	"blocked-sync/mutex":         {"for a lock", "let go of it"},
	"blocked-sync/rwmutex-read":  {"for a lock, to read", "let go of it"},
	"blocked-sync/rwmutex-write": {"for a lock, to write", "let go of it"},
	"blocked-sync/waitgroup":     {"for a WaitGroup", "was the last to be done"},
	"blocked-sync/cond":          {"for a Cond", "signalled it"},
	"blocked-sync/once":          {"for a Once", "had done it"},
	"blocked-sync/semaphore":     {"for a semaphore", "released it"},
	"blocked-sync/chan-send":     {"to send to a channel", "received"},
	"blocked-sync/chan-receive":  {"to receive from a channel", "sent"},
	"blocked-sync/select":        {"in a select", "made a case ready"},
	"blocked-sync/coroutine":     {"for the other side of an iterator", "switched back"},
	"blocked-sync/forever":       {"for what cannot happen", "ended it"},
	"blocked-sync/synctest":      {"for a synctest bubble", "ended it"},
	"blocked-io/network":         {"for the network", "ended it"},
	"blocked-io/file":            {"for a system call on a file", "ended it"},
	"blocked-io/syscall":         {"for a system call", "ended it"},
	"timer/sleep":                {"in time.Sleep", "ended it"},
	"timer/timer-channel":        {"for a timer", "ended it"},
	"runtime/gc-assist-wait":     {"for the garbage collector", "ended it"},
	"runtime/gc-wait":            {"for the garbage collector", "ended it"},
	"runtime/gc-weak":            {"for the garbage collector", "ended it"},
	"runtime/suspended":          {"as the runtime had stopped it", "ended it"},
}

// waitWordOf is how a kind of wait reads, by its name where it is not known.
func (p *page) waitWordOf(kind string) waitWord {
	if w, ok := waitWords[kind]; ok {
		return w
	}
	if kind = p.clean(kind); kind == "" {
		return waitWord{"for something", "ended it"}
	}
	return waitWord{"(" + kind + ")", "ended it"}
}
