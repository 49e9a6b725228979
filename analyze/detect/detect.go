// Package detect turns what an analysis measured into findings.
//
// A detector is a file of its own and a line in All. It reads a result.Result
// and nothing else, so that a finding can be made again from the JSON.
package detect

import (
	"github.com/conctrace/conctrace/analyze/result"
)

// Detector looks for one thing that goes wrong in concurrent programs.
type Detector struct {
	Name  string // kebab-case, stable
	Title string // a few words
	// Doc says what a finding means and when it is reported, in a sentence or
	// two.
	Doc string

	find func(*evidence) []candidate
}

// Options is what a user knows beyond the trace.
type Options struct {
	// CPUs is the number of cores that the program really had; 0 where it is not
	// known.
	CPUs int
}

// All is every detector, in the order in which help texts list them.
var All = []Detector{}

// evidence is what detectors look at.
type evidence struct {
	*result.Result
	opts Options
}

// candidate is a finding before it is ranked.
type candidate struct {
	result.Finding
}

// Find returns what all detectors find, ranked, at most ten; omitted is how many
// more there were.
func Find(r *result.Result, o Options) (findings []result.Finding, omitted int) {
	return []result.Finding{}, 0
}

// Severities are the values of Finding.Severity, the worst first.
var Severities = []string{"high", "medium", "low"}
