package pprof

import (
	"fmt"
	"time"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/waitkind"
	"github.com/conctrace/conctrace/report/internal/names"
)

// maxSamples is how many different samples are held, some 100 MB. What comes after
// them is summed without what tells samples of one place apart; after as many more it is
// summed by group and kind.
const maxSamples = 200_000

// Collector is an interval.Sink that sums the time by what it was and where.
type Collector struct {
	interval.Nothing
	opts   Options
	counts [waitkind.NumClasses]bool
	result *result.Result
	tables *interval.Tables
	lives  []life // by slot
	chains chains

	samples map[key]*value
	most    int              // of them
	kinds   map[kindOf]int32 // cells that stand for all of a group and kind
	coarse  int64            // ns of what is summed without all of its labels
	wakers  map[int32]string
}

// life is a goroutine that lives.
type life struct {
	g       int64
	sampled []interval.Sample // on CPU, not yet within a stretch
	waited  waited
}

// maxPending bounds the CPU samples of one stretch.
const maxPending = 100_000

// key is what makes samples the same.
type key struct {
	cell  int32
	stack int32 // with from sampled
	chain chainID
	from  source
	rough roughness
	// What follows are labels.
	censored string
	task     string
	waker    string
	culprit  int32 // frame, plus 1
}

// roughness is how much of what tells samples apart was left out.
type roughness uint8

const (
	exact roughness = iota
	byPlace
	byKind
)

// kindOf is what samples have in common that are summed by group and kind.
type kindOf struct {
	group  int
	kind   waitkind.Kind
	rule   string
	system bool
}

// value is what a sample sums.
type value struct{ count, ns int64 }

// source is where the stack of running time comes from.
type source uint8

const (
	ofWait source = iota
	sampled
	atEnd
	atEntry
)

var sources = [...]string{"", "sample", "end", "entry"}

// New returns a Collector.
func New(o Options) *Collector {
	c := &Collector{opts: o, samples: map[key]*value{}, most: maxSamples, kinds: map[kindOf]int32{}, wakers: map[int32]string{}, chains: newChains()}
	for _, class := range o.classes() {
		c.counts[class] = true
	}
	return c
}

// Begin takes the tables.
func (c *Collector) Begin(r *result.Result, t *interval.Tables) { c.result, c.tables = r, t }

// Born makes room for a goroutine.
func (c *Collector) Born(b *interval.Birth) {
	for int(b.Slot) >= len(c.lives) {
		c.lives = append(c.lives, life{})
	}
	c.lives[b.Slot] = life{g: b.G, sampled: c.lives[b.Slot].sampled[:0]}
}

// Sample keeps a CPU sample until its stretch ends.
func (c *Collector) Sample(slot int32, s *interval.Sample) {
	if slot < 0 || int(slot) >= len(c.lives) || s.Stack == 0 {
		return
	}
	if l := &c.lives[slot]; len(l.sampled) < maxPending {
		l.sampled = append(l.sampled, *s)
	}
}

// Stretch adds an interval.
func (c *Collector) Stretch(s *interval.Stretch) {
	l, cell := &c.lives[s.Slot], &c.tables.Cells[s.Cell]
	class := cell.Kind.Class()
	chain := c.chains.of(c, l, s, class)
	k := key{cell: s.Cell, chain: chain, task: s.TaskType, culprit: s.Culprit + 1, censored: s.Censored()}
	within := l.samplesOf(s)
	switch {
	case s.Ns() <= 0 || !c.wants(cell):
	case class == waitkind.Running:
		c.ran(k, s, within)
	default:
		k.waker = c.waker(s)
		c.add(k, count(s), s.Ns())
	}
}

// wants says whether time of a kind at a place is asked for.
func (c *Collector) wants(cell *interval.Cell) bool {
	return c.counts[cell.Kind.Class()] && (cell.Rule == "" || !c.opts.SkipAtRest) && (!cell.System || c.opts.System)
}

// count is 1 for the end of an interval.
func count(s *interval.Stretch) int64 {
	if s.Split {
		return 0
	}
	return 1
}

// ran spreads a stretch of running over the CPU samples inside it; without one it is
// where it ended. The samples count each, a stretch without one once.
func (c *Collector) ran(k key, s *interval.Stretch, within []interval.Sample) {
	n := int64(len(within))
	if n == 0 {
		if k.from = atEntry; s.OnStack && c.tables.Cells[s.Cell].Stack != 0 {
			k.from = atEnd
		}
		c.add(k, count(s), s.Ns())
		return
	}
	k.from = sampled
	for i, sample := range within {
		k.stack = sample.Stack
		c.add(k, 1, s.Ns()*int64(i+1)/n-s.Ns()*int64(i)/n)
	}
}

// samplesOf takes the CPU samples that lie in a stretch, and forgets older ones.
func (l *life) samplesOf(s *interval.Stretch) []interval.Sample {
	if len(l.sampled) == 0 {
		return nil
	}
	var within []interval.Sample
	later := l.sampled[:0]
	for _, sample := range l.sampled {
		switch {
		case sample.At > s.End || sample.At == s.End && s.Split:
			later = append(later, sample)
		case sample.At >= s.Start:
			within = append(within, sample)
		}
	}
	l.sampled = later
	return within
}

// add sums.
func (c *Collector) add(k key, count, ns int64) {
	v := c.samples[k]
	if v == nil {
		if k = c.fitting(k); k.rough != exact {
			c.coarse += ns
			v = c.samples[k]
		}
		if v == nil {
			v = new(value)
			c.samples[k] = v
		}
	}
	v.count += count
	v.ns += ns
}

// fitting is what a new sample is summed as when there are many already.
func (c *Collector) fitting(k key) key {
	if len(c.samples) < c.most {
		return k
	}
	rough := key{cell: k.cell, rough: byPlace, from: k.from}
	if k.from == sampled {
		rough.from = atEntry
	}
	if _, ok := c.samples[rough]; ok || len(c.samples) < 2*c.most {
		return rough
	}
	cell := &c.tables.Cells[k.cell]
	of := kindOf{cell.Group, cell.Kind, cell.Rule, cell.System}
	first, ok := c.kinds[of]
	if !ok {
		first = k.cell
		c.kinds[of] = first
	}
	return key{cell: first, rough: byKind, from: rough.from}
}

// Rough says how much of the time could not be told in full, "" for nothing.
func (c *Collector) Rough() string {
	if c.coarse == 0 {
		return ""
	}
	return fmt.Sprintf("there were too many different samples: %v of the time has no labels but those of its group and kind, and where even places were too many no stack; a window (--from, --to) or a class has fewer", time.Duration(c.coarse))
}

// waker is the function that ended a wait, "" where none did.
func (c *Collector) waker(s *interval.Stretch) string {
	if s.Waker < 0 {
		return ""
	}
	if s.WakerStack == 0 {
		if s.WakerGroup >= 0 {
			return c.result.Groups[s.WakerGroup].Name
		}
		return ""
	}
	name, ok := c.wakers[s.WakerStack]
	if !ok {
		if f, found := names.Caller(c.tables.StackOf(s.WakerStack)); found {
			name = f.Func
		}
		c.wakers[s.WakerStack] = name
	}
	return name
}
