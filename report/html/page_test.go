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

// Nothing goes wrong wherever a reader goes.
func TestEveryViewIsQuiet(t *testing.T) {
	for _, name := range []string{
		"go1.26/server.trace", "go1.26/tasks.trace", "go1.26/at-rest.trace", "go1.26/pretrace.trace", "go1.26/tiny.trace", "go1.11/go-user-task-region.trace",
		"scenarios/s36-forced-gc.trace", "scenarios/s38-profiled-two-procs.trace", "scenarios/s41-two-lock-cycle.trace", "scenarios/idle-server.trace", "scenarios/leak.trace",
	} {
		t.Run(name, func(t *testing.T) {
			open(t, write(t, "../../testdata/traces/"+name, analyze.Options{}, html.Options{}), "").wander()
		})
	}
}
