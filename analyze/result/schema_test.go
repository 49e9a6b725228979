package result

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// documents are the JSON documents that have a schema each.
var documents = map[string]struct {
	schema []byte
	typ    reflect.Type
	rich   func() any
	empty  func() any
}{
	"schema.json": {Schema, reflect.TypeFor[Result](), func() any { return richResult() }, func() any { return emptyResult() }},
	"explain.schema.json": {
		ExplanationSchema, reflect.TypeFor[Explanation](),
		func() any { return richly(Explanation{}) },
		func() any {
			return Explanation{SchemaVersion: SchemaVersion, Groups: []GroupID{}, Stories: []Story{}, Notes: []string{}}
		},
	},
	"path.schema.json": {
		PathSchema, reflect.TypeFor[PathReport](),
		func() any { return richly(PathReport{}) },
		func() any {
			return PathReport{SchemaVersion: SchemaVersion, Groups: []GroupID{}, Paths: []CriticalPath{}, Notes: []string{}}
		},
	},
}

// schema is as much of a JSON Schema as the schemas here use.
type schema struct {
	Ref                  string             `json:"$ref"`
	Type                 string             `json:"type"`
	Description          string             `json:"description"`
	Required             []string           `json:"required"`
	Properties           map[string]*schema `json:"properties"`
	Items                *schema            `json:"items"`
	AdditionalProperties *schema            `json:"additionalProperties"`
	Const                *int               `json:"const"`
	Enum                 []string           `json:"enum"`
	Defs                 map[string]*schema `json:"$defs"`
}

func readSchema(t *testing.T, document []byte) *schema {
	t.Helper()
	s := new(schema)
	if err := json.Unmarshal(document, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// The schemas describe the Go types, field by field, and nothing else.
func TestSchemasMatchTypes(t *testing.T) {
	for name, d := range documents {
		t.Run(name, func(t *testing.T) {
			root := readSchema(t, d.schema)
			m := matcher{t: t, root: root, used: map[string]bool{}}
			m.match("", d.typ, root)
			for name := range root.Defs {
				if !m.used[name] {
					t.Errorf("$defs/%s is not used", name)
				}
			}
			if root.Properties["schema_version"].Const == nil || *root.Properties["schema_version"].Const != SchemaVersion {
				t.Errorf("schema_version is not the constant %d", SchemaVersion)
			}
		})
	}
}

// Each schema stands by itself, so that what they have in common is there more
// than once.
func TestSchemasAgree(t *testing.T) {
	seen := map[string]*schema{}
	for file, d := range documents {
		for name, def := range readSchema(t, d.schema).Defs {
			if seen[name] != nil && !reflect.DeepEqual(seen[name], def) {
				t.Errorf("%s: $defs/%s is not what it is in another schema", file, name)
			}
			seen[name] = def
		}
	}
}

// matcher walks a type and a schema side by side.
type matcher struct {
	t    *testing.T
	root *schema
	used map[string]bool
}

func (m matcher) match(path string, typ reflect.Type, s *schema) {
	m.t.Helper()
	if s == nil {
		m.t.Errorf("%s: not in the schema", path)
		return
	}
	described := s.Description != ""
	if name, ok := strings.CutPrefix(s.Ref, "#/$defs/"); ok {
		if m.used[name] {
			return
		}
		m.used[name] = true
		if s = m.root.Defs[name]; s == nil {
			m.t.Errorf("%s: no $defs/%s", path, name)
			return
		}
		described = described || s.Description != ""
	}
	if !described {
		m.t.Errorf("%s: no description", path)
	}
	if typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	if want := jsonType(typ); s.Type != want && s.Const == nil {
		m.t.Errorf("%s: type %q, want %q", path, s.Type, want)
	}
	switch typ.Kind() {
	case reflect.Struct:
		m.matchFields(path, typ, s)
	case reflect.Slice:
		m.match(path+"[]", typ.Elem(), s.Items)
	case reflect.Map:
		if typ.Elem().Kind() == reflect.Struct {
			m.match(path+"{}", typ.Elem(), s.AdditionalProperties)
		}
	}
}

// matchFields compares the fields and which of them are always there.
func (m matcher) matchFields(path string, typ reflect.Type, s *schema) {
	m.t.Helper()
	var always []string
	fields := map[string]bool{}
	for _, f := range reflect.VisibleFields(typ) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Anonymous && name == "":
			continue // its fields are visible by themselves
		case name == "":
			m.t.Errorf("%s: field %s has no JSON name", path, f.Name)
			continue
		}
		fields[name] = true
		if options == "" {
			always = append(always, name)
		}
		m.match(path+"."+name, f.Type, s.Properties[name])
	}
	for name := range maps.Keys(s.Properties) {
		if !fields[name] {
			m.t.Errorf("%s.%s: in the schema, not in the type", path, name)
		}
	}
	slices.Sort(always)
	if required := slices.Sorted(slices.Values(s.Required)); !slices.Equal(required, always) {
		m.t.Errorf("%s: required %v, but always there are %v", path, required, always)
	}
}

