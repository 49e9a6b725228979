package html

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/plain"
	"github.com/conctrace/conctrace/report/internal/units"
	"github.com/conctrace/conctrace/report/internal/wording"
)

// finding is a finding as page.html writes it.
type finding struct {
	Index, Number                    int
	Severity, Word, Shape            string
	Title, Detector, Lost, Sentence  string
	Culprit, Remedy, Caveat, Explain string
	Evidence                         []named
	At                               []moment
	Groups, Merged                   []string
	Stacks                           []stack
}

type moment struct {
	FromNs, ToNs, Goroutine int64
	Text                    string
}

type stack struct {
	Role   string
	Frames []result.Frame
}

// severity is how a severity is shown: by word and shape, and by colour too.
type severity struct{ word, shape string }

var severities = map[string]severity{
	"high": {"HIGH", "▲"}, "medium": {"MED", "◆"}, "low": {"LOW", "●"},
}

func findings(r *result.Result) (out []finding) {
	for i := range r.Findings {
		out = append(out, newFinding(r, i))
	}
	return out
}

func newFinding(r *result.Result, i int) finding {
	f := &r.Findings[i]
	s := severities[f.Severity]
	out := finding{
		Index: i, Number: i + 1, Severity: f.Severity, Word: s.word, Shape: s.shape,
		Title: plain.Text(f.Title), Detector: f.Detector, Sentence: plain.Text(f.Sentence), Culprit: plain.Text(names.ShortPlace(f.Culprit)),
		Remedy: plain.Text(f.Remedy), Caveat: plain.Text(f.Caveat), Evidence: evidence(f.Evidence), Merged: f.Merged,
		Lost: wording.Lost(f),
	}
	if clean := plain.Text(f.Explain); clean == f.Explain { // what cannot be shown as it is cannot be pasted
		out.Explain = clean
	}
	for _, m := range f.At {
		text := at(m.FromNs) + " to " + at(m.ToNs) + " (" + units.Duration(m.ToNs-m.FromNs) + ")"
		if m.Goroutine > 0 {
			text += ", goroutine " + strconv.FormatInt(m.Goroutine, 10)
		}
		out.At = append(out.At, moment{m.FromNs, m.ToNs, m.Goroutine, text})
	}
	for _, g := range f.Groups {
		if g >= 0 && g < len(r.Groups) {
			out.Groups = append(out.Groups, plain.Text(r.Groups[g].Name))
		}
	}
	for _, st := range f.Stacks {
		out.Stacks = append(out.Stacks, newStack(st))
	}
	return out
}

// passed are the detectors that found nothing, nor anything that another finding stands
// for.
func passed(r *result.Result, all []Detector) (out []Detector) {
	found := map[string]bool{}
	for i := range r.Findings {
		found[r.Findings[i].Detector] = true
		for _, name := range r.Findings[i].Merged {
			found[name] = true
		}
	}
	for _, d := range all {
		if !found[d.Name] {
			out = append(out, d)
		}
	}
	return out
}

var roles = map[string]string{"blocked": "blocked here", "waker": "woken by", "running": "running here", "created": "created here"}

func newStack(s result.RoleStack) stack {
	out := stack{Role: roles[s.Role]}
	for _, f := range s.Frames {
		out.Frames = append(out.Frames, result.Frame{Func: plain.Text(f.Func), File: plain.Text(f.File), Line: f.Line})
	}
	return out
}

// at is an instant to the microsecond.
func at(ns int64) string { return strconv.FormatFloat(float64(ns)/1e9, 'f', 6, 64) + units.NBSP + "s" }

// evidence are the numbers of a finding: names that end in _ns are durations, others
// counts or, below one, shares.
func evidence(numbers map[string]float64) (out []named) {
	for _, name := range slices.Sorted(maps.Keys(numbers)) {
		x := numbers[name]
		label, isDuration := strings.CutSuffix(name, "_ns")
		value := ""
		switch {
		case isDuration:
			value = units.Duration(int64(x))
		case x == float64(int64(x)) && (x > 1 || x < 0 || !strings.Contains(name, "share")):
			value = units.Count(int64(x))
		case strings.Contains(name, "share") || strings.Contains(name, "ratio") && x <= 1:
			value = units.PercentOf(x)
		default:
			value = units.Average(x)
		}
		out = append(out, named{strings.ReplaceAll(label, "_", " "), value})
	}
	return out
}
