package detect

import (
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

// sound is a result without what points to sites or groups that are not there, as one
// that was read from JSON may hold anything; what was measured is sound as it is.
func sound(r *result.Result) *result.Result {
	site := func(i int) bool { return i >= 0 && i < len(r.Sites) }
	group := func(i int) bool { return i >= -1 && i < len(r.Groups) }
	p := &r.Patterns
	bad := slices.ContainsFunc(r.SiteClasses, func(c result.SiteClass) bool { return !all(c.Sites, site) }) ||
		slices.ContainsFunc(p.PingPongs, func(x result.PingPong) bool { return !soundPair(x, site, group) }) ||
		slices.ContainsFunc(p.Volleys, func(x result.Volley) bool { return !site(x.Site) }) ||
		slices.ContainsFunc(p.Joins, func(x result.Join) bool { return !site(x.Site) }) ||
		slices.ContainsFunc(p.SleepLoops, func(x result.SleepLoop) bool { return !site(x.Site) })
	if !bad {
		return r
	}
	out := *r
	out.SiteClasses = nil
	for _, c := range r.SiteClasses {
		c.Sites = slices.DeleteFunc(slices.Clone(c.Sites), func(i int) bool { return !site(i) })
		out.SiteClasses = append(out.SiteClasses, c)
	}
	q := &out.Patterns
	q.PingPongs = slices.DeleteFunc(slices.Clone(p.PingPongs), func(x result.PingPong) bool { return !soundPair(x, site, group) })
	q.Volleys = slices.DeleteFunc(slices.Clone(p.Volleys), func(x result.Volley) bool { return !site(x.Site) })
	q.Joins = slices.DeleteFunc(slices.Clone(p.Joins), func(x result.Join) bool { return !site(x.Site) })
	q.SleepLoops = slices.DeleteFunc(slices.Clone(p.SleepLoops), func(x result.SleepLoop) bool { return !site(x.Site) })
	return &out
}

func soundPair(x result.PingPong, site, group func(int) bool) bool {
	return len(x.Sites) == 2 && len(x.Groups) == 2 && all(x.Sites, site) && all(x.Groups, group)
}

func all(list []int, is func(int) bool) bool {
	return !slices.ContainsFunc(list, func(i int) bool { return !is(i) })
}
