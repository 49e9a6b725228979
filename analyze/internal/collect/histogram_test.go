package collect

import (
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestPercentilesAreWithinTheStatedError holds the histogram's percentiles
// against the sorted values.
func TestPercentilesAreWithinTheStatedError(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, n := range []int{1, 2, 3, 10, 1000, 20000} {
		var h, left, right histogram
		values := make([]int64, n)
		for i := range values {
			v := int64(math.Exp(r.Float64() * 41)) // 1 ns to 20 years
			values[i] = v
			h.add(v)
			if i%2 == 0 {
				left.add(v)
			} else {
				right.add(v)
			}
		}
		left.merge(&right)
		slices.Sort(values)
		for _, q := range []float64{0.01, 0.5, 0.9, 0.99, 1} {
			want := values[max(0, int(math.Ceil(q*float64(n)))-1)]
			for name, got := range map[string]int64{"one": h.percentile(q), "merged": left.percentile(q)} {
				if math.Abs(float64(got-want)) > 0.011*float64(want)+1 {
					t.Errorf("n=%d q=%g %s: %d, want %d within 1.1 %%", n, q, name, got, want)
				}
			}
		}
		if h.max != values[n-1] || h.n != int64(n) {
			t.Errorf("n=%d: max %d, count %d", n, h.max, h.n)
		}
	}
}

// TestBucketsAreMonotonic walks the bounds of every bucket of many octaves.
func TestBucketsAreMonotonic(t *testing.T) {
	last := -1
	for octave := range 62 {
		for i := range 64 {
			v := int64(math.Exp2(float64(octave) + float64(i)/64))
			b := bucket(v)
			if b < last {
				t.Fatalf("bucket(%d) = %d after %d", v, b, last)
			}
			last = b
			if v > 64 {
				lo, hi := math.Exp2(float64(b)/32), math.Exp2(float64(b+1)/32)
				if float64(v) < math.Floor(lo) || float64(v) > math.Ceil(hi) {
					t.Fatalf("bucket(%d) = %d covers [%g, %g)", v, b, lo, hi)
				}
			}
		}
	}
}

// TestBucketIsTheOneWhoseBoundsHold looks for the bucket without the guess, for
// the values around every bound.
func TestBucketIsTheOneWhoseBoundsHold(t *testing.T) {
	for octave := 1; octave < 63; octave++ {
		for _, bound := range bounds[:1<<scale] {
			for d := int64(-2); d <= 2; d++ {
				ns := int64(bound>>1<<octave>>31) + d
				if octave > 31 {
					ns = int64(bound<<(octave-32)) + d
				}
				if ns < 2 {
					continue
				}
				o := bits.Len64(uint64(ns)) - 1
				fraction := uint64(ns) << (63 - o) >> 31
				want := o << scale
				for bounds[want&(1<<scale-1)+1] <= fraction {
					want++
				}
				if b := bucket(ns); b != want {
					t.Fatalf("bucket(%d) = %d, want %d", ns, b, want)
				}
			}
		}
	}
}

func BenchmarkHistogramAdd(b *testing.B) {
	var h histogram
	for i := range b.N {
		h.add(int64(i) * 7919 % 1e7)
	}
}
