package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/conctrace/conctrace/analyze/result"
)

func jsonOf(t *testing.T, r *result.Result) string {
	t.Helper()
	var b bytes.Buffer
	if err := jsonFormat.Write(&b, Document{Result: r}, Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestRoundTripRendersTheSame(t *testing.T) {
	for name, build := range fixtures {
		t.Run(name, func(t *testing.T) {
			before := build()
			before.SchemaVersion = result.SchemaVersion
			encoded := jsonOf(t, before)
			after, err := ReadJSON(strings.NewReader(encoded))
			if err != nil {
				t.Fatal(err)
			}
			if name != "hostile" { // invalid UTF-8 does not survive JSON
				if diff := cmp.Diff(before, after, cmpopts.EquateEmpty()); diff != "" {
					t.Errorf("the Result changed (-before +after):\n%s", diff)
				}
				if again := jsonOf(t, after); again != encoded {
					t.Errorf("the JSON changed:\n%s", cmp.Diff(encoded, again))
				}
			}
			o := Options{Goroutines: true, Width: 120}
			if diff := cmp.Diff(textOf(t, before, o), textOf(t, after, o)); diff != "" {
				t.Errorf("the text changed (-before +after):\n%s", diff)
			}
		})
	}
}

func TestJSONShape(t *testing.T) {
	empty := jsonOf(t, new(result.Result))
	if strings.Contains(empty, "null") {
		t.Errorf("null in the JSON of an empty Result:\n%s", empty)
	}
	if !strings.HasPrefix(empty, "{\n  \"schema_version\": 0,\n") || !strings.HasSuffix(empty, "}\n") {
		t.Errorf("not indented, or no newline at the end:\n%s", empty)
	}
	r := new(result.Result)
	r.Trace.File = "<a>&b"
	if out := jsonOf(t, r); !strings.Contains(out, `"<a>&b"`) {
		t.Errorf("a name is escaped as if for HTML:\n%s", out)
	}
	checkGolden(t, "rich.json", jsonOf(t, rich()))
}

// Writing must not touch the Result, which others still use.
func TestJSONLeavesResultAlone(t *testing.T) {
	r := new(result.Result)
	jsonOf(t, r)
	if r.Groups != nil || r.Time.Kinds != nil {
		t.Error("writing JSON filled lists of the Result in")
	}
}

func TestJSONFollowsSchema(t *testing.T) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(result.Schema))
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
	for _, name := range []string{"rich", "idle", "damaged", "empty"} {
		r := fixtures[name]()
		if name == "empty" {
			r.SchemaVersion, r.Verdict.Label = result.SchemaVersion, "too-little-data"
		}
		instance, err := jsonschema.UnmarshalJSON(strings.NewReader(jsonOf(t, r)))
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(instance); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestReadJSONRejects(t *testing.T) {
	for in, want := range map[string]string{
		"":                                  "EOF",
		"go 1.22 trace\x00":                 "invalid character",
		`{"verdict": {}}`:                   "no schema_version",
		`{"schema_version": 2}`:             "schema version 2",
		`{"schema_version": 0}`:             "schema version 0",
		`{"schema_version": "1"}`:           "schema_version",
		`[1]`:                               "cannot unmarshal",
		`{"schema_version": 1} {}`:          "one result at a time",
		`{"schema_version": 1, "tasks": 3}`: "tasks",
	} {
		if _, err := ReadJSON(strings.NewReader(in)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadJSON(%q): error %v, want one with %q", in, err, want)
		}
	}
	r, err := ReadJSON(strings.NewReader(`{"schema_version": 1, "later_addition": [1], "verdict": {"label": "idle"}}`))
	if err != nil || r.Verdict.Label != "idle" {
		t.Errorf("an unknown field is not passed over: %v, %v", r, err)
	}
}

func TestWriteErrorsAreReturned(t *testing.T) {
	file, err := os.Open(os.DevNull) // for reading only
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, f := range Formats {
		if err := f.Write(file, Document{Result: rich()}, Options{}); err == nil {
			t.Errorf("%s: no error from a writer that fails", f.Name)
		}
	}
	bad := rich()
	bad.Concurrency.AverageRunning = 0
	bad.Concurrency.AverageRunning /= bad.Concurrency.AverageRunning
	var unsupported *json.UnsupportedValueError
	if err := jsonFormat.Write(new(bytes.Buffer), Document{Result: bad}, Options{}); !errors.As(err, &unsupported) {
		t.Errorf("NaN: error %v", err)
	}
}

// Whatever JSON says, the text report keeps its bounds.
func FuzzText(f *testing.F) {
	for _, build := range fixtures {
		r := build()
		r.SchemaVersion = result.SchemaVersion
		var b bytes.Buffer
		if err := writeJSON(&b, Document{Result: r}, Options{}); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes(), 80)
	}
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		r, err := ReadJSON(bytes.NewReader(data))
		if err != nil {
			return
		}
		o := Options{Width: leastWidth + (width&0x7fffffff)%200, Goroutines: true, ASCII: width%2 == 0}
		checkBounds(t, o, textOf(t, r, o))
	})
}
