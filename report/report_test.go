package report

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A format that no one lists is a format that no one can ask for.
func TestEveryFormatIsListed(t *testing.T) {
	var declared, listed []string
	for _, file := range sources(t) {
		for _, decl := range file.Decls {
			gen, ok := decl.(*ast.GenDecl)
			if !ok || gen.Tok != token.VAR {
				continue
			}
			for _, spec := range gen.Specs {
				values := spec.(*ast.ValueSpec)
				for i, name := range values.Names {
					if i >= len(values.Values) {
						continue
					}
					literal, ok := values.Values[i].(*ast.CompositeLit)
					if !ok {
						continue
					}
					if typ, ok := literal.Type.(*ast.Ident); ok && typ.Name == "Format" {
						declared = append(declared, name.Name)
					}
					if name.Name == "Formats" {
						for _, e := range literal.Elts {
							listed = append(listed, e.(*ast.Ident).Name)
						}
					}
				}
			}
		}
	}
	if len(declared) == 0 {
		t.Fatal("found no value of type Format")
	}
	slices.Sort(declared)
	slices.Sort(listed)
	if !slices.Equal(declared, listed) {
		t.Errorf("declared formats %v, but Formats lists %v", declared, listed)
	}
}

// sources parses this package without its tests.
func sources(t *testing.T) []*ast.File {
	t.Helper()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	var files []*ast.File
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		src, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, src, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return files
}

func TestFormatsAreWhole(t *testing.T) {
	names, extensions := map[string]bool{}, map[string]bool{}
	for _, f := range Formats {
		if f.Name == "" || f.Doc == "" || f.Write == nil || len(f.Extensions) == 0 {
			t.Errorf("format %q lacks something: %+v", f.Name, f)
		}
		if names[f.Name] {
			t.Errorf("two formats are called %q", f.Name)
		}
		names[f.Name] = true
		for _, e := range f.Extensions {
			if !strings.HasPrefix(e, ".") || e != strings.ToLower(e) || extensions[e] {
				t.Errorf("extension %q of %s: wants a dot, lower case, one format", e, f.Name)
			}
			extensions[e] = true
		}
	}
}

func TestFindFormat(t *testing.T) {
	for _, tc := range []struct{ path, want string }{
		{"out.json", "json"}, {"a.b/OUT.JSON", "json"}, {"report.txt", "text"}, {"report.pdf", ""}, {"report", ""}, {"", ""},
	} {
		if f, ok := ByExtension(tc.path); f.Name != tc.want || ok != (tc.want != "") {
			t.Errorf("ByExtension(%q) = %q, %v; want %q", tc.path, f.Name, ok, tc.want)
		}
	}
	for _, name := range Names() {
		if f, ok := ByName(name); !ok || f.Name != name {
			t.Errorf("ByName(%q) = %q, %v", name, f.Name, ok)
		}
	}
	if _, ok := ByName("xml"); ok {
		t.Error("there is no format xml")
	}
}
