package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Summaries of several traces are one document, each under its own title: an empty line
// ends what the one before it had folded.
func TestMarkdownOfSeveralTraces(t *testing.T) {
	path := filepath.Join(t.TempDir(), "summary.md")
	for _, flags := range [][]string{nil, {"--quiet"}} {
		code, _, errs := command(t, nil, append([]string{"analyze", server, tasks, "-o", path}, flags...)...)
		out, err := os.ReadFile(path)
		if code != 0 || err != nil {
			t.Fatalf("exit %d, %v: %s", code, err, errs)
		}
		first, second, _ := strings.Cut(string(out), "\n\n## conctrace: `"+tasks+"`\n\n")
		if !strings.HasPrefix(first, "## conctrace: `"+server+"`\n\n") || !strings.Contains(second, "**") {
			t.Errorf("%v: not two summaries:\n%s", flags, out)
		}
	}
}

// Who reads it does not sit at the terminal of the CI job that wrote it.
func TestMarkdownIgnoresTheTerminal(t *testing.T) {
	_, want, _ := command(t, nil, "analyze", server, "-f", "markdown")
	if !strings.Contains(want, "µs") {
		t.Fatalf("no letter outside ASCII in\n%s", want)
	}
	var out bytes.Buffer
	dumb := map[string]string{"TERM": "dumb", "LANG": "C", "COLUMNS": "40", "CLICOLOR_FORCE": "1"}
	code := run(context.Background(), []string{"analyze", server, "-f", "markdown"}, streams{nil, &out, &out}, func(key string) string { return dumb[key] })
	if code != 0 || out.String() != want {
		t.Errorf("exit %d, with a dumb terminal:\n%s", code, out.String())
	}
	if _, ascii, _ := command(t, nil, "analyze", server, "-f", "markdown", "--ascii"); strings.ContainsFunc(ascii, func(r rune) bool { return r > '~' }) {
		t.Errorf("not ASCII, though asked for:\n%s", ascii)
	}
}
