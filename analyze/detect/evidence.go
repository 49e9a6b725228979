package detect

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/conctrace/conctrace/analyze/internal/code"
	"github.com/conctrace/conctrace/analyze/result"
)

// evidence is what detectors look at.
type evidence struct {
	*result.Result
	detector *Detector // at work; nil for the verdict
	setting  Setting   // of it
}

// length is the scope's length, ns.
func (e *evidence) length() int64 { return e.Scope.DurationNs() }

// capacity is the processors' time in the scope, ns.
func (e *evidence) capacity() int64 { return e.Scheduler.PTimeNs.Sum() }

// procs is GOMAXPROCS on average over the scope.
func (e *evidence) procs() float64 {
	if e.length() <= 0 {
		return 0
	}
	return float64(e.capacity()) / float64(e.length())
}

// ofCapacity is a share of the processors' time.
func (e *evidence) ofCapacity(ns int64) float64 { return share(ns, e.capacity()) }

// ofLength is a share of the scope's length.
func (e *evidence) ofLength(ns int64) float64 { return share(ns, e.length()) }

func share(ns, of int64) float64 {
	if of <= 0 {
		return 0
	}
	return float64(ns) / float64(of)
}

// filtered says whether only some goroutines were asked for: then the rest of
// the program is not idle, only not looked at.
func (e *evidence) filtered() bool { return e.Scope.Group != "" || e.Scope.Task != "" }

// tooLittle says whether there is too little to judge. Few events in a window, or
// under a filter, are not few of the trace; and where nothing was in progress
// there are few by nature.
func (e *evidence) tooLittle() bool {
	whole := !e.filtered() && e.length() == e.Trace.DurationNs
	few := whole && e.Trace.Events < leastEvents && e.Concurrency.PartitionNs.Idle*10 < 9*e.length()
	least := int64(leastDuration)
	if e.length() < e.Trace.DurationNs {
		least = int64(leastWindow) // chosen with an eye on what is in it
	}
	return e.length() < least || few || e.Scope.Goroutines == 0
}

// group is a group by its number, nil for what is none.
func (e *evidence) group(i int) *result.Group {
	if i < 0 || i >= len(e.Groups) {
		return nil
	}
	return &e.Groups[i]
}

// groupName is what a sentence calls a group.
func (e *evidence) groupName(i int) string {
	if name := e.entry(i); name != "" {
		return function(name)
	}
	return "another goroutine" // the runtime's, or one that was not asked for
}

// entry is the function that a group's goroutines run, "" for what is no group.
func (e *evidence) entry(i int) string {
	g := e.group(i)
	if g == nil {
		return ""
	}
	if startsOthers(g.Name) {
		for _, in := range g.Inside { // most time first
			if in.Func != "" {
				return in.Func
			}
		}
	}
	return g.Name
}

// startsOthers says whether an entry function only runs one of the program's.
func startsOthers(fn string) bool {
	return strings.HasPrefix(fn, "sync.(*WaitGroup).Go") || strings.HasPrefix(fn, "golang.org/x/sync/errgroup.")
}

// who is what a sentence calls the goroutines of a group that wait at a place: the
// group's entry function, or, where that is a library's, the program's function
// that it called.
func (e *evidence) who(group int, frames []result.Frame) string {
	if code.IsLibrary(e.entry(group)) {
		return inner(frames)
	}
	return e.groupName(group)
}

// top are the groups of the program's with most of something, at most n.
func (e *evidence) top(n int, of func(*result.Group) int64) []int {
	var out []int
	for i := range e.Groups {
		if !e.Groups[i].System && of(&e.Groups[i]) > 0 {
			out = append(out, i)
		}
	}
	slices.SortStableFunc(out, func(x, y int) int { return cmp.Compare(of(&e.Groups[y]), of(&e.Groups[x])) })
	return out[:min(len(out), n)]
}

// waiting is the site of a class at which goroutines of some groups waited most.
func (e *evidence) waiting(c *result.SiteClass, groups []int) *result.Site {
	var most *result.Site
	for _, i := range c.Sites {
		s := &e.Sites[i]
		if slices.ContainsFunc(s.Groups, func(g int) bool { return slices.Contains(groups, g) }) && (most == nil || s.TotalNs > most.TotalNs) {
			most = s
		}
	}
	return most
}

// where names the place of a stack that a developer knows: its innermost frame of
// the program, or of a library if it has none; "" for a stack of the runtime's.
func where(frames []result.Frame) string {
	name := ""
	for _, f := range frames {
		switch {
		case code.IsPlumbing(f.Func):
		case !code.IsLibrary(f.Func):
			return place(f)
		case name == "":
			name = place(f)
		}
	}
	return name
}

// inner is the function of the program in which a stack is, or of a library.
func inner(frames []result.Frame) string {
	for _, f := range frames {
		if !code.IsPlumbing(f.Func) && !code.IsLibrary(f.Func) {
			return function(f.Func)
		}
	}
	for _, f := range frames {
		if !code.IsPlumbing(f.Func) {
			return function(f.Func)
		}
	}
	if len(frames) > 0 {
		return function(frames[0].Func)
	}
	return "a place without a stack"
}

func place(f result.Frame) string {
	if f.File == "" {
		return f.Func
	}
	return strings.ReplaceAll(f.Func, "%2e", ".") + " " + path.Base(f.File) + ":" + strconv.Itoa(f.Line)
}

// majorVersion is the last element of the path of a package in a v2 module's root.
var majorVersion = regexp.MustCompile(`^v[0-9]+\.`)

// function is a function's name without the directories of its package and
// without type arguments.
func function(fn string) string {
	if fn == "" {
		return "a function without a name"
	}
	fn = strings.ReplaceAll(fn, "%2e", ".") // as the linker writes a dot in the last part of a path
	name, arguments, generic := strings.Cut(fn, "[")
	dir, name := path.Split(name)
	if majorVersion.MatchString(name) && dir != "" {
		name = path.Base(dir) + "/" + name // v4 says nothing
	}
	if generic {
		name += "[…]" + arguments[strings.LastIndexByte(arguments, ']')+1:]
	}
	return name
}

// stack is a stack for a finding, nothing if it is empty.
func stack(role string, frames []result.Frame) []result.RoleStack {
	if len(frames) == 0 {
		return nil
	}
	return []result.RoleStack{{Role: role, Frames: frames}}
}

// valid drops what is no group from a list.
func (e *evidence) valid(groups ...int) []int {
	out := []int{}
	for _, g := range groups {
		if e.group(g) != nil {
			out = append(out, g)
		}
	}
	return out
}

// blockedIn is the stack on which goroutines of a group waited most, in one kind of
// wait.
func (e *evidence) blockedIn(group int, kind string) []result.Frame {
	var most *result.Site
	for i := range e.Sites {
		if s := &e.Sites[i]; s.Kind == kind && slices.Contains(s.Groups, group) && (most == nil || s.TotalNs > most.TotalNs) {
			most = s
		}
	}
	if most == nil {
		return nil
	}
	return most.Frames
}

// worst are the longest of several lists of moments, at most three.
func worst(lists ...[]result.Moment) []result.Moment {
	all := slices.Concat(lists...)
	slices.SortStableFunc(all, func(x, y result.Moment) int { return cmp.Compare(y.ToNs-y.FromNs, x.ToNs-x.FromNs) })
	return all[:min(len(all), 3)]
}
