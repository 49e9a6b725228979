package export

import (
	"bufio"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/google/pprof/profile"

	"github.com/conctrace/conctrace/report/pprof"
)

var foldedFormat = Format{
	Name:       "folded",
	Extensions: []string{".folded", ".collapsed"},
	Doc:        "a line for each stack, for flame graph tools: class;root;...;leaf and nanoseconds",
	Stacks:     true,
	New: func(w map[string]io.Writer, o pprof.Options) Exporter {
		return &profiled{pprof.New(o), func(p *profile.Profile) error { return folded(w[""], p) }}
	},
}

// profiled is an Exporter that writes a profile in its own way.
type profiled struct {
	*pprof.Collector
	write func(*profile.Profile) error
}

// Close writes the profile.
func (p *profiled) Close() error {
	made, err := p.Profile()
	if err != nil {
		return err
	}
	return p.write(made)
}

// separators are what the format gives a meaning to.
var separators = strings.NewReplacer(";", ":", "\n", " ", "\r", " ")

// folded writes stacks, each once for each class of which it has time, in the order of
// their text. The class is the outermost frame.
func folded(w io.Writer, p *profile.Profile) error {
	sums := map[string]int64{}
	for _, s := range p.Sample {
		var stack strings.Builder
		for _, l := range slices.Backward(s.Location) {
			stack.WriteString(";" + separators.Replace(l.Line[0].Function.Name))
		}
		for i, st := range p.SampleType {
			if st.Unit == "nanoseconds" && s.Value[i] > 0 {
				sums[st.Type+stack.String()] += s.Value[i]
			}
		}
	}
	out := bufio.NewWriter(w)
	for _, stack := range sortedKeys(sums) {
		_, _ = out.WriteString(stack + " " + strconv.FormatInt(sums[stack], 10) + "\n") // Flush tells
	}
	return out.Flush()
}

func sortedKeys(m map[string]int64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
