package report

import (
	"maps"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// share is the part of goroutine time that one look stands for.
type share struct {
	look  look
	ns    int64
	kinds []kindTime // of it, largest first
}

// kindTime is the time of one kind of a class.
type kindTime struct {
	class, kind string
	ns          int64
}

// engagedNs is the time of goroutines that were not at rest.
func engagedNs(t result.Time) int64 { return t.LifetimeNs - t.AtRestNs }

// engagedKinds is the time of each class/kind without its at-rest part, largest
// first.
func engagedKinds(t result.Time) []kindTime {
	var kinds []kindTime
	for _, key := range slices.Sorted(maps.Keys(t.Kinds)) {
		if ns := t.Kinds[key] - t.AtRestKinds[key]; ns > 0 {
			class, kind, _ := strings.Cut(key, "/")
			kinds = append(kinds, kindTime{class, kind, ns})
		}
	}
	slices.SortStableFunc(kinds, func(a, b kindTime) int { return compareDesc(a.ns, b.ns) })
	return kinds
}

// engagedClass is the time of a class without its at-rest part.
func engagedClass(t result.Time, class string) int64 {
	ns := classNs(t, class)
	for key, rest := range t.AtRestKinds {
		if c, _, _ := strings.Cut(key, "/"); c == class {
			ns -= rest
		}
	}
	return max(ns, 0)
}

func classNs(t result.Time, class string) int64 {
	switch class {
	case "running":
		return t.RunningNs
	case "runnable":
		return t.RunnableNs
	case "blocked-sync":
		return t.BlockedSyncNs
	case "blocked-io":
		return t.BlockedIONs
	case "timer":
		return t.TimerNs
	case "runtime":
		return t.RuntimeNs
	}
	return t.UnknownNs
}

// engagedShares splits engaged time into looks. Blocking in the kernel, which
// is a part of blocked-io, has a look of its own.
func engagedShares(t result.Time) (shares []share, engaged int64) {
	kinds := engagedKinds(t)
	var inKernel int64
	for _, l := range looks {
		s := share{look: l, ns: engagedClass(t, l.class)}
		for _, k := range kinds {
			if kernel := isKernel(k); kernel == (l.class == "") && (kernel || k.class == l.class) {
				s.kinds = append(s.kinds, k)
			}
		}
		if l.class == "" {
			s.ns = sumKinds(s.kinds)
			inKernel = s.ns
		}
		shares = append(shares, s)
	}
	for i := range shares {
		if shares[i].look.class == "blocked-io" {
			shares[i].ns = max(shares[i].ns-inKernel, 0)
		}
	}
	return shares, engagedNs(t)
}

// isKernel reports kinds that block a thread in the kernel.
func isKernel(k kindTime) bool {
	return k.class == "blocked-io" && (k.kind == "file" || k.kind == "syscall")
}

func sumKinds(kinds []kindTime) int64 {
	var sum int64
	for _, k := range kinds {
		sum += k.ns
	}
	return sum
}

// drawTime shows where the goroutines' time went.
func drawTime(p *page, r *result.Result) {
	shares, engaged := engagedShares(r.Time)
	if engaged <= 0 {
		return
	}
	p.heading("GOROUTINE TIME", units.Duration(engaged)+" summed over the goroutines, at rest left out")
	t := table{columns: []column{{}, {least: 8}, {least: 5, drop: 2}, {right: true}, {right: true}, {least: 12, drop: 1}}}
	for _, s := range shares {
		if s.ns > 0 {
			t.rows = append(t.rows, p.timeRow(s, engaged))
		}
	}
	t.draw(p, 2)
	drawTimeNotes(p, r.Time)
}

func (p *page) timeRow(s share, engaged int64) []cell {
	return []cell{
		txt(s.look.tone, s.look.letter),
		textCell{forms: []string{s.look.label, s.look.word}},
		barCell{float64(s.ns) / float64(engaged), s.look, p.Width / 5},
		txt(plain, units.Percent(s.ns, engaged)),
		txt(plain, units.Duration(s.ns)),
		textCell{forms: p.kindForms(s), tone: muted},
	}
}

// kindForms lists the largest kinds of a share, three, two or one of them. A
// single kind that is the whole of it comes without its time.
func (p *page) kindForms(s share) []string {
	if len(s.kinds) == 0 {
		return nil
	}
	if len(s.kinds) == 1 {
		return []string{p.clean(s.kinds[0].kind), ""}
	}
	var forms []string
	for n := min(len(s.kinds), 3); n > 0; n-- {
		var parts []string
		for _, k := range s.kinds[:n] {
			parts = append(parts, p.clean(k.kind)+" "+units.Duration(k.ns))
		}
		forms = append(forms, strings.Join(parts, ", "))
	}
	return append(forms, "")
}

// drawTimeNotes says how some of it was decided.
func drawTimeNotes(p *page, t result.Time) {
	for _, note := range timeNotes(t) {
		p.wrap(spaces(2), 2, text(muted, note))
	}
}

func timeNotes(t result.Time) (notes []string) {
	if t.Kinds["running/syscall-short"] > 0 || t.Kinds["blocked-io/syscall"] > 0 || t.Kinds["blocked-io/file"] > 0 {
		notes = append(notes, "A system call of 20"+units.NBSP+"µs or more counts as blocked, a shorter one as running.")
	}
	if t.InferredNs > 0 {
		notes = append(notes, units.Duration(t.InferredNs)+" of waits began before the trace; what they waited for was inferred from their stacks.")
	}
	return notes
}
