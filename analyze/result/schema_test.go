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

// schema is as much of a JSON Schema as schema.json uses.
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

func readSchema(t *testing.T) *schema {
	t.Helper()
	s := new(schema)
	if err := json.Unmarshal(Schema, s); err != nil {
		t.Fatal(err)
	}
	return s
}

// The schema describes the Go types, field by field, and nothing else.
func TestSchemaMatchesTypes(t *testing.T) {
	root := readSchema(t)
	m := matcher{t: t, root: root, used: map[string]bool{}}
	m.match("result", reflect.TypeFor[Result](), root)
	for name := range root.Defs {
		if !m.used[name] {
			t.Errorf("$defs/%s is not used", name)
		}
	}
	if root.Properties["schema_version"].Const == nil || *root.Properties["schema_version"].Const != SchemaVersion {
		t.Errorf("schema_version is not the constant %d", SchemaVersion)
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
	for i := range typ.NumField() {
		name, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		if name == "" {
			m.t.Errorf("%s: field %s has no JSON name", path, typ.Field(i).Name)
			continue
		}
		fields[name] = true
		if options == "" {
			always = append(always, name)
		}
		m.match(path+"."+name, typ.Field(i).Type, s.Properties[name])
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

func TestResultsFollowSchema(t *testing.T) {
	compiled := compile(t)
	for name, r := range map[string]Result{"rich": richResult(), "empty": emptyResult()} {
		if err := compiled.Validate(instance(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The schema is there to be failed: each of these must not pass.
func TestSchemaRejects(t *testing.T) {
	compiled := compile(t)
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

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema))
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

// instance is a Result as a JSON consumer sees it.
func instance(t *testing.T, r Result) any {
	t.Helper()
	encoded, err := json.Marshal(r)
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
	var r Result
	fill(reflect.ValueOf(&r).Elem())
	r.SchemaVersion, r.Verdict.Label = SchemaVersion, "parallel"
	r.Groups[0].Verdict, r.Sites[0].Class = "mixed", "blocked-io"
	return r
}

func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i))
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.Map:
		elem := reflect.New(v.Type().Elem()).Elem()
		fill(elem)
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
		Tasks:       []Span{},
		Regions:     []Span{},
		Logs:        []LogCount{},
		GC:          GC{STW: []STW{}},
	}
}
