package export

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/pprof/profile"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/pprof"
)

// activeTime is each class of the program's time without what is at rest.
func activeTime(r *result.Result) map[string]int64 {
	out := map[string]int64{}
	for sign, kinds := range map[int64]map[string]int64{1: r.Time.Kinds, -1: r.Time.AtRestKinds} {
		for kind, ns := range kinds {
			class, _, _ := strings.Cut(kind, "/")
			out[class] += sign * ns
		}
	}
	for class, ns := range out {
		if ns == 0 {
			delete(out, class)
		}
	}
	return out
}

// The lines of folded stacks sum to the classes, each stack is there once, and every
// line ends in a number after its last space.
func TestFoldedStacksSumToTheClasses(t *testing.T) {
	overCorpus(t, func(t *testing.T, path string) {
		r, out := exported(t, "folded", path, analyze.Options{}, pprof.Options{SkipAtRest: true})
		got, seen := map[string]int64{}, map[string]bool{}
		for line := range strings.Lines(out[""].String()) {
			stack, number := line[:strings.LastIndex(line, " ")], strings.TrimSpace(line[strings.LastIndex(line, " "):])
			ns, err := strconv.ParseInt(number, 10, 64)
			if err != nil || seen[stack] || ns <= 0 {
				t.Fatalf("%q: %v", line, err)
			}
			seen[stack] = true
			class, frames, _ := strings.Cut(stack, ";")
			if frames == "" {
				t.Errorf("%q has no stack", line)
			}
			got[class] += ns
		}
		if diff := cmp.Diff(activeTime(r), got); diff != "" {
			t.Errorf("(-result +folded):\n%s", diff)
		}
	})
}

// What names have that the format gives a meaning to does not cut stacks.
func TestFoldedNamesCannotCutStacks(t *testing.T) {
	fn := &profile.Function{ID: 1, Name: "evil;main.fake 99\nrunning;x 1"}
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "running-count", Unit: "count"}, {Type: "running", Unit: "nanoseconds"}},
		Sample:     []*profile.Sample{{Value: []int64{1, 5}, Location: []*profile.Location{{ID: 1, Line: []profile.Line{{Function: fn}}}}}},
	}
	var out bytes.Buffer
	if err := folded(&out, p); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "running;evil:main.fake 99 running:x 1 5\n" {
		t.Errorf("%q", got)
	}
}

//go:embed testdata/speedscope.schema.json
var speedscopeSchema []byte

// The file is one of speedscope's published schema, and what the schema does not say:
// frames exist, there is a weight for each stack, and they sum to the end.
func TestSpeedscopeFiles(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(speedscopeSchema))
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
	overCorpus(t, func(t *testing.T, path string) {
		r, out := exported(t, "speedscope", path, analyze.Options{}, pprof.Options{SkipAtRest: true})
		data, err := jsonschema.UnmarshalJSON(bytes.NewReader(out[""].Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(data); err != nil {
			t.Error(err)
		}
		var file speedscopeFile
		if err := json.Unmarshal(out[""].Bytes(), &file); err != nil {
			t.Fatal(err)
		}
		got := map[string]int64{}
		for _, p := range file.Profiles {
			if len(p.Samples) != len(p.Weights) {
				t.Errorf("%s: %d stacks, %d weights", p.Name, len(p.Samples), len(p.Weights))
			}
			for i, stack := range p.Samples {
				got[p.Name] += p.Weights[i]
				for _, f := range stack {
					if f < 0 || f >= len(file.Shared.Frames) {
						t.Fatalf("%s: there is no frame %d", p.Name, f)
					}
				}
			}
			if p.End != got[p.Name] {
				t.Errorf("%s ends at %d, its weights sum to %d", p.Name, p.End, got[p.Name])
			}
		}
		if diff := cmp.Diff(activeTime(r), got); diff != "" {
			t.Errorf("(-result +speedscope):\n%s", diff)
		}
		if len(file.Profiles) > 0 && got["blocked-sync"] > 0 && file.Profiles[file.Active].Name != "blocked-sync" {
			t.Errorf("the first to open is %s", file.Profiles[file.Active].Name)
		}
	})
}

// An empty scope is an empty file, not a broken one.
func TestNothingIsNoFault(t *testing.T) {
	for _, f := range []string{"folded", "speedscope", "perfetto", "csv"} {
		_, out := exported(t, f, serverTrace, analyze.Options{Group: noGroup}, pprof.Options{})
		for part, b := range out {
			if f != "folded" && b.Len() == 0 {
				t.Errorf("%s %s is empty", f, part)
			}
		}
	}
}
