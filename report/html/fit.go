package html

import (
	"cmp"
	"math"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/interval"
)

// fitted is the log as an element of the page holds it, and what of the trace it has.
type fitted struct {
	text string
	kept kept
}

// fit packs the log into so many bytes; advice is what to do if it does not fit. It is packed as it is, and made coarser by as
// much as it is too large, until it fits, or until nothing but what the report points
// to is left: then the smallest that was found is taken.
func fit(log *interval.Log, most int, advice string) (fitted, error) {
	var best fitted
	room := float64(max(most, 1))
	for try := 0; ; try++ {
		now, sizes, err := pack(log, advice)
		if err != nil {
			return best, err
		}
		if best.text == "" || len(now.text) < len(best.text) {
			best = now
		}
		if len(now.text) <= most || try == mostTries || !coarser(log, room/float64(len(now.text)), sizes) {
			return best, nil
		}
	}
}

// mostTries bounds how often a page is packed. It mostly fits after two.
const mostTries = 12

// sizes are the shares of a block, before it is compressed, that can be made smaller:
// the intervals, the sums of merged ones, and what stands beside them.
type sizes struct{ intervals, rest, beside float64 }

func pack(log *interval.Log, advice string) (fitted, sizes, error) {
	raw, columns, err := logBlock(log, advice)
	if err != nil {
		return fitted{}, sizes{}, err
	}
	text, err := packed(raw)
	if err != nil {
		return fitted{}, sizes{}, err
	}
	var s sizes
	for _, c := range columns {
		share := float64(c.Size) / float64(len(raw))
		switch group, _, _ := strings.Cut(c.Name, "."); group {
		case "iv", "go":
			s.intervals += share
		case "rest", "lat", "procs":
			s.rest += share
		case "task", "region", "log", "sample", "heap", "range":
			s.beside += share
		}
	}
	return fitted{text, keptOf(log, advice)}, s, nil
}

// restShare is how much of the room the sums of merged intervals may take, besideShare
// how much what stands beside the intervals.
const (
	restShare   = 0.4
	besideShare = 0.3
)

// leastBins is how few bins merged intervals are told by at least, leastBeside how few
// tasks and the like there are.
const (
	leastBins   = 64
	leastBeside = 500
)

// coarser makes the log take about a share of what it did. It reports false when
// nothing is left that could be smaller.
func coarser(log *interval.Log, share float64, s sizes) bool {
	share = min(share, 1)
	other := 1 - s.intervals - s.rest - s.beside
	done := false
	for s.rest > restShare*share && log.Bins() > leastBins {
		log.Widen()
		s.rest *= widened
		done = true
	}
	for s.beside > besideShare*share && fewer(log) {
		s.beside /= 2
		done = true
	}
	of := (share - other - s.rest - s.beside) / max(s.intervals, 1e-9)
	switch below := lengthOf(log, max(0, of)); {
	case below > log.BelowNs && (of > 0 || log.Bins() <= leastBins):
		log.Coarsen(below)
		return true
	case log.Bins() > leastBins:
		log.Widen()
		return true
	}
	return done || fewer(log)
}

// widened is about what is left of the sums when bins become twice as long.
const widened = 0.6

// fewer halves what stands beside the intervals: of what has a length the longest
// stay, of log lines the first, and of what is told again and again every second.
func fewer(log *interval.Log) bool {
	before := len(log.Tasks) + len(log.Regions) + len(log.Ranges) + len(log.Logs) + len(log.Samples) + len(log.Heap)
	log.Tasks = longer(log.Tasks, func(t *interval.Task) int64 { return t.Ns })
	log.Regions = longer(log.Regions, func(r *interval.Region) int64 { return r.Ns })
	log.Ranges = longerRanges(log.Ranges)
	if n := len(log.Logs); n > leastBeside {
		log.Logs = log.Logs[:max(leastBeside, n/2)]
	}
	log.Samples, log.Heap = everySecond(log.Samples), everySecond(log.Heap)
	return len(log.Tasks)+len(log.Regions)+len(log.Ranges)+len(log.Logs)+len(log.Samples)+len(log.Heap) < before
}

// longer is the longer half of a list, in its order.
func longer[T any](list []T, ns func(*T) int64) []T {
	return interval.Longest(list, max(leastBeside, len(list)/2), ns)
}

// longerRanges is the longer half of the stops of the world and that of the collections,
// which are much longer.
func longerRanges(list []interval.Range) []interval.Range {
	kinds := map[bool][]interval.Range{}
	for _, r := range list {
		kinds[r.Stop] = append(kinds[r.Stop], r)
	}
	ns := func(r *interval.Range) int64 { return r.Ns }
	out := slices.Concat(longer(kinds[true], ns), longer(kinds[false], ns))
	slices.SortStableFunc(out, func(x, y interval.Range) int { return cmp.Compare(x.Start, y.Start) })
	return out
}

func everySecond[T any](list []T) []T {
	if len(list) <= leastBeside {
		return list
	}
	var out []T
	for i := 0; i < len(list); i += 2 {
		out = append(out, list[i])
	}
	return out
}

// lengthOf is a length such that the intervals that are as long take a share of what
// those take now that are told one by one.
func lengthOf(log *interval.Log, share float64) int64 {
	var lengths []int64
	for _, g := range log.Goroutines {
		for i := range g.Intervals {
			iv := &g.Intervals[i]
			if !iv.Keep && !log.Cells[iv.Cell].Merged {
				lengths = append(lengths, iv.Ns)
			}
		}
	}
	if len(lengths) == 0 {
		return 0
	}
	slices.Sort(lengths)
	if log.BelowNs == 0 {
		share *= firstShare
	}
	stay := int(math.Floor(float64(len(lengths)) * min(share, 1) * 0.97))
	if stay <= 0 {
		return lengths[len(lengths)-1] + 1
	}
	return lengths[len(lengths)-stay] + 1
}

// firstShare is how many of the entries are single intervals once others were merged:
// each that stays leaves up to one entry of merged ones beside it.
const firstShare = 0.6
