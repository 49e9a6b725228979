package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
)

func TestFailOn(t *testing.T) {
	r := &result.Result{Trace: result.Trace{File: "a.trace"}, Findings: []result.Finding{{Severity: "medium"}, {Severity: "low"}, {Severity: "low"}, {Severity: "later addition"}}}
	for failOn, want := range map[string]string{
		"high":   "",
		"medium": "a.trace: 1 finding of severity medium or worse (--fail-on medium)",
		"low":    "a.trace: 3 findings of severity low or worse (--fail-on low)",
		"never":  "",
	} {
		err := failing(r, failOn)
		if got := fmt.Sprint(err); err != nil && got != want || err == nil && want != "" {
			t.Errorf("%s: %v, want %q", failOn, err, want)
		}
		if code := exitCode(err); (code == exitFindings) != (want != "") {
			t.Errorf("%s: exit code %d", failOn, code)
		}
		if failing(new(result.Result), failOn) != nil {
			t.Errorf("%s: an error without findings", failOn)
		}
	}
	if err := failing(&result.Result{Findings: []result.Finding{{Severity: "high"}}}, "high"); err == nil || err.Error() != ": 1 finding of severity high (--fail-on high)" {
		t.Errorf("high: %v", err)
	}
}

// What kept a trace from being analysed weighs more than what was found in
// another.
func TestExitCodesRank(t *testing.T) {
	findings := &findingsError{"a.trace", 1, "high"}
	ranked := []error{nil, findings, errors.New("cannot be opened"), &analyze.NotTraceError{}, context.Canceled}
	for i, err := range ranked[1:] {
		if below := exitCode(ranked[i]); exitCode(toldError{err}) <= below {
			t.Errorf("%v: exit code %d, not above %d", err, exitCode(err), below)
		}
	}
}

// --fail-on changes the exit code and nothing of the report.
func TestFailOnDecidesTheExitCode(t *testing.T) {
	_, never, _ := command(t, nil, "analyze", server)
	severities := map[string]int{}
	for _, f := range decode(t, nil, server).Findings {
		severities[f.Severity]++
	}
	want := map[string]bool{
		"high":   severities["high"] > 0,
		"medium": severities["high"]+severities["medium"] > 0,
		"low":    severities["high"]+severities["medium"]+severities["low"] > 0,
		"never":  false,
	}
	for failOn, fails := range want {
		code, out, errs := command(t, nil, "analyze", "--fail-on", failOn, server)
		if (code == exitFindings) != fails || (code == exitDone) == fails || out != never || (errs != "") != fails {
			t.Errorf("%s: exit %d, errors %q; want failure: %v", failOn, code, errs, fails)
		}
		if code, _, _ := command(t, nil, "analyze", "-q", "--fail-on", failOn, server, "no-such-file"); code != exitUsage {
			t.Errorf("%s and a file that is not there: exit %d", failOn, code)
		}
	}
}
