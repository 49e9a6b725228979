package tracefile

import (
	"bytes"
	"context"
	"runtime/trace"
	"strings"
	"testing"
)

// TestLoggedReplacementCharacters: a sound trace in which a program logged
// U+FFFD is not one that was converted to UTF-8.
func TestLoggedReplacementCharacters(t *testing.T) {
	if trace.IsEnabled() {
		t.Skip("this test is being traced itself")
	}
	var recorded bytes.Buffer
	if err := trace.Start(&recorded); err != nil {
		t.Skipf("cannot trace: %v", err)
	}
	trace.Log(context.Background(), "body", strings.Repeat("na\ufffdve ", 20))
	trace.Stop()
	if !bytes.Contains(recorded.Bytes(), []byte("\ufffdve na\ufffdve")) {
		t.Fatal("the message is not in the trace")
	}
	// What is looked at is the beginning, where the messages of a short trace are.
	f := &File{name: "logged.trace"}
	if err := f.mangled(recorded.Bytes()); err != nil {
		t.Error(err)
	}
	converted := bytes.ToValidUTF8(recorded.Bytes(), []byte("\ufffd"))
	for cut := range 4 {
		if err := f.mangled(converted[:min(headSize, len(converted))-cut]); err == nil {
			t.Errorf("converted to UTF-8, %d bytes less looked at: not noticed", cut)
		}
	}
}

func TestPagesAndWideText(t *testing.T) {
	for _, c := range []struct{ head, want string }{
		{"<a href=\"/login?next=%2Fdebug\">Found</a>.\n\n", "HTML page"},
		{"<head><title>Sign in</title>", "HTML page"},
		{"\xff\xfeg\x00o\x00 \x001\x00.\x002\x006\x00", "PowerShell"},
		{"\xfe\xff\x00g\x00o\x00 \x001\x00.\x002\x006", "UTF-16"},
	} {
		if what, hint := whatIs([]byte(c.head), strings.NewReader(c.head)); !strings.Contains(what, c.want) || hint == "" {
			t.Errorf("%q: %q; %q", c.head, what, hint)
		}
	}
}

// TestDamagedHeader: the zero bytes behind the version belong to it.
func TestDamagedHeader(t *testing.T) {
	f := &File{name: "t.trace"}
	for at := 13; at < headerSize; at++ {
		head := []byte("go 1.26 trace\x00\x00\x00\x01\x01\x01\x01")
		if _, err := f.identify(head, strings.NewReader("")); err != nil {
			t.Fatal(err)
		}
		head[at] = 16
		if _, err := f.identify(head, strings.NewReader("")); err == nil {
			t.Errorf("byte %d is another: not noticed", at)
		}
	}
}
