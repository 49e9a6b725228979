package collect

import (
	"math"
	"math/bits"

	"github.com/conctrace/conctrace/analyze/result"
)

// histogram is a distribution of durations in nanoseconds: a base-2 exponential
// histogram of scale 5 (OpenTelemetry's data model), that is 32 buckets for
// each power of two. A percentile is the geometric middle of its bucket and so
// within 2^(1/64)−1 = 1.09 % of the truth. Two histograms merge exactly.
//
// It is our own since the well-kept libraries round to decimal digits or bring
// a metrics SDK along; the buckets kept are those between the smallest and the
// largest value, so that the thousands of histograms of a trace stay small.
type histogram struct {
	counts []uint32 // of buckets first, first+1, …
	first  int
	n      int64
	max    int64
}

const scale = 5

// bounds[i] is 2^(i/32), the lower bound of bucket i of each octave, as a 32-bit
// fraction of the octave: bounds[0] is 1<<32.
var bounds = func() (b [1<<scale + 1]uint64) {
	for i := range b {
		b[i] = uint64(math.Ceil(math.Exp2(float64(i)/(1<<scale)) * (1 << 32)))
	}
	return b
}()

// guess[i] is the bucket of the smallest fraction whose leading bits are i. A
// bucket is wider than the fractions that share these bits, so that the right
// one is this or the next.
var guess = func() (g [1 << (scale + 1)]uint8) {
	for i := range g {
		f := (1<<32 | uint64(i)<<(32-scale-1))
		for int(g[i]) < 1<<scale-1 && bounds[g[i]+1] <= f {
			g[i]++
		}
	}
	return g
}()

// bucket is the index of a duration, 0 for all below 2 ns.
func bucket(ns int64) int {
	if ns < 2 {
		return 0
	}
	zeros := bits.LeadingZeros64(uint64(ns))
	fraction := uint64(ns) << (zeros & 63) >> 31 // leading one at bit 32
	i := guess[fraction>>(32-scale-1)&(1<<(scale+1)-1)]
	// One more if fraction reaches the next bound, without a branch: it would be
	// taken every other time.
	below := (fraction - bounds[i+1]) >> 63
	return (63-zeros)<<scale + int(i) + 1 - int(below)
}

// middle is the duration that stands for a bucket.
func middle(bucket int) int64 {
	return int64(math.Round(math.Exp2((float64(bucket) + 0.5) / (1 << scale))))
}

func (h *histogram) add(ns int64) {
	h.n++
	h.max = max(h.max, ns)
	b := bucket(ns)
	if i := b - h.first; uint(i) < uint(len(h.counts)) && h.counts[i] < math.MaxUint32 {
		h.counts[i]++
		return
	}
	h.addTo(b, 1)
}

// addTo counts n values in a bucket, for which it makes room.
func (h *histogram) addTo(b int, n uint32) {
	switch {
	case len(h.counts) == 0:
		h.first, h.counts = b, make([]uint32, 1, 4)
	case b < h.first:
		grown := make([]uint32, h.first-b+len(h.counts))
		copy(grown[h.first-b:], h.counts)
		h.first, h.counts = b, grown
	}
	for b-h.first >= len(h.counts) {
		h.counts = append(h.counts, 0)
	}
	c := &h.counts[b-h.first]
	if *c += n; *c < n {
		*c = math.MaxUint32
	}
}

func (h *histogram) merge(o *histogram) {
	if o == nil {
		return
	}
	for i, n := range o.counts {
		if n > 0 {
			h.addTo(o.first+i, n)
		}
	}
	h.n += o.n
	h.max = max(h.max, o.max)
}

// percentile is the value at quantile q by nearest rank; the largest value
// bounds it, so that the top of a distribution is exact.
func (h *histogram) percentile(q float64) int64 {
	rank := max(1, int64(math.Ceil(q*float64(h.n))))
	if rank >= h.n {
		return h.max
	}
	for i, n := range h.counts {
		if rank -= int64(n); rank <= 0 {
			return min(middle(h.first+i), h.max)
		}
	}
	return h.max
}

// latency is the distribution as it goes into the result.
func (h *histogram) latency() result.Latency {
	if h == nil || h.n == 0 {
		return result.Latency{}
	}
	return result.Latency{Count: h.n, P50Ns: h.percentile(0.50), P90Ns: h.percentile(0.90), P99Ns: h.percentile(0.99), MaxNs: h.max}
}
