package html

import (
	"slices"

	"github.com/conctrace/conctrace/analyze/interval"
)

// fit packs the log into so many bytes, made coarser until it fits, or until nothing
// but what the report points to is told one by one.
func fit(log *interval.Log, most int) (string, error) {
	for {
		raw, err := logBlock(log)
		if err != nil {
			return "", err
		}
		block, err := packed(raw)
		if err != nil || len(block) <= most {
			return block, err
		}
		below := coarser(log, float64(most)/float64(len(block)))
		if below <= log.BelowNs {
			return block, nil
		}
		log.Coarsen(below)
	}
}

// coarser is a length such that about a share of the intervals is longer.
func coarser(log *interval.Log, share float64) int64 {
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
	// A little more than needed: what merged intervals leave takes room, too.
	at := len(lengths) - int(float64(len(lengths))*max(0, min(share, 1))*0.85)
	if at >= len(lengths) {
		return lengths[len(lengths)-1] + 1
	}
	return lengths[at] + 1
}
