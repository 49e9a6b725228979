// Package code tells whose code a function is: the program's, a library's, or
// the plumbing through which every blocking operation passes.
package code

import "strings"

// libraryRoots are the first path elements of the standard library's packages.
var libraryRoots = func() map[string]bool {
	m := make(map[string]bool)
	for _, p := range strings.Fields(`archive bufio bytes cmp compress container context crypto database debug embed
		encoding errors expvar flag fmt go hash html image index internal io iter log maps math mime net os path plugin
		reflect regexp runtime slices sort strconv strings structs sync syscall testing text time unicode unique unsafe
		vendor weak`) {
		m[p] = true
	}
	return m
}()

// IsLibrary says whether a function belongs to the standard library or to one of
// the Go project's own modules, and not to the program.
func IsLibrary(fn string) bool {
	if strings.HasPrefix(fn, "golang.org/x/") || strings.HasPrefix(fn, "google.golang.org/grpc") {
		return true
	}
	root := fn
	if i := strings.IndexAny(fn, "./"); i >= 0 {
		root = fn[:i]
		if fn[i] == '.' && strings.Contains(fn[:strings.LastIndexByte(fn, '/')+1], ".") {
			return false // a domain name: example.com/x
		}
	}
	return libraryRoots[root]
}

// IsPlumbing says whether a function is one of the runtime's or of package
// sync's.
func IsPlumbing(fn string) bool {
	return strings.HasPrefix(fn, "runtime.") || strings.HasPrefix(fn, "sync.") || strings.HasPrefix(fn, "internal/sync.")
}
