package settings

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/conctrace/conctrace/analyze/siterule"
)

// siteKeys are what a site rule may have.
var siteKeys = []string{"name", "stack", "kind", "is"}

// sites takes the site rules. Beyond the most that there may be, none is looked at.
func (f *file) sites(at key, value any) {
	tables, ok := value.([]any)
	if !ok {
		f.problem(at, "site is %s: each site rule stands below a [[site]] of its own", said(value))
		return
	}
	if n := len(tables); n > siterule.MaxRules {
		f.problem(at, "%d site rules: %d are the most", n, siterule.MaxRules)
		return
	}
	for i, value := range tables {
		inside := at.within(strconv.Itoa(i))
		table, ok := value.(map[string]any)
		if !ok {
			f.problem(inside, "site is a list with %s: each site rule stands below a [[site]] of its own", said(value))
			continue
		}
		f.site(inside, table)
	}
}

// site takes one rule.
func (f *file) site(at key, table map[string]any) {
	before := len(f.problems)
	for _, name := range slices.Sorted(maps.Keys(table)) {
		if !slices.Contains(siteKeys, name) {
			f.problem(at.within(name), "a site rule has no %q; it has %s", name, strings.Join(siteKeys, ", "))
		}
	}
	rule := siterule.Rule{
		Name: f.textOf(at, table, "name"), Kind: f.textOf(at, table, "kind"), Is: siterule.Role(f.textOf(at, table, "is")),
		Stack: f.patterns(at.within("stack"), table["stack"]),
	}
	if err := rule.Check(); err != nil && len(f.problems) == before {
		f.problem(at, "site rule %q: %v", rule.Name, err)
	}
	f.out.Sites = append(f.out.Sites, rule)
}

// textOf is a string of a table, "" if it is not there.
func (f *file) textOf(at key, table map[string]any, name string) string {
	value, ok := table[name]
	if !ok {
		return ""
	}
	text, ok := value.(string)
	switch {
	case !ok:
		f.problem(at.within(name), "%s is %s, but must be a string", name, said(value))
	case text == "":
		f.problem(at.within(name), "%s is empty", name)
	}
	return text
}

// patterns are the regular expressions of a stack, nil if it is not there.
func (f *file) patterns(at key, value any) []*regexp.Regexp {
	if value == nil {
		return nil
	}
	list, ok := value.([]any)
	if !ok {
		f.problem(at, "stack is %s, but must be a list of regular expressions, such as ['orders\\.\\(\\*Pool\\)\\.Get']", said(value))
		return nil
	}
	if n := len(list); n > siterule.MaxPatterns {
		f.problem(at, "stack has %d patterns: %d are the most", n, siterule.MaxPatterns)
		return nil
	}
	var out []*regexp.Regexp
	for _, value := range list {
		text, ok := value.(string)
		if !ok || text == "" {
			f.problem(at, "stack has %s in it, but must have regular expressions", said(value))
			continue
		}
		re, err := regexp.Compile(text)
		if err != nil {
			f.problem(at, "stack: %v", err)
			continue
		}
		out = append(out, re)
	}
	return out
}
