package html

import (
	"slices"

	"github.com/conctrace/conctrace/analyze/interval"
)

// What an entry takes in a page, bytes: measured over large traces. They only have to
// be about right, as the page is measured in the end.
const (
	intervalBytes = 6.5
	restBytes     = 4.0
	lengthBytes   = 1.6
)

// restShare is how much of a page the sums of merged intervals may take.
const restShare = 0.3

// leastBins is how few bins they are told by at least.
const leastBins = 64

// fit packs the log into so many bytes, made coarser until it fits, or until nothing
// but what the report points to is told one by one.
func fit(log *interval.Log, most int) (string, error) {
	room := float64(most)
	for {
		estimate(log, room)
		raw, err := logBlock(log)
		if err != nil {
			return "", err
		}
		block, err := packed(raw)
		if err != nil || len(block) <= most {
			return block, err
		}
		below := log.BelowNs
		room *= 0.95 * float64(most) / float64(len(block))
		if estimate(log, room); log.BelowNs == below {
			return block, nil
		}
	}
}

// estimate makes the log about as coarse as it has to be.
func estimate(log *interval.Log, room float64) {
	for {
		rest := float64(len(log.Rest))*restBytes + float64(len(log.Lengths))*lengthBytes
		if rest > room*restShare && log.Bins() > leastBins {
			log.Widen()
			continue
		}
		entries := 0
		for _, g := range log.Goroutines {
			entries += len(g.Intervals)
		}
		beside := float64(len(log.Tasks)+len(log.Regions)+len(log.Logs)+len(log.Samples)+len(log.Heap)) * intervalBytes
		needed := float64(entries) * intervalBytes
		left := max(0, room-rest-beside)
		if needed <= left {
			return
		}
		below := coarser(log, left/needed)
		if below <= log.BelowNs {
			return
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
	at := len(lengths) - int(float64(len(lengths))*max(0, min(share, 1)))
	if at >= len(lengths) {
		return lengths[len(lengths)-1] + 1
	}
	return lengths[at] + 1
}
