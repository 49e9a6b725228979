package report

import (
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
	"github.com/conctrace/conctrace/report/internal/names"
	"github.com/conctrace/conctrace/report/internal/units"
)

// drawQueues shows the locks and the channels at which goroutines waited, as far as
// places that end each other's waits are one.
func drawQueues(p *page, r *result.Result) {
	locks, channels := splitQueues(r)
	if len(locks)+len(channels) == 0 {
		return
	}
	p.heading("LOCKS AND CHANNELS", "by what processors idled meanwhile; at rest left out")
	drawLocks(p, r, locks)
	drawChannels(p, r, channels)
	p.wrap(spaces(2), 2, text(muted, queuesNote+" What made nobody wait is not seen."))
}

const queuesNote = "A trace does not name locks and channels: places that end each other's waits count as one, so that a lock for each key, or a channel for each client, that the same lines use looks like one for all."

// splitQueues are the locks and the channels at which somebody was seen to end a wait.
func splitQueues(r *result.Result) (locks, channels []result.SiteClass) {
	for _, c := range r.SiteClasses {
		switch {
		case c.TotalNs <= 0 || c.HandOffs == 0:
		case c.Kind == "lock":
			locks = append(locks, c)
		default:
			channels = append(channels, c)
		}
	}
	return locks, channels
}

// queueColumns are the columns that locks and channels have in common, after their
// names.
func queueColumns(title string) []column {
	return []column{
		{title: title, least: 22},
		{title: "WAITS", right: true, drop: 6},
		{title: "TOTAL", right: true},
		{title: "QUEUE", right: true, drop: 4},
		{title: "MOST", right: true, drop: 3},
		{title: "BUSY", right: true, drop: 5},
	}
}

// queueCells are what goes into them: how many waited while anybody did, on average
// and at most, and the share of the time in which anybody did.
func queueCells(r *result.Result, c result.SiteClass, forms []string) []cell {
	cells := []cell{
		textCell{lead: spaces(2), forms: forms},
		txt(plain, units.Count(c.Waits)),
		txt(strong, units.Duration(c.TotalNs)),
		nil,
		txt(plain, units.Count(int64(c.MostWaiting))),
		txt(plain, units.Percent(c.BusyNs, r.Scope.DurationNs())),
	}
	if c.BusyNs > 0 {
		cells[3] = txt(plain, units.Average(float64(c.WaitingNs)/float64(c.BusyNs)))
	}
	return cells
}

func drawLocks(p *page, r *result.Result, locks []result.SiteClass) {
	t := table{columns: append(queueColumns("LOCK"),
		column{title: "EVERY", right: true, drop: 2},
		column{title: "ON PATH", right: true, drop: 1},
		column{title: "IDLE P", right: true},
	)}
	for _, c := range locks[:min(len(locks), p.Top)] {
		row := queueCells(r, c, p.classForms(r, c))
		row = append(row, p.service(c), nil, txt(plain, units.Percent(c.IdleBlockedNs, r.Scheduler.PTimeNs.Sum())))
		if c.CriticalPathShare > 0 {
			row[7] = txt(plain, units.PercentOf(c.CriticalPathShare))
		}
		t.rows = append(t.rows, row)
		if note := p.lockNote(c); len(note) > 0 && p.Width >= 80 {
			t.rows = append(t.rows, []cell{wideCell(note)})
		}
	}
	t.draw(p, 0)
	p.more(len(locks)-min(len(locks), p.Top), len(locks), "lock", "locks")
}

// service is the time from one hand-off to the next while others waited.
func (p *page) service(c result.SiteClass) cell {
	if c.Service.Count == 0 {
		return nil
	}
	return txt(plain, units.Duration(c.Service.P50Ns))
}

// classForms are ways to show what a class is: where it is mostly waited for.
func (p *page) classForms(r *result.Result, c result.SiteClass) []string {
	if len(c.Sites) == 0 || c.Sites[0] < 0 || c.Sites[0] >= len(r.Sites) {
		return []string{"?"}
	}
	return p.siteForms(r.Sites[c.Sites[0]])
}

// lockNote says where a lock is let go of, how goroutines queued, how it is handed over,
// and at how many places it is waited for, as far as there is room.
func (p *page) lockNote(c result.SiteClass) line {
	at := p.releasedAt(c)
	if at == "" {
		return nil
	}
	items := []line{text(muted, "let go in "+at)}
	add := func(s string) { items = append(items, text(muted, s)) }
	if v := c.Convoys; v != nil {
		add("in convoys for " + units.Duration(v.Ns))
	}
	if c.DirectHandOffs > 0 {
		add(units.Count(c.DirectHandOffs) + " straight to the first")
	}
	if n := len(c.Sites); n > 1 {
		add(units.Counted(int64(n), "place", "places"))
	}
	return append(text(muted, "      "), fittingItems(items, p.Width-6)[0]...)
}

// releasedAt is where most waits were ended.
func (p *page) releasedAt(c result.SiteClass) string {
	f, ok := names.Caller(c.Release)
	if !ok || f.Func == "" {
		return ""
	}
	return p.calls([]result.Frame{f}, 1, 1)
}

func drawChannels(p *page, r *result.Result, channels []result.SiteClass) {
	t := table{columns: append(queueColumns("CHANNEL"),
		column{title: "TO SEND", right: true, drop: 2},
		column{title: "TO RECEIVE", right: true, drop: 1},
		column{title: "IDLE P", right: true},
	)}
	for _, c := range channels[:min(len(channels), p.Top)] {
		row := queueCells(r, c, p.classForms(r, c))
		t.rows = append(t.rows, append(row,
			txt(plain, units.Percent(c.SendNs, c.TotalNs)), txt(plain, units.Percent(c.ReceiveNs, c.TotalNs)),
			txt(plain, units.Percent(c.IdleBlockedNs, r.Scheduler.PTimeNs.Sum()))))
		if note := p.channelNote(r, c); len(note) > 0 && p.Width >= 80 {
			t.rows = append(t.rows, []cell{wideCell(note)})
		}
	}
	t.draw(p, 0)
	p.more(len(channels)-min(len(channels), p.Top), len(channels), "channel", "channels")
}

// channelNote says who sends and who receives, each with the share of their time for
// which they run: of a pipeline's stages the one with most is the bottleneck.
func (p *page) channelNote(r *result.Result, c result.SiteClass) line {
	senders, receivers := p.stage(r, c.Senders), p.stage(r, c.Receivers)
	if senders == "" || receivers == "" {
		return nil
	}
	if slices.Equal(c.Senders, c.Receivers) {
		return text(muted, "      "+senders+" among themselves")
	}
	return text(muted, "      "+senders+" → "+receivers)
}

// stage is the first of some groups, with the share of the time for which its
// goroutines run.
func (p *page) stage(r *result.Result, groups []int) string {
	for _, g := range groups {
		if name := p.groupName(r, g); name != "" {
			ran := "ran " + units.Percent(r.Groups[g].Time.RunningNs, r.Scope.DurationNs())
			if slices.ContainsFunc(r.Patterns.Stages, func(s result.Stage) bool { return s.Group == g && s.Bottleneck }) {
				ran += ", the bottleneck"
			}
			return name + " (" + ran + ")"
		}
	}
	return ""
}
