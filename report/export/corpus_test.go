package export

import (
	"bytes"
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/pprof"
)

const (
	traces      = "../../testdata/traces"
	serverTrace = traces + "/go1.26/server.trace"
)

// overCorpus runs a test for the traces of every Go version, and for some of the others;
// in short tests for one of twelve.
func overCorpus(t *testing.T, test func(t *testing.T, path string)) {
	t.Helper()
	n := 0
	err := filepath.WalkDir(traces, func(path string, d fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".trace" {
			if n++; n%12 != 0 && (testing.Short() || !strings.Contains(path, "/go1.")) {
				return nil
			}
			t.Run(strings.TrimPrefix(path, traces+"/"), func(t *testing.T) { test(t, path) })
		}
		return err
	})
	if err != nil || n < 50 {
		t.Fatalf("%d traces, %v", n, err)
	}
}

// exported is what a format makes of a trace: a buffer for each part.
func exported(t *testing.T, format, path string, o analyze.Options, po pprof.Options) (*result.Result, map[string]*bytes.Buffer) {
	t.Helper()
	f, ok := ByName(format)
	if !ok {
		t.Fatalf("no format %s", format)
	}
	out, writers := map[string]*bytes.Buffer{}, map[string]io.Writer{}
	for _, part := range append(f.Parts, "")[:max(1, len(f.Parts))] {
		out[part] = new(bytes.Buffer)
		writers[part] = out[part]
	}
	e := f.New(writers, po)
	r, err := analyze.Stream(context.Background(), analyze.File(path), o, e)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	return r, out
}

// broken is a writer that fails after some bytes.
type broken struct{ room int }

func (b *broken) Write(p []byte) (int, error) {
	if b.room -= len(p); b.room < 0 {
		return 0, io.ErrShortWrite
	}
	return len(p), nil
}

// Whatever cannot be written is told, and not only when all of the trace was read.
func TestWriteErrorsAreTold(t *testing.T) {
	for _, f := range Formats {
		for _, room := range []int{0, 1000, 70_000} {
			w := map[string]io.Writer{}
			for _, part := range append(f.Parts, "") {
				w[part] = &broken{room}
			}
			e := f.New(w, pprof.Options{})
			_, err := analyze.Stream(context.Background(), analyze.File(serverTrace), analyze.Options{}, e)
			if err == nil {
				err = e.Close()
			}
			if err == nil && (room < 70_000 || f.Name == "perfetto") {
				t.Errorf("%s, room for %d bytes: no error", f.Name, room)
			}
		}
	}
}

// A list that forgets a format, or a help text that has none, is found here.
func TestFormats(t *testing.T) {
	for _, f := range Formats {
		if byName, ok := ByName(f.Name); !ok || byName.Name != f.Name || f.Doc == "" || f.New == nil {
			t.Errorf("%s is not whole", f.Name)
		}
		for _, ext := range f.Extensions {
			if found, ok := ByExtension("DIR/some.thing" + strings.ToUpper(ext)); !ok || found.Name != f.Name {
				t.Errorf("%s belongs to %q", ext, found.Name)
			}
		}
	}
	if _, ok := ByExtension("x.json"); ok {
		t.Error("plain JSON is no export")
	}
}
