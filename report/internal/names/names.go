// Package names shortens the names of functions and files, and picks the frame of a
// stack that a reader will recognise.
package names

import (
	"path"
	"regexp"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
)

// majorVersion is the last element of the import path of a v2 module.
var majorVersion = regexp.MustCompile(`^v[0-9]+\.`)

// ShortFunc drops the directory of a function's package and keeps package,
// receiver and name.
func ShortFunc(name string) string {
	name, args, generic := strings.Cut(name, "[")
	dir, base := path.Split(name)
	if majorVersion.MatchString(base) && dir != "" {
		base = path.Base(dir) + "/" + base
	}
	// The linker escapes the dots of a package's last element.
	base = strings.ReplaceAll(base, "%2e", ".")
	if !generic {
		return base
	}
	// After the type arguments the name goes on: F[...].func1.
	_, rest := cutLast(args, "]")
	return base + "[...]" + rest
}

// cutLast splits at the last separator; without one, all is before it.
func cutLast(s, sep string) (before, after string) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):]
	}
	return s, ""
}

// packageOf is the import path of a function's package.
func packageOf(name string) string {
	name, _, _ = strings.Cut(name, "[")
	slash := strings.LastIndex(name, "/") + 1
	pkg, _, _ := strings.Cut(name[slash:], ".")
	return name[:slash] + pkg
}

// plumbing is the packages through which a wait passes on its way from the
// code that wanted it to the runtime. They and their subpackages are passed
// over when a wait is named.
var plumbing = []string{"runtime", "internal", "sync", "syscall", "time", "os", "io", "net", "bufio", "crypto/tls", "golang.org/x/sync"}

func IsPlumbing(fn string) bool {
	pkg := packageOf(fn)
	for _, p := range plumbing {
		if pkg == p || strings.HasPrefix(pkg, p+"/") && pkg != "net/http" {
			return true
		}
	}
	return false
}

// Caller is the frame that a reader will recognise: the first outside the
// plumbing, or else the outermost.
func Caller(frames []result.Frame) (result.Frame, bool) {
	for _, f := range frames {
		if !IsPlumbing(f.Func) {
			return f, true
		}
	}
	if len(frames) == 0 {
		return result.Frame{}, false
	}
	return frames[len(frames)-1], true
}

// ShortFile keeps the last two elements of a path.
func ShortFile(file string) string {
	file = strings.ReplaceAll(file, `\`, "/")
	parts := strings.Split(strings.Trim(file, "/"), "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

// ShortPlace shortens functions with their places, such as
// "example.com/a/b.Run /home/u/a/b/run.go:12": the directories go.
func ShortPlace(s string) string {
	fields := strings.Fields(s)
	for i, f := range fields {
		if strings.Contains(f, ".go:") {
			fields[i] = ShortFile(f)
		} else {
			fields[i] = ShortFunc(f)
		}
	}
	return strings.Join(fields, " ")
}
