package report

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/units"
)

// waitClasses is the classes of the waits table. Waits for a processor have
// lines of their own.
var waitClasses = []string{"blocked-sync", "blocked-io", "timer", "runtime", "unknown"}

// drawWaits shows what the goroutines waited for, and where in the code.
func drawWaits(p *page, r *result.Result) {
	kinds := waitKinds(r)
	if len(kinds) == 0 {
		return
	}
	p.heading("WAITS", "by kind, and the places in the code with the most time; at rest left out")
	t := table{columns: append([]column{
		{title: "KIND, PLACE", least: 22},
		{title: "WAITS", right: true, drop: 5},
		{title: "TOTAL", right: true},
	}, percentileColumns()...)}
	shown := kinds[:min(len(kinds), p.Top)]
	for _, k := range shown {
		t.rows = append(t.rows, p.waitRow(r, k))
		for i, s := range sitesOf(r, k) {
			t.rows = append(t.rows, p.siteRow(s))
			if wakers := p.wakers(r, s); i == 0 && len(wakers) > 0 {
				t.rows = append(t.rows, []cell{wideCell(wakers)})
			}
		}
	}
	t.draw(p, 0)
	p.more(len(kinds)-len(shown), len(kinds), "kind", "kinds")
	if o := r.SitesOmitted; o.Count > 0 {
		p.wrap(spaces(2), 2, text(muted, units.Counted(int64(o.Count), "further place", "further places")+" with "+units.Duration(o.TotalNs)+" of waits are not told apart."))
	}
}

// percentileColumns are the columns of a distribution.
func percentileColumns() []column {
	return []column{
		{title: "MEDIAN", right: true, drop: 2},
		{title: "p90", right: true, drop: 1},
		{title: "p99", right: true, drop: 3},
		{title: "MAX", right: true, drop: 4},
	}
}

// waitKinds is the kinds of waits with time that was not at rest, by time.
func waitKinds(r *result.Result) []kindTime {
	kinds := engagedKinds(r.Time)
	return slices.DeleteFunc(kinds, func(k kindTime) bool { return !slices.Contains(waitClasses, k.class) })
}

// lookOfKind is the look of the class, or of the kernel's part of blocked-io.
func lookOfKind(k kindTime) look {
	if isKernel(k) {
		return kernelLook
	}
	return lookOf(k.class)
}

func (p *page) waitRow(r *result.Result, k kindTime) []cell {
	l := lookOfKind(k)
	name := k.kind
	if name == "" {
		name = k.class
	}
	row := []cell{
		textCell{lead: line{{l.letter, l.tone}, {" ", plain}}, forms: []string{p.clean(name)}, tone: strong, start: true},
		nil,
		txt(strong, units.Duration(k.ns)),
	}
	if d := r.Waits[k.class+"/"+k.kind]; d.Count > 0 {
		row[1] = txt(plain, units.Count(d.Count))
		row = append(row, txt(plain, units.Duration(d.P50Ns)), txt(plain, units.Duration(d.P90Ns)), txt(plain, units.Duration(d.P99Ns)), txt(plain, units.Duration(d.MaxNs)))
	}
	return row
}

// sitesOf is the places that matter for a kind: at most three, and after the
// first only those with a twentieth of the time.
func sitesOf(r *result.Result, k kindTime) []result.Site {
	var sites []result.Site
	for _, s := range r.Sites {
		if s.Class == k.class && s.Kind == k.kind && s.TotalNs > 0 {
			sites = append(sites, s)
		}
	}
	slices.SortStableFunc(sites, func(a, b result.Site) int {
		return cmp.Or(compareDesc(a.TotalNs, b.TotalNs), compareDesc(a.Waits, b.Waits))
	})
	for i, s := range sites {
		if i == 3 || i > 0 && s.TotalNs < k.ns/20 {
			return sites[:i]
		}
	}
	return sites
}

// wakers says which goroutines ended the waits at a place, where there is room
// for it: those that ended a tenth of them.
func (p *page) wakers(r *result.Result, s result.Site) line {
	if p.Width < 80 {
		return nil
	}
	l := text(muted, "      ended by ")
	some := false
	for _, w := range s.Wakers {
		if w.Waits < s.Waits/10 || p.groupName(r, w.Group) == "" {
			continue
		}
		item := p.waker(r, w, s.Waits, p.Width-l.width())
		if some {
			item = append(text(muted, units.NBSP+"· "), item...)
			if l.width()+item.width() > p.Width {
				break
			}
		}
		l, some = append(l, item...), true
	}
	if !some {
		return nil
	}
	return l
}

// waker is a group that ended waits, from where and how many: in the fullest
// form that fits, or else the shortest.
func (p *page) waker(r *result.Result, w result.Waker, waits int64, room int) line {
	name, place := p.groupName(r, w.Group), ""
	if f, ok := names.Caller(w.Frames); ok && f.Func != "" {
		place = p.calls([]result.Frame{f}, 1, 1)
	}
	forms := []string{name}
	switch {
	case place == name || strings.HasPrefix(place, name+" "):
		forms = []string{place}
	case place != "":
		forms = []string{name + " in " + place, place}
	}
	for _, after := range []string{p.via(w), ""} {
		for i, form := range forms {
			l := line{{form + " ", muted}, {units.Percent(w.Waits, waits), plain}, {after, muted}}
			if last := after == "" && i == len(forms)-1; last || l.width() <= room {
				return joined(l)
			}
		}
	}
	return nil
}

// via is what had woken a waker itself, where that is most of the time.
func (p *page) via(w result.Waker) string {
	names := slices.Sorted(maps.Keys(w.ViaNs))
	slices.SortStableFunc(names, func(a, b string) int { return compareDesc(w.ViaNs[a], w.ViaNs[b]) })
	if len(names) == 0 || w.ViaNs[names[0]] < w.TotalNs/2 || w.ViaNs[names[0]] <= 0 {
		return ""
	}
	return ", itself woken by " + p.clean(names[0])
}

func (p *page) siteRow(s result.Site) []cell {
	return []cell{
		textCell{lead: text(muted, "    "), forms: p.siteForms(s), start: s.Rule != nil},
		txt(plain, units.Count(s.Waits)),
		txt(plain, units.Duration(s.TotalNs)),
		txt(plain, units.Duration(s.P50Ns)),
		txt(plain, units.Duration(s.P90Ns)),
		txt(plain, units.Duration(s.P99Ns)),
		txt(plain, units.Duration(s.MaxNs)),
	}
}

// siteForms are ways to show where goroutines waited, by what the user calls the
// place before what it is in the code.
func (p *page) siteForms(s result.Site) []string {
	places := p.placeForms(s.Frames)
	if s.Rule == nil {
		return places
	}
	name := p.clean(s.Rule.Name)
	var forms []string
	for _, place := range places {
		forms = append(forms, name+": "+place)
	}
	return append(forms, name)
}
