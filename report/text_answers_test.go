package report

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/charmbracelet/colorprofile"
	"github.com/charmbracelet/x/ansi"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/units"
)

// answers are what conctrace explain and conctrace path may have to write, each as
// text and as JSON.
var answers = map[string]func(w io.Writer, o Options, json bool) error{
	"explain.rich":    explanation(richExplanation()),
	"explain.empty":   explanation(new(result.Explanation)),
	"explain.zero":    explanation(&result.Explanation{Stories: make([]result.Story, 2)}),
	"explain.hostile": explanation(hostileExplanation(badText, longText)),
	"path.rich":       paths(richPaths()),
	"path.empty":      paths(new(result.PathReport)),
	"path.zero":       paths(&result.PathReport{Paths: []result.CriticalPath{{Work: new(result.Bounds), RunnerUp: new(result.RunnerUp)}, {Steps: make([]result.Step, 3)}}}),
	"path.hostile":    paths(hostilePaths(badText, longText)),
}

func explanation(e *result.Explanation) func(io.Writer, Options, bool) error {
	return func(w io.Writer, o Options, json bool) error {
		if json {
			return ExplanationJSON(w, e, o)
		}
		return ExplanationText(w, e, o)
	}
}

func paths(r *result.PathReport) func(io.Writer, Options, bool) error {
	return func(w io.Writer, o Options, json bool) error {
		if json {
			return PathJSON(w, r, o)
		}
		return PathText(w, r, o)
	}
}

func answerOf(t *testing.T, name string, o Options, json bool) string {
	t.Helper()
	var b bytes.Buffer
	if err := answers[name](&b, o, json); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestAnswersGolden(t *testing.T) {
	for name := range answers {
		for golden, o := range goldens {
			if o.Quiet || !strings.HasSuffix(name, ".rich") && golden != "80" && golden != "100.ascii" {
				continue
			}
			t.Run(name+"."+golden, func(t *testing.T) {
				checkGolden(t, name+"."+golden, answerOf(t, name, o, false))
			})
		}
	}
}

func TestAnswersKeepTheirBounds(t *testing.T) {
	for name := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for width := leastWidth; width <= 200; width++ {
				for i, o := range []Options{{Top: 1}, {ASCII: true}, {Color: colorprofile.TrueColor, Top: 100}} {
					if i != width%3 {
						continue // every option at every width takes long
					}
					o.Width = width
					checkBounds(t, o, answerOf(t, name, o, false))
				}
			}
		})
	}
}

func TestColourChangesNoAnswer(t *testing.T) {
	for name := range answers {
		want := answerOf(t, name, Options{}, false)
		if got := ansi.Strip(answerOf(t, name, Options{Color: colorprofile.TrueColor}, false)); got != want {
			t.Errorf("%s: other text than without colour:\n%s", name, got)
		}
	}
}

func TestAnswersFollowSchemas(t *testing.T) {
	for kind, document := range map[string][]byte{"explain": result.ExplanationSchema, "path": result.PathSchema} {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
		if err != nil {
			t.Fatal(err)
		}
		c := jsonschema.NewCompiler()
		if err := c.AddResource("schema.json", doc); err != nil {
			t.Fatal(err)
		}
		schema, err := c.Compile("schema.json")
		if err != nil {
			t.Fatal(err)
		}
		out := answerOf(t, kind+".rich", Options{}, true)
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if strings.Contains(answerOf(t, kind+".empty", Options{}, true), "null") {
			t.Errorf("%s: null in the JSON of an empty answer", kind)
		}
	}
}

func TestAnswerErrorsAreReturned(t *testing.T) {
	file, err := os.Open(os.DevNull) // for reading only
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, write := range answers {
		for _, json := range []bool{false, true} {
			if err := write(file, Options{}, json); err == nil {
				t.Errorf("%s, JSON %v: no error from a writer that fails", name, json)
			}
		}
	}
}

