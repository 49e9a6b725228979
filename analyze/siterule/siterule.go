// Package siterule says what a user calls places in a program, and what it means
// to wait there, by what the stacks look like.
package siterule

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/conctrace/conctrace/analyze/waitkind"
)

// Role is what it means to wait at a place.
type Role string

// The roles. A rule without one only names the place.
const (
	Pool    Role = "pool"    // for a member of a limited pool
	Call    Role = "call"    // for an answer from outside, as an RPC client's caller does
	Idle    Role = "idle"    // at rest: idle by design
	Limiter Role = "limiter" // held back on purpose
)

// Roles are all there are.
var Roles = []Role{Pool, Call, Idle, Limiter}

// What a list of rules may be at most.
const (
	MaxRules    = 100
	MaxPatterns = 20  // of one rule
	MaxName     = 100 // characters
)

// Rule is about the waits on stacks that look like this. Of several that fit a wait
// the first counts.
type Rule struct {
	Name string // what reports call the place
	// Stack are patterns that each match a function of the stack, in this order
	// from the leaf outwards; other functions may lie between.
	Stack []*regexp.Regexp
	// Kind is the class, or class/kind, of the waits that are meant. "" is those of
	// all classes but the runtime's own, which hold a goroutine up anywhere.
	Kind string
	Is   Role
}

// About says whether a rule is about waits of a kind.
func (r *Rule) About(k waitkind.Kind) bool {
	class := k.Class()
	if !class.Waiting() {
		return false
	}
	if r.Kind == "" {
		return class != waitkind.Runtime
	}
	return r.Kind == class.String() || r.Kind == k.Label()
}

// Check says what is wrong with the rules, naming the first that is at fault by its
// number and name.
func Check(rules []Rule) error {
	if len(rules) > MaxRules {
		return fmt.Errorf("%d site rules: %d are the most", len(rules), MaxRules)
	}
	for i := range rules {
		if err := rules[i].Check(); err != nil {
			return fmt.Errorf("site rule %d (%q): %w", i+1, rules[i].Name, err)
		}
	}
	return nil
}

// Check says what is wrong with a rule.
func (r *Rule) Check() error {
	switch {
	case strings.TrimSpace(r.Name) == "":
		return errors.New("it has no name")
	case utf8.RuneCountInString(r.Name) > MaxName:
		return fmt.Errorf("its name is longer than %d characters", MaxName)
	case strings.ContainsFunc(r.Name, func(c rune) bool { return !unicode.IsPrint(c) }):
		return errors.New("its name has characters that cannot be printed")
	case len(r.Stack) == 0:
		return errors.New("it has no stack, the patterns of the functions where it is")
	case len(r.Stack) > MaxPatterns:
		return fmt.Errorf("its stack has %d patterns: %d are the most", len(r.Stack), MaxPatterns)
	case slices.Contains(r.Stack, nil):
		return errors.New("its stack has a pattern that is missing")
	case r.Is != "" && !slices.Contains(Roles, r.Is):
		return fmt.Errorf("is = %q says nothing; there are %s", string(r.Is), list(Roles))
	case !knownKind(r.Kind):
		return fmt.Errorf("kind = %q is no kind of wait; it is one of %s, or such a class with a kind of it, as in %q", r.Kind, list(classes()), waitkind.ChanReceive.Label())
	}
	return nil
}

// knownKind says whether any wait is of a class or class/kind.
func knownKind(kind string) bool {
	if kind == "" {
		return true
	}
	for k := range waitkind.NumKinds {
		if class := k.Class(); class.Waiting() && (kind == class.String() || kind == k.Label()) {
			return true
		}
	}
	return false
}

// classes are those of waits.
func classes() (out []string) {
	for c := range waitkind.NumClasses {
		if c.Waiting() {
			out = append(out, c.String())
		}
	}
	return out
}

func list[S ~string](of []S) string {
	parts := make([]string, len(of))
	for i, s := range of {
		parts[i] = string(s)
	}
	return strings.Join(parts, ", ")
}
