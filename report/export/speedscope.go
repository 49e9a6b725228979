package export

import (
	"bufio"
	"encoding/json"
	"io"
	"slices"

	"github.com/google/pprof/profile"

	"github.com/conctrace/conctrace/report/pprof"
)

var speedscopeFormat = Format{
	Name:       "speedscope",
	Extensions: []string{".speedscope.json", ".speedscope"},
	Doc:        "a file for speedscope.app: a profile of stacks for each class of time",
	Stacks:     true,
	New: func(w map[string]io.Writer, o pprof.Options) Exporter {
		return &profiled{pprof.New(o), func(p *profile.Profile) error { return speedscope(w[""], p) }}
	},
}

// speedscopeFile is a file as its published schema has it.
type speedscopeFile struct {
	Schema   string `json:"$schema"`
	Name     string `json:"name"`
	Exporter string `json:"exporter"`
	Active   int    `json:"activeProfileIndex"`
	Shared   struct {
		Frames []speedscopeFrame `json:"frames"`
	} `json:"shared"`
	Profiles []speedscopeProfile `json:"profiles"`
}

type speedscopeFrame struct {
	Name string `json:"name"`
	File string `json:"file,omitempty"`
	Line int64  `json:"line,omitempty"`
}

type speedscopeProfile struct {
	Type    string  `json:"type"`
	Name    string  `json:"name"`
	Unit    string  `json:"unit"`
	Start   int64   `json:"startValue"`
	End     int64   `json:"endValue"`
	Samples [][]int `json:"samples"` // frames, root first
	Weights []int64 `json:"weights"`
}

// speedscope writes a profile for each class that has time; the one to open first is
// that of the profile's default. Stacks are in the order of their frames' names, so
// that those alike lie side by side where the tool expects an order of time.
func speedscope(w io.Writer, p *profile.Profile) error {
	file := speedscopeFile{
		Schema: "https://www.speedscope.app/file-format-schema.json", Name: p.Mapping[0].File, Exporter: "conctrace",
		Profiles: []speedscopeProfile{},
	}
	file.Shared.Frames = []speedscopeFrame{}
	for _, l := range p.Location {
		fn := l.Line[0].Function
		file.Shared.Frames = append(file.Shared.Frames, speedscopeFrame{fn.Name, fn.Filename, l.Line[0].Line})
	}
	samples := slices.Clone(p.Sample)
	slices.SortStableFunc(samples, byRoot)
	for i, st := range p.SampleType {
		if st.Unit != "nanoseconds" {
			continue
		}
		one := speedscopeProfile{Type: "sampled", Name: st.Type, Unit: st.Unit, Samples: [][]int{}, Weights: []int64{}}
		for _, s := range samples {
			if ns := s.Value[i]; ns > 0 {
				one.add(s, ns)
			}
		}
		if one.End == 0 {
			continue
		}
		if st.Type == p.DefaultSampleType {
			file.Active = len(file.Profiles)
		}
		file.Profiles = append(file.Profiles, one)
	}
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(file); err != nil {
		return err
	}
	return out.Flush()
}

func (one *speedscopeProfile) add(s *profile.Sample, ns int64) {
	var stack []int
	for _, l := range slices.Backward(s.Location) {
		stack = append(stack, int(l.ID)-1)
	}
	one.End += ns
	if n := len(one.Samples); n > 0 && slices.Equal(one.Samples[n-1], stack) {
		one.Weights[n-1] += ns
		return
	}
	one.Samples, one.Weights = append(one.Samples, stack), append(one.Weights, ns)
}

// byRoot orders samples by their stacks, from the root on.
func byRoot(x, y *profile.Sample) int {
	for i := range min(len(x.Location), len(y.Location)) {
		a, b := x.Location[len(x.Location)-1-i], y.Location[len(y.Location)-1-i]
		if a != b {
			if a.Line[0].Function.Name != b.Line[0].Function.Name {
				if a.Line[0].Function.Name < b.Line[0].Function.Name {
					return -1
				}
				return 1
			}
			return int(a.ID) - int(b.ID)
		}
	}
	return len(x.Location) - len(y.Location)
}