// Whatever is in an answer, its text keeps its bounds.
func FuzzAnswers(f *testing.F) {
	for name, write := range answers {
		if strings.HasSuffix(name, ".hostile") {
			continue // its numbers do not survive JSON
		}
		var b bytes.Buffer
		if err := write(&b, Options{}, true); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes(), 80)
	}
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		o := Options{Width: leastWidth + (width&0x7fffffff)%200, ASCII: width%2 == 0}
		var b bytes.Buffer
		var e result.Explanation
		if json.Unmarshal(data, &e) == nil {
			if err := ExplanationText(&b, &e, o); err != nil {
				t.Fatal(err)
			}
		}
		var r result.PathReport
		if json.Unmarshal(data, &r) == nil {
			if err := PathText(&b, &r, o); err != nil {
				t.Fatal(err)
			}
		}
		checkBounds(t, o, b.String())
	})
}

// Steps that are too short to be told are summed: in their place where they are
// much together, else at the end; and no chain is told further back than one can
// read.
func TestChain(t *testing.T) {
	steps := func(ns ...int64) []result.Step {
		b := from(0)
		for i, n := range ns {
			b.then(n, result.Step{Kind: "code", Goroutine: int64(i + 1), Frame: &result.Frame{Func: "main.work"}})
		}
		return b.steps
	}
	many := make([]int64, 50)
	for i := range many {
		many[i] = 20
	}
	deepest := steps(1000)
	for g := range int64(20) {
		deepest = []result.Step{{ToNs: 1000, Kind: "wait", WaitKind: "blocked-sync/mutex", Goroutine: g + 10, Waker: at(g + 9), Steps: deepest}}
	}
	for name, tc := range map[string]struct {
		steps []result.Step
		want  []string // the texts, or what they begin with
	}{
		"none":          {nil, nil},
		"short at end":  {steps(991, 2, 3, 4), []string{"goroutine 1 ran main.work", "… 3 shorter steps in all"}},
		"much together": {steps(500, 5, 6, 489), []string{"goroutine 1 ran main.work", "… 2 shorter steps, mostly: ran main.work", "goroutine 4 ran"}},
		"too many":      {steps(many...), []string{"goroutine 1", "goroutine 2", "goroutine 3", "… 47 shorter steps, mostly"}},
		"too far back":  {deepest, []string{"goroutine 29 waited", "goroutine 28 waited", "goroutine 27", "goroutine 26", "goroutine 25", "goroutine 24", "goroutine 23", "goroutine 22", "… and so on back, 13 more steps"}},
	} {
		p := newPage(Options{})
		c := chain{p: p, groups: p.groupsNamed(nil), whole: 1000, most: 3}
		lines := c.story(tc.steps, level{group: -1})
		ok := len(lines) == len(tc.want)
		for i := range min(len(lines), len(tc.want)) {
			ok = ok && strings.HasPrefix(strings.ReplaceAll(lines[i].text, units.NBSP, " "), tc.want[i])
		}
		if !ok {
			t.Errorf("%s: %+v, want %q", name, lines, tc.want)
		}
	}
}

// What is said of waits leaves out what the wait around it has said.
func TestWaitText(t *testing.T) {
	e := richExplanation()
	p := newPage(Options{})
	outer := &e.Stories[0].Steps[0]
	inner := &outer.Steps[0]
	groups := p.groupsNamed(e.Groups)
	for _, tc := range []struct {
		at   level
		want string
	}{
		{level{}, "for a lock in cache.(*Store).Get store.go:141, until goroutine 90 let go of it in cache.(*Store).Put store.go:171"},
		{level{around: outer}, "there too, until goroutine 90 let go of it"},
		{level{before: outer}, "there again, until goroutine 90 let go of it"},
	} {
		if got := strings.ReplaceAll(p.waitText(inner, tc.at, groups), units.NBSP, " "); got != tc.want {
			t.Errorf("%q, want %q", got, tc.want)
		}
	}
}
