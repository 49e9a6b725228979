package collect

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"
)

// TestEveryCollectorIsListed finds the types that have a collector's methods and
// holds them against what New makes.
func TestEveryCollectorIsListed(t *testing.T) {
	methods := map[string]map[string]bool{}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".go") || strings.HasSuffix(e.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), e.Name(), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv == nil {
				continue
			}
			star, ok := fn.Recv.List[0].Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			id, ok := star.X.(*ast.Ident)
			if !ok {
				continue // generic
			}
			name := id.Name
			if methods[name] == nil {
				methods[name] = map[string]bool{}
			}
			methods[name][fn.Name.Name] = true
		}
	}
	listed := map[string]bool{"Set": true} // the set itself
	for _, c := range New(Options{}, nil).list {
		listed[strings.TrimPrefix(fmt.Sprintf("%T", c), "*collect.")] = true
	}
	for name, has := range methods {
		if has["Finish"] && !listed[name] {
			t.Errorf("%s collects and is not listed in New", name)
		}
	}
	if len(listed) < 5 {
		t.Errorf("only %v listed", listed)
	}
}
