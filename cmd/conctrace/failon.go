package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/detect"
	"github.com/conctrace/conctrace/analyze/result"
)

// never is the value of --fail-on at which no finding fails.
const never = "never"

// failOnValues is what --fail-on can be, the worst severity first.
func failOnValues() []string { return append(slices.Clone(detect.Severities), never) }

// checkFailOn refuses a --fail-on that is no severity.
func checkFailOn(value string) error {
	if !slices.Contains(failOnValues(), value) {
		return fmt.Errorf("--fail-on %q is not known; there are %s", value, strings.Join(failOnValues(), ", "))
	}
	return nil
}

// findingsError says that a trace has findings that were to fail.
type findingsError struct {
	file   string
	count  int
	failOn string
}

func (e *findingsError) Error() string {
	noun := "findings"
	if e.count == 1 {
		noun = "finding"
	}
	level := e.failOn + " or worse"
	if e.failOn == detect.Severities[0] {
		level = e.failOn
	}
	return fmt.Sprintf("%s: %d %s of severity %s (--fail-on %s)", e.file, e.count, noun, level, e.failOn)
}

// failing is an error where a result has findings at or above a severity.
func failing(r *result.Result, failOn string) error {
	least := slices.Index(detect.Severities, failOn)
	count := 0
	for _, f := range r.Findings {
		if at := slices.Index(detect.Severities, f.Severity); at >= 0 && at <= least {
			count++
		}
	}
	if count == 0 {
		return nil
	}
	return &findingsError{r.Trace.File, count, failOn}
}
