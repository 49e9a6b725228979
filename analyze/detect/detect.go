// Package detect turns what an analysis measured into findings and a verdict.
//
// A detector is a file of its own and a line in All. It reads a result.Result
// and nothing else, so that a finding can be made again from the JSON. Triggers
// and bounds follow methods.md section 4; where one is different, the detector
// says why.
package detect

import (
	"cmp"
	"slices"
	"time"

	"github.com/conctrace/conctrace/analyze/result"
)

// Detector looks for one thing that goes wrong in concurrent programs.
type Detector struct {
	Name  string // kebab-case, stable
	Title string // a few words
	// Doc says what a finding means and when it is reported, in a sentence or
	// two.
	Doc string

	// whole detectors speak of the whole program, and have nothing to say where
	// only some goroutines were asked for.
	whole bool

	remedy string // what a developer can do
	caveat string // why a finding may be wrong

	find func(*evidence) []candidate
}

// All is every detector, in the order in which help texts list them.
var All = []Detector{
	interleavedNotParallel,
	lockSerialises,
	lockOnCriticalPath,
	slowConsumer,
	slowProducer,
	sequentialIO,
	latencyBound,
	notEnoughParallelWork,
	processorsSaturated,
	cpuHogDelaysIO,
	lateTimers,
	longRun,
	syscallsHoldProcessors,
	gcTakesProcessors,
	stopTheWorld,
	idleWhileReady,
	oversubscribedMachine,
	waitKnot,
	stuckGoroutines,
	goroutineLeak,
	dataQuality,
}

// Severities are the values of Finding.Severity, the worst first.
var Severities = []string{"high", "medium", "low"}

// Scores from which on a finding has a severity. What is below low is not
// reported.
const (
	highScore   = 75
	mediumScore = 50
	lowScore    = 25
)

// maxFindings is how many findings are listed.
const maxFindings = 10

// What is too little to say anything: methods.md section 4.
const (
	leastDuration = 20 * time.Millisecond
	leastWindow   = time.Millisecond
	leastEvents   = 100
)

// Run fills in the findings and the verdict of a result.
func Run(r *result.Result) {
	e := &evidence{Result: r}
	var found []candidate
	for _, d := range All {
		if e.tooLittle() && d.Name != dataQuality.Name || d.whole && e.filtered() {
			continue
		}
		for _, c := range d.find(e) {
			c.Groups, c.Victims = e.valid(c.Groups...), e.valid(c.Victims...)
			if c.finish(d) && !e.trifle(&c) {
				found = append(found, c)
			}
		}
	}
	found = merged(found)
	slices.SortStableFunc(found, func(x, y candidate) int {
		return cmp.Compare(y.Score, x.Score)
	})
	r.Findings = make([]result.Finding, 0, min(len(found), maxFindings))
	for _, c := range found[:min(len(found), maxFindings)] {
		r.Findings = append(r.Findings, c.Finding)
	}
	r.FindingsOmitted = max(0, len(found)-maxFindings)
	explains(r)
	r.Verdict = e.verdict(found)
}

// candidate is a finding before it is ranked.
type candidate struct {
	result.Finding
	// value is what the score goes by, with the lower and the upper threshold.
	value, low, high float64
	// atMost bounds the severity; "" does not.
	atMost string
	// clause completes the verdict's sentence. meanwhile says that it tells what the
	// goroutines did that had no processor: "… busy while others queued".
	clause    string
	meanwhile bool
	// about names the root cause where findings that do not share it may look as
	// if they did.
	about string
}

// finish gives a candidate its score and severity, and reports whether it is a
// finding.
func (c *candidate) finish(d Detector) bool {
	c.Detector, c.Title = d.Name, d.Title
	if c.Remedy == "" {
		c.Remedy = d.remedy
	}
	if c.Caveat == "" {
		c.Caveat = d.caveat
	}
	c.Score = score(c.value, c.low, c.high)
	switch c.atMost {
	case "medium":
		c.Score = min(c.Score, highScore-1)
	case "low":
		c.Score = min(c.Score, mediumScore-1)
	}
	switch {
	case c.Score >= highScore:
		c.Severity = "high"
	case c.Score >= mediumScore:
		c.Severity = "medium"
	default:
		c.Severity = "low"
	}
	if c.Groups == nil {
		c.Groups = []int{}
	}
	if c.Victims == nil {
		c.Victims = []int{}
	}
	if c.Stacks == nil {
		c.Stacks = []result.RoleStack{}
	}
	if c.At == nil {
		c.At = []result.Moment{}
	}
	return c.Score >= lowScore
}

// trifle says whether a finding is about too little time to matter: under 1 % of
// the scope and under a millisecond.
func (e *evidence) trifle(c *candidate) bool {
	return c.Detector != dataQuality.Name && c.LostNs < int64(time.Millisecond) && c.LostNs*100 < e.length()
}

// specific lists, for each detector, those whose findings it explains better when
// they are about the same.
var specific = []struct {
	name     string
	explains []string
}{
	{lockSerialises.Name, []string{interleavedNotParallel.Name, lockOnCriticalPath.Name}},
	{lockOnCriticalPath.Name, []string{interleavedNotParallel.Name}},
	{slowConsumer.Name, []string{interleavedNotParallel.Name, notEnoughParallelWork.Name}},
	{slowProducer.Name, []string{interleavedNotParallel.Name, notEnoughParallelWork.Name}},
	{interleavedNotParallel.Name, []string{notEnoughParallelWork.Name}},
	{waitKnot.Name, []string{interleavedNotParallel.Name, latencyBound.Name}},
	{sequentialIO.Name, []string{latencyBound.Name}},
	{cpuHogDelaysIO.Name, []string{lateTimers.Name, longRun.Name, processorsSaturated.Name}},
	{lateTimers.Name, []string{longRun.Name}},
	{syscallsHoldProcessors.Name, []string{processorsSaturated.Name, longRun.Name}},
	{longRun.Name, []string{processorsSaturated.Name}},
	{goroutineLeak.Name, []string{stuckGoroutines.Name, slowConsumer.Name}},
	{oversubscribedMachine.Name, []string{processorsSaturated.Name}},
	{gcTakesProcessors.Name, []string{stopTheWorld.Name}},
}

// merged leaves one finding per root cause, the most specific. A general finding
// stays if it tells of more than twice what the specific one does.
func merged(found []candidate) []candidate {
	gone := map[int]bool{}
	for _, rule := range specific {
		for i := range found {
			if gone[i] || found[i].Detector != rule.name {
				continue
			}
			for j := range found {
				if !gone[j] && slices.Contains(rule.explains, found[j].Detector) && sameCause(&found[i], &found[j]) {
					gone[j] = true
					found[i].Merged = append(append(found[i].Merged, found[j].Detector), found[j].Merged...)
				}
			}
		}
	}
	var out []candidate
	for i := range found {
		if !gone[i] {
			slices.Sort(found[i].Merged)
			found[i].Merged = slices.Compact(found[i].Merged)
			out = append(out, found[i])
		}
	}
	return out
}

// sameCause says whether a specific finding explains a general one: as it accounts
// for half of the processors that the other lost, or else as both speak first of the
// same goroutines.
func sameCause(specific, general *candidate) bool {
	if specific.about != general.about {
		return false
	}
	if specific.about != "" {
		return true
	}
	if specific.LostOf == "processors" && general.LostOf == "processors" {
		return specific.LostNs*2 >= general.LostNs
	}
	return len(specific.Groups) > 0 && len(general.Groups) > 0 && specific.Groups[0] == general.Groups[0]
}
