package html

import (
	"strings"

	"github.com/conctrace/conctrace/analyze/interval"
	"github.com/conctrace/conctrace/report/internal/units"
)

// kept says what of the trace the page has, and what was merged or left out to fit.
type kept struct {
	Intervals      int64  `json:"intervals"`
	Kept           int64  `json:"kept"`
	BelowNs        int64  `json:"belowNs"`
	Goroutines     int    `json:"goroutines"`
	KeptGoroutines int    `json:"keptGoroutines"`
	Tasks          int64  `json:"tasks"`
	KeptTasks      int    `json:"keptTasks"`
	Regions        int64  `json:"regions"`
	KeptRegions    int    `json:"keptRegions"`
	Logs           int64  `json:"logs"`
	KeptLogs       int    `json:"keptLogs"`
	Samples        int64  `json:"samples"`
	KeptSamples    int    `json:"keptSamples"`
	Ranges         int64  `json:"ranges"`
	KeptRanges     int    `json:"keptRanges"`
	Heap           int64  `json:"heap"`
	KeptHeap       int    `json:"keptHeap"`
	Sentence       string `json:"sentence"`

	binNs, lengthBinNs int64
}

func keptOf(l *interval.Log, advice string) kept {
	k := kept{
		Intervals: l.Intervals, Kept: l.Kept(), BelowNs: l.BelowNs,
		Goroutines: l.Seen, KeptGoroutines: len(l.Goroutines),
		Tasks: l.Total.Tasks, KeptTasks: len(l.Tasks), Regions: l.Total.Regions, KeptRegions: len(l.Regions),
		Logs: l.Total.Logs, KeptLogs: len(l.Logs), Samples: l.Total.Samples, KeptSamples: len(l.Samples),
		Ranges: l.Total.Ranges, KeptRanges: len(l.Ranges), Heap: l.Total.Heap, KeptHeap: len(l.Heap),
	}
	k.binNs, k.lengthBinNs = l.BinNs, l.LengthBinNs
	k.Sentence = k.sentence(advice)
	return k
}

// sentence tells a reader what the page does not show, and how to see it; "" if it
// shows all.
func (k *kept) sentence(advice string) string {
	var parts []string
	if k.Kept < k.Intervals {
		parts = append(parts, units.Count(k.Kept)+" of "+units.Count(k.Intervals)+" intervals are shown one by one; shorter than "+units.Duration(k.BelowNs)+
			", the others were merged: their time is in every sum, by stretches of "+units.Duration(k.binNs)+" (lengths by "+units.Duration(k.lengthBinNs)+"), which ≈ marks")
	}
	if k.KeptGoroutines < k.Goroutines {
		parts = append(parts, units.Count(int64(k.KeptGoroutines))+" of "+units.Count(int64(k.Goroutines))+" goroutines have a lane of their own; the others did nothing that long and show in their groups")
	}
	for _, c := range []struct {
		kept int
		of   int64
		what string
	}{
		{k.KeptTasks, k.Tasks, "tasks, the longest"}, {k.KeptRegions, k.Regions, "regions, the longest"},
		{k.KeptLogs, k.Logs, "log lines, the first"}, {k.KeptSamples, k.Samples, "CPU samples"},
		{k.KeptRanges, k.Ranges, "collections and stops of the world, the longest"}, {k.KeptHeap, k.Heap, "sizes of the heap"},
	} {
		if int64(c.kept) < c.of {
			parts = append(parts, units.Count(int64(c.kept))+" of "+units.Count(c.of)+" "+c.what)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "To fit into its size this page leaves something out: " + strings.Join(parts, "; ") + ". " + advice
}
