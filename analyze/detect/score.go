package detect

import "math"

// score is 25 at the lower threshold of a value, 75 at the upper, and tends to
// 100 beyond it (JDK Mission Control's form).
func score(v, low, high float64) float64 {
	if v < low {
		return 25 * max(0, v) / low
	}
	return 25 + 75*(1-math.Pow(1./3, (v-low)/(high-low)))
}
