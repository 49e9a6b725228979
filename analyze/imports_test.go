package analyze_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/conctrace/conctrace"

// mayImport is the direction of the data: what each package of the module may
// know of the others. A package that is not here fails the test, so that its
// place is decided and not found later.
var mayImport = map[string][]string{
	"analyze/internal/event":     {},
	"analyze/internal/code":      {},
	"analyze/waitkind":           {},
	"analyze/result":             {},
	"analyze/siterule":           {"analyze/waitkind"},
	"analyze/interval":           {"analyze/result", "analyze/waitkind"},
	"analyze/internal/tracefile": {},
	"analyze/internal/wire":      {"analyze/internal/event"},
	"analyze/internal/texttrace": {},
	"analyze/internal/exptrace":  {"analyze/internal/event", "analyze/internal/wire"},
	"analyze/internal/timeline":  {"analyze/internal/event", "analyze/waitkind"},
	"analyze/internal/blame":     {"analyze/internal/event", "analyze/internal/code", "analyze/internal/timeline", "analyze/waitkind"},
	"analyze/internal/collect":   {"analyze/internal/blame", "analyze/internal/event", "analyze/internal/code", "analyze/internal/timeline", "analyze/waitkind", "analyze/result", "analyze/interval", "analyze/siterule"},
	"analyze/internal/relay":     {"analyze/internal/collect", "analyze/internal/event", "analyze/internal/timeline", "analyze/waitkind", "analyze/interval", "analyze/result"},
	"analyze/internal/lanes":     {"analyze/waitkind", "analyze/interval", "analyze/result"},
	"analyze/detect":             {"analyze/internal/code", "analyze/result"},
	"analyze/settings":           {"analyze/detect", "analyze/siterule"},
	"analyze": {
		"analyze/internal/event", "analyze/internal/tracefile", "analyze/internal/wire", "analyze/internal/exptrace",
		"analyze/internal/timeline", "analyze/internal/blame", "analyze/internal/collect", "analyze/internal/relay", "analyze/internal/lanes", "analyze/waitkind", "analyze/interval", "analyze/result", "analyze/detect", "analyze/siterule",
	},
	"report/internal/units":                {},
	"report/internal/nonull":               {},
	"report/internal/plain":                {},
	"report/internal/wording":              {"analyze/result", "report/internal/units"},
	"report/pprof":                         {"analyze/interval", "analyze/result", "analyze/waitkind", "report/internal/names", "report/internal/plain"},
	"report/internal/names":                {"analyze/result"},
	"report/html/internal/bundle":          {},
	"report/html/internal/bundle/generate": {"report/html/internal/bundle"},
	"report/html":                          {"analyze/interval", "analyze/result", "analyze/waitkind", "report/internal/names", "report/internal/nonull", "report/internal/plain", "report/internal/units", "report/internal/wording"},
	"report/export":                        {"analyze/interval", "analyze/result", "analyze/waitkind", "report/internal/names", "report/internal/plain", "report/pprof"},
	"report/serve":                         {"report/html", "report/internal/plain", "report/internal/units"},
	"report":                               {"analyze/interval", "analyze/result", "report/html", "report/internal/names", "report/internal/nonull", "report/internal/units", "report/internal/wording"},
	"cmd/conctrace":                        {"analyze", "analyze/detect", "analyze/interval", "analyze/result", "analyze/settings", "analyze/waitkind", "report", "report/export", "report/html", "report/pprof", "report/serve"},
}

// only says which packages may use a module that is kept at one place.
var only = map[string]string{
	"golang.org/x/exp/trace":                "analyze/internal/exptrace",
	"github.com/spf13/cobra":                "cmd/conctrace",
	"github.com/klauspost/compress/zstd":    "analyze/internal/tracefile",
	"github.com/schollz/progressbar/v3":     "cmd/conctrace",
	"charm.land/lipgloss/v2":                "report",
	"github.com/charmbracelet/x/ansi":       "report",
	"github.com/charmbracelet/colorprofile": "report cmd/conctrace",
	"github.com/pelletier/go-toml/v2":       "analyze/settings",
	"github.com/evanw/esbuild/pkg/api":      "report/html/internal/bundle",
	"github.com/google/pprof/profile":       "analyze/internal/tracefile report/pprof report/export report/serve cmd/conctrace",
	"github.com/google/pprof/driver":        "report/serve",
}

func TestImportsPointOneWay(t *testing.T) {
	out, err := exec.Command("go", "list", "-pgo=off", "-json=ImportPath,Imports", module+"/...").Output()
	if err != nil {
		t.Skipf("go list does not run here: %v", err)
	}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for dec.More() {
		var p struct {
			ImportPath string
			Imports    []string
		}
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		if strings.HasPrefix(name, "testdata/") {
			continue
		}
		allowed, known := mayImport[name]
		if !known {
			t.Errorf("%s has no place in the direction of imports: add it to mayImport", name)
		}
		for _, imp := range p.Imports {
			if own, ok := strings.CutPrefix(imp, module+"/"); ok && !slices.Contains(allowed, own) {
				t.Errorf("%s imports %s, which is not below it", name, own)
			}
			if where, ok := only[imp]; ok && !slices.Contains(strings.Fields(where), name) {
				t.Errorf("%s imports %s, which only %s may", name, imp, where)
			}
		}
	}
}
