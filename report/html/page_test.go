package html_test

import (
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/report/html"
)

const serverTrace = "../../testdata/traces/go1.26/server.trace"

// The page opens from a file: it asks for nothing else, and nothing goes wrong.
func TestPageOpens(t *testing.T) {
	for name, path := range map[string]string{
		"server": serverTrace, "idle server": "../../testdata/traces/scenarios/idle-server.trace",
		"tiny": "../../testdata/traces/go1.26/tiny.trace", "old": "../../testdata/traces/go1.11/go-user-task-region.trace",
	} {
		t.Run(name, func(t *testing.T) {
			open(t, write(t, path, analyze.Options{}, html.Options{}), "")
		})
	}
}
