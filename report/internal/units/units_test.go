package units

import (
	"math"
	"strings"
	"testing"
)

func TestDuration(t *testing.T) {
	for ns, want := range map[int64]string{
		0: "0 ns", 1: "1 ns", 999: "999 ns", 1000: "1.00 µs", 12_345: "12.3 µs", 350_000_000: "350 ms",
		9_994_999: "9.99 ms", 9_995_000: "10.0 ms", 99_950_000: "100 ms", 999_499_999: "999 ms", 999_500_000: "1.00 s",
		1_240_000_000: "1.24 s", 119_400_000_000: "119 s", 119_500_000_000: "1.99 min", 120_000_000_000: "2.00 min",
		7_200_000_000_000: "2.00 h", math.MaxInt64: "2,562,048 h", -1500: "-1.50 µs", math.MinInt64: "-2,562,048 h",
	} {
		if got := strings.ReplaceAll(Duration(ns), NBSP, " "); got != want {
			t.Errorf("Duration(%d) = %q, want %q", ns, got, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	for _, tc := range []struct{ got, want string }{
		{Size(812), "812" + NBSP + "B"}, {Size(41_200_000), "41.2" + NBSP + "MB"}, {Size(1), "1" + NBSP + "B"},
		{Count(0), "0"}, {Count(3214), "3,214"}, {Count(-1_000_000), "-1,000,000"}, {Count(math.MinInt64), "-9,223,372,036,854,775,808"},
		{Percent(0, 10), "0%"}, {Percent(1, 1000), "<1%"}, {Percent(4, 1000), "<1%"}, {Percent(1, 200), "1%"}, {Percent(2, 3), "67%"}, {Percent(999, 1000), ">99%"}, {Percent(7, 7), "100%"}, {Percent(5, 0), "0%"},
		{Average(0.041), "0.04"}, {Average(2.14), "2.1"}, {Average(0.999), "1.0"}, {Average(37.2), "37.2"}, {Average(212.4), "212"},
		{Counted(1, "wait", "waits"), "1" + NBSP + "wait"}, {Counted(2, "wait", "waits"), "2" + NBSP + "waits"},
	} {
		if tc.got != tc.want {
			t.Errorf("got %q, want %q", tc.got, tc.want)
		}
	}
}
