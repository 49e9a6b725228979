package names

import (
	"testing"

	"github.com/conctrace/conctrace/analyze/result"
)

func TestShortFunc(t *testing.T) {
	for name, want := range map[string]string{
		"main.main":      "main.main",
		"runtime.goexit": "runtime.goexit",
		"github.com/acme/shop/internal/db.(*Pool).worker":   "db.(*Pool).worker",
		"github.com/acme/shop.Run.func1.2":                  "shop.Run.func1.2",
		"example.com/orders/v2.(*Queue).pop":                "orders/v2.(*Queue).pop",
		"gopkg.in/yaml%2ev3.Unmarshal":                      "yaml.v3.Unmarshal",
		"main.Map[go.shape.int]":                            "main.Map[...]",
		"example.com/a/b.Each[example.com/c/d.T,int].func1": "b.Each[...].func1",
		"example.com/a/b.(*Tree[...]).Walk":                 "b.(*Tree[...]).Walk",
		"":                                                  "",
	} {
		if got := ShortFunc(name); got != want {
			t.Errorf("ShortFunc(%q) = %q, want %q", name, got, want)
		}
	}
}

func TestShortPlace(t *testing.T) {
	for place, want := range map[string]string{
		"example.com/a/b.Run /home/u/a/b/run.go:12":             "b.Run b/run.go:12",
		"example.com/a/b.(*Server).Serve C:\\src\\b\\run.go:12": "b.(*Server).Serve b/run.go:12",
		"main.main:31": "main.main:31",
		"":             "",
	} {
		if got := ShortPlace(place); got != want {
			t.Errorf("ShortPlace(%q) = %q, want %q", place, got, want)
		}
	}
}

// A wait is named by the code that wanted it, not by what it went through.
func TestCaller(t *testing.T) {
	frames := func(names ...string) []result.Frame {
		var fs []result.Frame
		for _, n := range names {
			fs = append(fs, result.Frame{Func: n})
		}
		return fs
	}
	for _, tc := range []struct {
		frames []result.Frame
		want   string
	}{
		{frames("runtime.chanrecv1", "main.worker"), "main.worker"},
		{frames("sync.(*Mutex).Lock", "internal/poll.(*FD).Read", "net.(*conn).Read", "net/http.(*conn).serve", "main.main"), "net/http.(*conn).serve"},
		{frames("time.Sleep", "ossify.Wait"), "ossify.Wait"},
		{frames("runtime.park", "os/signal.loop"), "os/signal.loop"},
		{nil, ""},
	} {
		if got, _ := Caller(tc.frames); got.Func != tc.want {
			t.Errorf("Caller(%v) = %q, want %q", tc.frames, got.Func, tc.want)
		}
	}
}
