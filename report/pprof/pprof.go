// Package pprof makes profiles of where goroutines' time went, for go tool pprof and
// whatever else reads its format.
//
// A Collector is handed everything that happened in a trace (analyze.Stream) and sums it
// by what it was and where; Path makes a profile of a critical path. Both count each
// nanosecond once, so that the values sum to the classes of result.Time of the same
// scope.
//
// collector.go sums, chain.go follows who woke whom, build.go writes profiles, path.go
// those of paths.
package pprof

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Stack says whose stack is a sample's.
type Stack uint8

// The stacks.
const (
	// Blocked is where the goroutine waited itself.
	Blocked Stack = iota
	// Waker is where the goroutine was that ended the wait.
	Waker
	// Chain is the goroutine's own and, turned over below it, that of the one that
	// ended the wait, of what that one had waited for meanwhile, and so on.
	Chain
)

// Stacks are the names of the stacks, as flags have them.
var Stacks = [...]string{Blocked: "blocked", Waker: "waker", Chain: "chain"}

// StackByName is the stack of that name.
func StackByName(name string) (Stack, bool) {
	i := slices.Index(Stacks[:], name)
	return Stack(max(i, 0)), i >= 0
}

// Options choose what a profile has. The zero value has all classes of the program's
// own goroutines, what is at rest included.
type Options struct {
	// Classes are those that count; none means all.
	Classes []waitkind.Class
	// OffCPU sums all that is not running to one value; else each class has its own.
	OffCPU bool
	Stack  Stack
	// SkipAtRest leaves out the waits that are idle by design, System takes in the
	// goroutines of the runtime and the tracer.
	SkipAtRest, System bool
}

// Check says what cannot be meant.
func (o *Options) Check() error {
	if o.OffCPU && slices.Contains(o.Classes, waitkind.Running) {
		return fmt.Errorf("%s is not off the CPU", waitkind.Running)
	}
	return nil
}

// classes are those that count, in their order.
func (o *Options) classes() []waitkind.Class {
	var out []waitkind.Class
	for c := range waitkind.NumClasses {
		if (len(o.Classes) == 0 || slices.Contains(o.Classes, c)) && !(o.OffCPU && c == waitkind.Running) {
			out = append(out, c)
		}
	}
	return out
}

// Labels are the keys of samples' labels, and what they say.
var Labels = [...][2]string{
	{"class", "running, runnable, blocked-sync, blocked-io, timer, runtime, unknown"},
	{"kind", "the kind within the class, such as mutex"},
	{"reason", "the runtime's own word for a wait"},
	{"group", "the goroutine's entry function"},
	{"task", "the type of the runtime/trace task that it worked for"},
	{"at_rest", "the rule by which a wait is idle by design; absent if it is not"},
	{"censored", "start: it began before the trace or the window; end: it went on after; both"},
	{"inferred", "yes: the kind was read off a stack, as the wait began before the trace"},
	{"waker", "the function that ended a wait, or made the goroutine ready"},
	{"culprit", "the function that most of the waits like this one consisted of"},
	{"stack", "of running: sample (a CPU sample in it), end (where it left the processor), entry (only the goroutine's entry is known)"},
	{"system", "yes: a goroutine of the runtime or the tracer"},
}
