package detect

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/result"
)

// What detectors ask of blame: what filled the waits at some places.

// causes are what filled the waits at sites of a class at which goroutines of some
// groups waited, all if none are given; the most first.
func (e *evidence) causes(class *result.SiteClass, groups ...int) []result.Piece {
	var out []result.Piece
	for _, i := range class.Sites {
		s := &e.Sites[i]
		if len(groups) > 0 && !slices.ContainsFunc(s.Groups, func(g int) bool { return slices.Contains(groups, g) }) {
			continue
		}
		for _, p := range s.Pieces {
			out = addPiece(out, p)
		}
	}
	slices.SortStableFunc(out, func(x, y result.Piece) int { return cmp.Compare(y.Ns, x.Ns) })
	return out
}

// addPiece adds to the piece that says the same.
func addPiece(to []result.Piece, p result.Piece) []result.Piece {
	for i := range to {
		if q := &to[i]; q.Kind == p.Kind && funcOf(q.Frame) == funcOf(p.Frame) && funcOf(q.HeldIn) == funcOf(p.HeldIn) && groupOf(q.Group) == groupOf(p.Group) {
			if p.Ns > q.Ns {
				q.Frame, q.Caller = p.Frame, p.Caller
			}
			q.Ns += p.Ns
			q.HeldNs += p.HeldNs
			return to
		}
	}
	return append(to, p)
}

func funcOf(f *result.Frame) string {
	if f == nil {
		return ""
	}
	return f.Func
}

func groupOf(g *int) int {
	if g == nil {
		return -1
	}
	return *g
}

// holder is the function that had a lock for most of the time for which others waited
// for it, "" where nothing tells, with the largest of the pieces that filled it.
func holder(pieces []result.Piece) (at *result.Frame, what *result.Piece) {
	sums := map[string]int64{}
	for _, p := range pieces {
		if p.HeldIn != nil {
			sums[p.HeldIn.Func] += p.Ns
		}
	}
	best := ""
	for fn, ns := range sums {
		if best == "" || ns > sums[best] || ns == sums[best] && fn < best {
			best = fn
		}
	}
	for i := range pieces {
		if p := &pieces[i]; p.HeldIn != nil && p.HeldIn.Func == best && (what == nil || p.Ns > what.Ns) {
			at, what = p.HeldIn, p
		}
	}
	return at, what
}

// culprit is the first of pieces that names a place in the program, nil if none does
// that is a fifth of them at least.
func culprit(pieces []result.Piece) *result.Piece {
	const least = 0.2
	var all int64
	for _, p := range pieces {
		all += p.Ns
	}
	for i := range pieces {
		p := &pieces[i]
		switch p.Kind {
		case "code", "lock-holder", "io", "syscall", "timer":
			if p.Frame != nil && float64(p.Ns) >= least*float64(all) {
				return p
			}
		}
	}
	return nil
}

// doing is what goes on in a piece, to follow "while" and whoever it is.
func doing(p *result.Piece) string {
	fn := function(p.Frame.Func)
	switch p.Kind {
	case "io":
		return "waited for the network or a pipe in " + fn
	case "syscall":
		return "was in a system call in " + fn
	case "timer":
		return "waited for a timer in " + fn
	}
	return "ran " + fn
}

// calledBy names the caller of a piece's function, to follow doing, if that is another
// function of the program.
func calledBy(p *result.Piece) string {
	if p.Kind != "code" || p.Caller == nil || p.Caller.Func == p.Frame.Func || code.IsLibrary(p.Caller.Func) {
		return ""
	}
	return ", called by " + function(p.Caller.Func)
}

// explains adds to findings the command that tells of their moments.
func explains(r *result.Result) {
	for i := range r.Findings {
		if f := &r.Findings[i]; len(f.At) > 0 {
			f.Explain = explainCommand(r, i+1)
		}
	}
}

// explainCommand is how a finding is asked about: with the same view on the trace,
// or the number would mean another one.
func explainCommand(r *result.Result, n int) string {
	file := r.Trace.File
	switch {
	case file == "-":
		file = "TRACE"
	case strings.HasPrefix(file, "-"):
		file = "./" + file // no flag
	}
	text := "conctrace explain " + quoted(file)
	s := &r.Scope
	if s.FromNs > 0 {
		text += fmt.Sprintf(" --from %dns", s.FromNs)
	}
	if s.ToNs < r.Trace.DurationNs {
		text += fmt.Sprintf(" --to %dns", s.ToNs)
	}
	for _, f := range [...]struct{ flag, value string }{{"group", s.Group}, {"task", s.Task}, {"at-rest", s.AtRest}, {"thresholds", s.Thresholds}} {
		if f.value != "" {
			text += " --" + f.flag + " " + quoted(f.value)
		}
	}
	if s.CPUs > 0 {
		text += fmt.Sprintf(" --cpus %d", s.CPUs)
	}
	return text + fmt.Sprintf(" --finding %d", n)
}
