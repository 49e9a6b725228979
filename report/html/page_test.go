package html_test

import (
	"regexp"
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
	for name, o := range map[string]analyze.Options{
		"of some goroutines": {Group: regexp.MustCompile("readLoop")}, "of none": {Group: regexp.MustCompile("nothing is called so")}, "of an instant": {From: 1000, To: 1001},
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, write(t, serverTrace, o, html.Options{}), "")
			if len(p.page.log.Goroutines) > 0 {
				p.wander()
			}
		})
	}
	t.Run("with intervals merged", func(t *testing.T) {
		open(t, write(t, serverTrace, analyze.Options{}, html.Options{MaxBytes: 1}), "").wander()
	})
	t.Run("with gaps", func(t *testing.T) {
		open(t, write(t, "../../testdata/bad/generation-removed.trace", analyze.Options{}, html.Options{}), "").wander()
	})
}
