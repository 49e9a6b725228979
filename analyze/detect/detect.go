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

	// Scale is what the score goes by, Bounds what else there must be.
	Scale  Scale
	Bounds []Threshold

	find func(*evidence) []candidate
}

// All is every detector, in the order in which help texts list them.
var All = []Detector{
	interleavedNotParallel,
	lockSerialises,
	lockConvoy,
	readerWriterStall,
	lockOnCriticalPath,
	poolTooSmall,
	slowConsumer,
	slowProducer,
	channelPingPong,
	thunderingHerd,
	wakeBurst,
	sequentialIO,
	latencyBound,
	straggler,
	unevenLoad,
	notEnoughParallelWork,
	processorsSaturated,
	oversubscribedFanOut,
	goroutineChurn,
	busyYield,
	sleepPoll,
	timerConvoy,
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

// Run fills in the findings and the verdict of a result, by the detectors' own
// thresholds but for what is set otherwise.
func Run(r *result.Result, set Settings) {
	e := &evidence{Result: sound(r)}
	var found []candidate
	for i := range All {
		d := &All[i]
		if e.tooLittle() && d.Name != dataQuality.Name || d.whole && e.filtered() || set[d.Name].Off {
			continue
		}
		found = append(found, d.run(e.Result, set[d.Name])...)
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

// run is what a detector finds.
func (d *Detector) run(r *result.Result, set Setting) []candidate {
	e := &evidence{Result: r, detector: d, setting: set}
	var found []candidate
	for _, c := range d.find(e) {
		c.Groups, c.Victims = e.valid(c.Groups...), e.valid(c.Victims...)
		if e.finish(&c) && !e.trifle(&c) {
			found = append(found, c)
		}
	}
	return found
}

// candidate is a finding before it is ranked.
type candidate struct {
	result.Finding
	value float64 // what the score goes by, on the detector's scale
	// atMost bounds the severity; "" does not.
	atMost string
	// clause completes the verdict's sentence. meanwhile says that it tells what the
	// goroutines did that had no processor: "… busy while others queued".
	clause    string
	meanwhile bool
	// about names the root cause where findings that do not share it may look as
	// if they did.
	about string
	// classes are the locks or channels that it is about, join the fork-join, if it is
	// about any: findings about two are about two things.
	classes []*result.SiteClass
	join    *result.Join
	also    []*result.SiteClass // of which the loss is in it, too
}

// finish gives a candidate of the detector at work its score and severity, and
// reports whether it is a finding.
func (e *evidence) finish(c *candidate) bool {
	d := e.detector
	c.Detector, c.Title = d.Name, d.Title
	if c.Remedy == "" {
		c.Remedy = d.remedy
	}
	if c.Caveat == "" {
		c.Caveat = d.caveat
	}
	c.Score = e.scored(c.value)
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
	{readerWriterStall.Name, []string{lockConvoy.Name, lockSerialises.Name, lockOnCriticalPath.Name, interleavedNotParallel.Name}},
	{lockConvoy.Name, []string{lockSerialises.Name, lockOnCriticalPath.Name, interleavedNotParallel.Name}},
	{channelPingPong.Name, []string{interleavedNotParallel.Name, slowConsumer.Name, slowProducer.Name, notEnoughParallelWork.Name}},
	{thunderingHerd.Name, []string{wakeBurst.Name, interleavedNotParallel.Name, processorsSaturated.Name, notEnoughParallelWork.Name}},
	{poolTooSmall.Name, []string{slowConsumer.Name, slowProducer.Name, latencyBound.Name, interleavedNotParallel.Name}},
	{straggler.Name, []string{unevenLoad.Name, notEnoughParallelWork.Name, interleavedNotParallel.Name}},
	{unevenLoad.Name, []string{straggler.Name, notEnoughParallelWork.Name, interleavedNotParallel.Name}},
	{goroutineChurn.Name, []string{oversubscribedFanOut.Name, processorsSaturated.Name}},
	{oversubscribedFanOut.Name, []string{cpuHogDelaysIO.Name, lateTimers.Name, longRun.Name, processorsSaturated.Name, wakeBurst.Name}},
	{wakeBurst.Name, []string{processorsSaturated.Name}},
	{timerConvoy.Name, []string{wakeBurst.Name, oversubscribedFanOut.Name, processorsSaturated.Name}},
	{busyYield.Name, []string{processorsSaturated.Name, longRun.Name}},
	{lockSerialises.Name, []string{interleavedNotParallel.Name, lockOnCriticalPath.Name}},
	{lockOnCriticalPath.Name, []string{interleavedNotParallel.Name}},
	{slowConsumer.Name, []string{slowProducer.Name, interleavedNotParallel.Name, notEnoughParallelWork.Name}},
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
				if !gone[j] && slices.Contains(rule.explains, found[j].Detector) && !overshadows(&found[j], &found[i]) && sameCause(&found[i], &found[j]) {
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

// overshadows says whether a finding about a lock or channel is too much worse than another
// to be a part of it.
func overshadows(one, other *candidate) bool {
	return len(one.classes) > 0 && one.Score >= highScore && other.Score < mediumScore
}

// sameCause says whether a specific finding explains a general one: as it accounts
// for half of the processors that the other lost, or else as both name one place, or
// the goroutines that the other speaks of first. Of two about one fork-join the one
// counts that tells of more.
func sameCause(specific, general *candidate) bool {
	shares := func(classes []*result.SiteClass) bool {
		return slices.ContainsFunc(general.classes, func(c *result.SiteClass) bool { return slices.Contains(classes, c) })
	}
	if shares(specific.also) {
		return true
	}
	if specific.about != general.about {
		return false
	}
	if len(general.classes) > 0 && len(specific.classes) > 0 {
		return shares(specific.classes)
	}
	if specific.join != nil && general.join != nil {
		return specific.join == general.join && specific.LostNs >= general.LostNs
	}
	if specific.about != "" {
		return true
	}
	if specific.LostOf == "processors" && general.LostOf == "processors" && len(general.classes) == 0 {
		return specific.LostNs*2 >= general.LostNs
	}
	return specific.Culprit != "" && specific.Culprit == general.Culprit || len(general.Groups) > 0 && slices.Contains(specific.Groups, general.Groups[0])
}