func jsonType(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct, reflect.Map:
		return "object"
	case reflect.Slice:
		return "array"
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Float64:
		return "number"
	}
	return "integer"
}

func TestDocumentsFollowSchemas(t *testing.T) {
	for name, d := range documents {
		compiled := compile(t, d.schema)
		for _, document := range []any{d.rich(), d.empty()} {
			if err := compiled.Validate(instance(t, document)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// The schema is there to be failed: each of these must not pass.
func TestSchemaRejects(t *testing.T) {
	compiled := compile(t, Schema)
	for name, spoil := range map[string]func(r map[string]any){
		"other version":    func(r map[string]any) { r["schema_version"] = json.Number("2") },
		"missing verdict":  func(r map[string]any) { delete(r, "verdict") },
		"unknown label":    func(r map[string]any) { r["verdict"].(map[string]any)["label"] = "fine" },
		"null list":        func(r map[string]any) { r["groups"] = nil },
		"fractional ns":    func(r map[string]any) { r["time"].(map[string]any)["running_ns"] = json.Number("1.5") },
		"negative time":    func(r map[string]any) { r["time"].(map[string]any)["running_ns"] = json.Number("-1") },
		"missing subfield": func(r map[string]any) { delete(r["gc"].(map[string]any), "cycles") },
	} {
		r := instance(t, richResult()).(map[string]any)
		spoil(r)
		if compiled.Validate(r) == nil {
			t.Errorf("%s: passes", name)
		}
	}
	r := instance(t, richResult()).(map[string]any)
	r["later_addition"] = true
	if err := compiled.Validate(r); err != nil {
		t.Errorf("an additional field must pass: %v", err)
	}
}

func compile(t *testing.T, document []byte) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		t.Fatal(err)
	}
	compiled, err := c.Compile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return compiled
}

// instance is a document as a JSON consumer sees it.
func instance(t *testing.T, document any) any {
	t.Helper()
	encoded, err := json.Marshal(document)
	if err != nil {
		t.Fatal(err)
	}
	decoded, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// richResult has something in every field, optional ones included.
func richResult() Result {
	r := richly(Result{})
	r.Verdict.Label = "parallel"
	r.Groups[0].Verdict, r.Sites[0].Class = "mixed", "blocked-io"
	return r
}

// richly fills in every field of a document.
func richly[T any](document T) T {
	v := reflect.ValueOf(&document).Elem()
	fill(v)
	v.FieldByName("SchemaVersion").SetInt(SchemaVersion)
	return document
}

// fill gives a value to everything in v. Of a type within itself the inner one
// stays empty.
func fill(v reflect.Value, around ...reflect.Type) {
	switch v.Kind() {
	case reflect.Struct:
		if slices.Contains(around, v.Type()) {
			return
		}
		around = append(around, v.Type())
		for i := range v.NumField() {
			fill(v.Field(i), around...)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), around...)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), around...)
	case reflect.Map:
		elem := reflect.New(v.Type().Elem()).Elem()
		fill(elem, around...)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(reflect.ValueOf("blocked-sync/mutex"), elem)
	case reflect.String:
		v.SetString("text")
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1.5)
	default:
		v.SetInt(7)
	}
}

// emptyResult is what an analysis that saw nothing makes: empty lists, no nil.
func emptyResult() Result {
	empty := Time{Kinds: map[string]int64{}}
	return Result{
		SchemaVersion: SchemaVersion,
		Verdict:       Verdict{Label: "too-little-data"},
		Findings:      []Finding{},
		Trace:         Trace{Gomaxprocs: []Gomaxprocs{}, Warnings: []Warning{}},
		Time:          empty,
		SystemTime:    empty,
		Waits:         Latencies{},
		Concurrency: Concurrency{
			RunningHistogramNs: []int64{},
			LatencyCauseNs:     map[string]int64{},
			StalledCauseNs:     map[string]int64{},
			InterleavedCauseNs: map[string]int64{},
			ParallelKindNs:     map[string]int64{},
			Longest:            map[string][]Moment{},
			Phases:             []Phase{},
		},
		Scheduler:   Scheduler{LatencyByOrigin: Latencies{}},
		Groups:      []Group{},
		Sites:       []Site{},
		SiteClasses: []SiteClass{},
		Patterns:    Patterns{PingPongs: []PingPong{}, Volleys: []Volley{}, Joins: []Join{}, SleepLoops: []SleepLoop{}, YieldLoops: []YieldLoop{}, Stages: []Stage{}},
		Blame:       Blame{Pieces: []Piece{}, Edges: []Edge{}, Knots: []Knot{}},
		Tasks:       []Span{},
		Regions:     []Span{},
		Logs:        []LogCount{},
		GC:          GC{STW: []STW{}},
	}
}
