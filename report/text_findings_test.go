package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// firstLine is the line of a report that begins with a word.
func firstLine(out, word string) string {
	for l := range strings.Lines(out) {
		if strings.HasPrefix(l, word) {
			return strings.TrimSuffix(l, "\n")
		}
	}
	return ""
}

func TestNothingFound(t *testing.T) {
	for _, tc := range []struct {
		label     string
		detectors int
		want      string
	}{
		{"parallel", 23, "FINDINGS  none of 23 detectors found anything (conctrace detectors lists what they look for)"},
		{"parallel", 0, "FINDINGS  none"},
		{"too-little-data", 23, "FINDINGS  none: there is too little to judge by"},
	} {
		r := &result.Result{Verdict: result.Verdict{Label: tc.label}}
		if got := firstLine(textOf(t, r, Options{Detectors: make([]Detector, tc.detectors)}), "FINDINGS"); got != tc.want {
			t.Errorf("%s, %d detectors: %q, want %q", tc.label, tc.detectors, got, tc.want)
		}
	}
}

// Findings come right after the verdict, and what does not know its severity is
// not worse than low.
func TestFindingsFollowTheVerdict(t *testing.T) {
	r := rich()
	r.Findings[0].Severity = "catastrophic"
	out := textOf(t, r, Options{})
	var heads []string
	for section := range strings.SplitSeq(out, "\n\n") {
		heads = append(heads, strings.Fields(section)[0])
	}
	if len(heads) < 3 || heads[1] != "VERDICT" || heads[2] != "FINDINGS" {
		t.Errorf("the sections are %v", heads)
	}
	if !strings.Contains(out, "● LOW   Lock convoy") {
		t.Errorf("no low finding in\n%s", out)
	}
	if quiet := textOf(t, r, Options{Quiet: true}); strings.Contains(quiet, "lock-convoy") || !strings.Contains(quiet, "◆ MED   cpu-hog") {
		t.Errorf("a quiet report has the findings that are not low:\n%s", quiet)
	}
}

func TestBriefStack(t *testing.T) {
	frame := func(fn string) result.Frame { return result.Frame{Func: fn, File: "/src/a/b/file.go", Line: 7} }
	for _, tc := range []struct {
		frames []string
		want   string
	}{
		{nil, ""},
		{[]string{"runtime.gopark", "sync.(*Mutex).Lock"}, "runtime.gopark file.go:7 < sync.(*Mutex).Lock file.go:7"},
		{[]string{"sync.(*Mutex).Lock", "main.a"}, "(*Mutex).Lock < main.a file.go:7"},
		{[]string{"main.a", "io.Copy", "main.b", "main.c", "main.d"}, "main.a file.go:7 < main.b file.go:7 < main.c file.go:7 < …"},
		{[]string{"main.a", "main." + strings.Repeat("b", 55)}, "main.a file.go:7 < main." + strings.Repeat("b", 55)},
		{[]string{"main.a", "main." + strings.Repeat("b", 90)}, "main.a file.go:7 < …"},
	} {
		var frames []result.Frame
		for _, fn := range tc.frames {
			frames = append(frames, frame(fn))
		}
		got := strings.ReplaceAll(plainText(newPage(Options{}).briefStack(frames)), units.NBSP, " ")
		if got != tc.want {
			t.Errorf("%v: %q, want %q", tc.frames, got, tc.want)
		}
	}
}

// What a window says can be typed, and it is never empty.
func TestWindow(t *testing.T) {
	for _, tc := range []struct {
		from, to int64
		want     string
	}{
		{0, 0, "0s to 1us"},
		{1500, 1500, "1us to 2us"},
		{3_204_118_733, 4.05 * s, "3.204s to 4.05s"},
		{3_204_118_733, 3_204_218_733, "3.204118s to 3.204219s"},
	} {
		from, to := window(tc.from, tc.to)
		if got := from + " to " + to; got != tc.want {
			t.Errorf("%d to %d: %q, want %q", tc.from, tc.to, got, tc.want)
		}
	}
}

func TestApportion(t *testing.T) {
	parts := func(ns ...int64) (all []result.LabelTime) {
		for _, n := range ns {
			all = append(all, result.LabelTime{Ns: n})
		}
		return all
	}
	for _, tc := range []struct {
		parts []result.LabelTime
		want  []int
	}{
		{parts(1), []int{10}},
		{parts(1, 1), []int{5, 5}},
		{parts(1, 1, 1), []int{4, 3, 3}},
		{parts(1, 1e9, 1), []int{1, 8, 1}},
		{parts(1<<62, 1<<62), []int{5, 5}},
	} {
		if got := apportion(tc.parts, 10); !slices.Equal(got, tc.want) {
			t.Errorf("%v: %v, want %v", tc.parts, got, tc.want)
		}
	}
}

// Each cell of the strip is the label that prevails in it, on the scope's scale.
func TestPhaseStrip(t *testing.T) {
	r := &result.Result{Scope: result.Scope{FromNs: 100, ToNs: 200}}
	r.Concurrency.Phases = []result.Phase{{FromNs: 100, ToNs: 116, Label: "parallel"}, {FromNs: 116, ToNs: 150, Label: "serial"}, {FromNs: 160, ToNs: 200, Label: "idle"}}
	if got, want := plainText(newPage(Options{ASCII: true}).phaseStrip(r, 10)), "##--- ...."; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	r.Concurrency.Phases = r.Concurrency.Phases[:1]
	if got := plainText(newPage(Options{}).phaseStrip(r, 10)); got != "" {
		t.Errorf("a single phase is drawn: %q", got)
	}
}

// Labels and severities are told apart without colour, in ASCII too.
func TestMarksDiffer(t *testing.T) {
	fills, ascii := map[string]bool{}, map[string]bool{}
	for _, part := range (result.Partition{}).Parts() {
		l, ok := wallLabels[part.Label]
		if !ok || l.means == "" || l.causes != nil && l.lead == "" {
			t.Errorf("%s: no look, or no words", part.Label)
		}
		fills[l.fill], ascii[l.ascii] = true, true
	}
	if n := len(wallLabels); len(fills) != n || len(ascii) != n {
		t.Errorf("%d labels, but %d fills and %d in ASCII", n, len(fills), len(ascii))
	}
	shapes := map[string]bool{}
	for _, m := range marks {
		shapes[asciiFor([]rune(m.shape)[0])] = true
	}
	if len(shapes) != len(marks) || shapes["?"] {
		t.Errorf("shapes in ASCII: %v", shapes)
	}
}
