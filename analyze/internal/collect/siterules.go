package collect

import (
	"encoding/binary"
	"regexp"
	"slices"

	"github.com/conctrace/conctrace/analyze/internal/event"
	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/analyze/siterule"
	"github.com/conctrace/conctrace/analyze/waitkind"
)

// siteRules are the user's site rules. Which patterns match a function is worked out
// once for each function, and which rules may be about a stack once for each stack,
// so that an event costs a look into a table.
type siteRules struct {
	rules    []siterule.Rule
	calls    bool             // some are about waits for an answer from outside
	patterns []pattern        // of all rules, one after the other
	first    []int            // where those of each rule begin
	matches  map[string][]int // by function: the patterns, the last first
	sets     [][]int          // of rules, by the number in stackFact; 0 is none
	numbers  map[string]int32 // of sets
}

// pattern is one of a rule's.
type pattern struct {
	*regexp.Regexp
	rule int
}

func newSiteRules(rules []siterule.Rule) siteRules {
	s := siteRules{rules: rules, matches: map[string][]int{}, sets: [][]int{nil}, numbers: map[string]int32{"": 0}}
	for i := range rules {
		s.calls = s.calls || rules[i].Is == siterule.Call
		s.first = append(s.first, len(s.patterns))
		for _, re := range rules[i].Stack {
			s.patterns = append(s.patterns, pattern{re, i})
		}
	}
	return s
}

// of is the number of the set of rules of which a stack matches all patterns, in
// their order. That each takes the first function that it can leaves the most for
// those behind it.
func (s *siteRules) of(funcs []string) int32 {
	if len(s.rules) == 0 {
		return 0
	}
	next := slices.Clone(s.first)
	for _, fn := range funcs {
		for _, p := range s.matching(fn) {
			if rule := s.patterns[p].rule; next[rule] == p {
				next[rule]++
			}
		}
	}
	var set []int
	for i := range s.rules {
		if next[i] == s.first[i]+len(s.rules[i].Stack) {
			set = append(set, i)
		}
	}
	return s.number(set)
}

// matching are the patterns that match a function, the last first, so that one after
// the other of a rule takes a function each.
func (s *siteRules) matching(fn string) []int {
	out, known := s.matches[fn]
	if known {
		return out
	}
	for i := len(s.patterns) - 1; i >= 0; i-- {
		if s.patterns[i].MatchString(fn) {
			out = append(out, i)
		}
	}
	s.matches[fn] = out
	return out
}

// number is the number of a set of rules.
func (s *siteRules) number(set []int) int32 {
	var key []byte
	for _, i := range set {
		key = binary.AppendUvarint(key, uint64(i))
	}
	n, known := s.numbers[string(key)]
	if !known {
		n = int32(len(s.sets))
		s.sets = append(s.sets, set)
		s.numbers[string(key)] = n
	}
	return n
}

// rule is the first rule that is about waits of a kind on a stack, nil if none is.
func (s *stackFacts) rule(kind waitkind.Kind, stack event.StackID) *siterule.Rule {
	if len(s.rules.rules) == 0 {
		return nil
	}
	for _, i := range s.rules.sets[s.of(stack).rules] {
		if rule := &s.rules.rules[i]; rule.About(kind) {
			return rule
		}
	}
	return nil
}

// isCall says whether a rule has it that waits of a kind on a stack are for an answer
// from outside. Every wait asks this and classOf: what they do where there are such
// rules is kept out of line, so that they are not.
func (s *stackFacts) isCall(kind waitkind.Kind, stack event.StackID) bool {
	return s.rules.calls && s.callAt(kind, stack)
}

//go:noinline
func (s *stackFacts) callAt(kind waitkind.Kind, stack event.StackID) bool {
	rule := s.rule(kind, stack)
	return rule != nil && rule.Is == siterule.Call
}

// classOf is as what a wait counts, as far as its kind and its place tell.
func (s *stackFacts) classOf(kind waitkind.Kind, stack event.StackID) waitClass {
	if s.rules.calls {
		return s.classAt(kind, stack)
	}
	return classOf[kind]
}

//go:noinline
func (s *stackFacts) classAt(kind waitkind.Kind, stack event.StackID) waitClass {
	if class := classOf[kind]; class == waitsIO || !s.callAt(kind, stack) {
		return class
	}
	return waitsVia
}

// ruleResult is a rule as results have it.
func ruleResult(rule *siterule.Rule) *result.SiteRule {
	if rule == nil {
		return nil
	}
	return &result.SiteRule{Name: rule.Name, Is: string(rule.Is)}
}
