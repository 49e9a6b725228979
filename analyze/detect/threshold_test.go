package detect

import (
	"strings"
	"testing"
)

// Every threshold that a detector declares is one that it decides by: at one end or
// the other, some case of it is found or not, or scored otherwise.
func TestEveryThresholdDecides(t *testing.T) {
	outcome := func(c example, set Setting) string {
		r := base()
		c.sick(r)
		var b strings.Builder
		for _, f := range c.detector.run(r, set) {
			b.WriteString(f.Severity + " " + number(f.Score) + ";")
		}
		return b.String()
	}
	decides := func(d *Detector, name string) bool {
		for _, c := range cases {
			if c.detector.Name != d.Name {
				continue
			}
			for _, v := range []float64{0, 1e-9, 1e15} {
				if outcome(c, Setting{Values: map[string]float64{name: v}}) != outcome(c, Setting{}) {
					return true
				}
			}
		}
		return false
	}
	for i := range All {
		d := &All[i]
		seen := map[string]bool{}
		for _, threshold := range d.Thresholds() {
			if seen[threshold.Name] || threshold.Doc == "" || threshold.Default <= 0 || strings.ToLower(threshold.Name) != threshold.Name {
				t.Errorf("%s: %+v is there twice or incomplete", d.Name, threshold)
			}
			seen[threshold.Name] = true
			if !decides(d, threshold.Name) {
				t.Errorf("%s does not decide by %s", d.Name, threshold.Name)
			}
		}
		if d.Scale.Of == "" || d.Scale.Low >= d.Scale.High {
			t.Errorf("%s has no scale: %+v", d.Name, d.Scale)
		}
	}
}

// What a user sets is used, and what cannot be set is told.
func TestSettings(t *testing.T) {
	r := base()
	lockClass(r, 800*ms)
	found := func(set Settings) int {
		if err := set.Check(); err != nil {
			t.Fatal(err)
		}
		Run(r, set)
		return len(r.Findings)
	}
	if found(nil) != 1 || found(Settings{"lock-serialises": {Off: true}}) != 0 ||
		found(Settings{"lock-serialises": {Values: map[string]float64{"least-waits": 1e6}}}) != 0 ||
		found(Settings{"slow-consumer": {Off: true}}) != 1 {
		t.Error("a setting does not do what it says")
	}
	for want, set := range map[string]Settings{
		`there is no detector "lock"`:       {"lock": {}},
		`it has no threshold "waits"`:       {"lock-serialises": {Values: map[string]float64{"waits": 1}}},
		"low must be above 0":               {"lock-serialises": {Values: map[string]float64{"low": 0.4}}},
		"a threshold is a number from 0 on": {"lock-serialises": {Values: map[string]float64{"least-waits": -1}}},
	} {
		if err := set.Check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}
