package html

import (
	"bytes"
	"os"
	"testing"

	"github.com/conctrace/conctrace/report/html/internal/bundle"
)

// The committed bundle is what the sources give: go install runs no generator.
func TestBundleIsFresh(t *testing.T) {
	files, err := bundle.Make("ui")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]byte{"page.js": files.Script, "page.css": files.Style} {
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what report/html/ui gives: run go generate ./report/html and commit it", name)
		}
	}
}
