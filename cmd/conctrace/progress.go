package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows on a terminal how far a long reading is.
type progress struct {
	w     io.Writer // nil: show nothing
	name  string
	begun time.Time
	shown time.Time
	bar   *progressbar.ProgressBar
}

// What is quicker than patience shows no progress at all.
const (
	patience = time.Second
	refresh  = 100 * time.Millisecond
)

func newProgress(w io.Writer, name string, quiet bool) *progress {
	p := &progress{name: name, begun: time.Now()}
	if !quiet && isTerminal(w) {
		p.w = w
	}
	return p
}

// update takes how many bytes of how many were read; size is -1 if unknown.
func (p *progress) update(read, size int64) {
	now := time.Now()
	if p.w == nil || now.Sub(p.begun) < patience || now.Sub(p.shown) < refresh {
		return
	}
	p.shown = now
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(size,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription("reading "+p.name),
			progressbar.OptionClearOnFinish(),
			progressbar.OptionSetPredictTime(size > 0),
		)
	}
	_ = p.bar.Set64(read) // a terminal that went away is no reason to stop
}

func (p *progress) finish() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
