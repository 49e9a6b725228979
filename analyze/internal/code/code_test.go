package code

import "testing"

// What a function is called decides whose it is; a domain that begins like a
// package of the standard library is a program's.
func TestWhoseAFunctionIs(t *testing.T) {
	for _, c := range []struct {
		fn                string
		library, plumbing bool
	}{
		{"main.main", false, false},
		{"net/http.(*conn).serve", true, false},
		{"sync.(*Mutex).Lock", true, true},
		{"internal/sync.(*Mutex).lockSlow", true, true},
		{"runtime.chanrecv1", true, true},
		{"runtime/trace.Start", true, false},
		{"golang.org/x/sync/errgroup.(*Group).Go.func1", true, false},
		{"google.golang.org/grpc.(*Server).Serve", true, false},
		{"github.com/acme/sync.Do", false, false},
		{"go.uber.org/zap.New", false, false},
		{"synchro.Do", false, false},
		{"", false, false},
	} {
		if IsLibrary(c.fn) != c.library || IsPlumbing(c.fn) != c.plumbing {
			t.Errorf("%q: library %v, plumbing %v; want %v, %v", c.fn, IsLibrary(c.fn), IsPlumbing(c.fn), c.library, c.plumbing)
		}
	}
}
