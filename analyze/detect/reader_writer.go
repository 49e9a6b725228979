package detect

import (
	"fmt"
	"slices"

	"github.com/conctrace/conctrace/analyze/result"
)

var readerWriterStall = Detector{
	Name:  "reader-writer-stall",
	Title: "Readers wait behind a writer that waits for readers",
	Doc: "Goroutines wait to read under a RWMutex although only others read: a writer is before them in the queue and waits for those. " +
		"One long read then holds up all others as soon as anybody wants to write.",
	remedy: "Make the long reads shorter, or let them work on a copy: a snapshot behind an atomic.Pointer needs no lock to be read. For short sections a plain Mutex is no slower.",
	caveat: "That reader, writer and reader use one lock is told by who lets whom go; a trace does not name locks. A single reload at the start looks the same.",
	Scale:  Scale{"share of all processor time that idles for readers behind writers, and these writers", Share, 0.05, 0.2},
	Bounds: []Threshold{leastStalls},
	find:   findReaderWriterStall,
}

var leastStalls = Threshold{"least-waits", 5, Number, "waits to read that a writer ended"}

// findReaderWriterStall looks for waits to read that were filled by who has the lock
// for reading: whoever ends waits to write.
func findReaderWriterStall(e *evidence) []candidate {
	readers := e.writersWaitFor()
	var best *stall
	var all stall
	for i := range e.Sites {
		s := &e.Sites[i]
		if s.Kind != "rwmutex-read" || s.TotalNs <= 0 || meant(s.Rule) {
			continue
		}
		at := stall{site: s, waits: s.Waits}
		for _, p := range s.Pieces {
			if p.HeldIn != nil && slices.Contains(readers, p.HeldIn.Func) {
				at.ns += p.Ns
				if at.long == nil || p.Ns > at.longNs {
					at.long, at.longNs = p.HeldIn, p.Ns
				}
			}
		}
		if at.ns*2 < s.TotalNs {
			continue // mostly for the writer itself
		}
		at.idle = int64(share(at.ns, s.TotalNs) * float64(s.IdleBlockedNs))
		all.waits += at.waits
		all.ns += at.ns
		all.idle += at.idle
		if best == nil || at.ns > best.ns {
			best = &at
		}
	}
	if best == nil || all.waits < e.limitNs(leastStalls) {
		return nil
	}
	return []candidate{e.stalled(best, &all)}
}

// stall is waits to read behind a writer that waits for readers.
type stall struct {
	site     *result.Site
	waits    int64
	ns, idle int64
	long     *result.Frame // who mostly had the lock
	longNs   int64
}

// writersWaitFor are the functions that let go of a RWMutex for which others waited to
// write.
func (e *evidence) writersWaitFor() []string {
	var out []string
	for i := range e.Sites {
		if s := &e.Sites[i]; s.Kind == "rwmutex-write" {
			for _, p := range s.Pieces {
				if p.HeldIn != nil && e.reads(p.HeldIn) {
					out = append(out, p.HeldIn.Func)
				}
			}
		}
	}
	return out
}

// reads says whether whoever lets go of a RWMutex in a function had it for reading, as
// far as others waited for that: for next to nothing had they it for writing there.
func (e *evidence) reads(in *result.Frame) bool {
	const mostly = 5
	return e.waitedFor(in, "sync.(*RWMutex).RUnlock") > mostly*e.waitedFor(in, "sync.(*RWMutex).Unlock")
}

// waitedFor sums the waits for a RWMutex that were ended in a function by a call of
// another, ns.
func (e *evidence) waitedFor(in *result.Frame, call string) (ns int64) {
	for i := range e.Sites {
		s := &e.Sites[i]
		if s.Kind != "rwmutex-read" && s.Kind != "rwmutex-write" {
			continue
		}
		for _, w := range s.Wakers {
			if calls(w.Frames, call) && calls(w.Frames, in.Func) {
				ns += w.TotalNs
			}
		}
	}
	return ns
}

func calls(frames []result.Frame, fn string) bool {
	return slices.ContainsFunc(frames, func(f result.Frame) bool { return f.Func == fn })
}

// classesAt are the locks of some places.
func (e *evidence) classesAt(sites ...*result.Site) (out []*result.SiteClass) {
	for i := range e.SiteClasses {
		c := &e.SiteClasses[i]
		if slices.ContainsFunc(c.Sites, func(at int) bool { return slices.Contains(sites, &e.Sites[at]) }) {
			out = append(out, c)
		}
	}
	return out
}

func (e *evidence) stalled(best, all *stall) candidate {
	var c candidate
	writers := e.writersOf(best)
	idle := all.idle
	for _, w := range writers {
		idle += w.IdleBlockedNs
	}
	c.LostNs, c.LostOf = idle, "processors"
	c.value = e.ofCapacity(c.LostNs)
	c.Culprit = place(*best.long)
	at := inner(best.site.Frames)
	if all.waits > best.waits {
		at += " and elsewhere"
	}
	c.Sentence = fmt.Sprintf("Most of %s to read, in %s, %s in all, were not for a writer's work: a writer was next and waited itself for readers to let go, mostly for %s.",
		counted(all.waits, "wait", "waits"), at, duration(all.ns), function(best.long.Func))
	if len(writers) > 0 {
		c.Sentence += fmt.Sprintf(" The writer is %s, which waited %s, %s in all.", inner(writers[0].Frames), counted(writers[0].Waits, "time", "times"), duration(writers[0].TotalNs))
		c.Stacks = append(c.Stacks, stack("blocked", writers[0].Frames)...)
	}
	c.Groups, c.Victims = best.site.Groups, best.site.Groups
	c.classes = e.classesAt(append(writers, best.site)...)
	c.At = worst(best.site.Worst)
	c.Stacks = append(stack("blocked", best.site.Frames), c.Stacks...)
	c.Stacks = append(c.Stacks, stack("running", []result.Frame{*best.long})...)
	c.Evidence = map[string]float64{"waits_to_read": float64(all.waits), "behind_readers_ns": float64(all.ns), "idle_processors_ns": float64(idle)}
	c.meanwhile = true
	c.clause = fmt.Sprintf("readers waited behind a writer, which waited for %s to let go", function(best.long.Func))
	return c
}

// writersOf are the places where those waited to write that ended the waits to read.
func (e *evidence) writersOf(best *stall) []*result.Site {
	var out []*result.Site
	for i := range e.Sites { // most time first
		s := &e.Sites[i]
		if s.Kind != "rwmutex-write" {
			continue
		}
		if slices.ContainsFunc(s.Pieces, func(p result.Piece) bool { return p.HeldIn != nil && p.HeldIn.Func == best.long.Func }) {
			out = append(out, s)
		}
	}
	return out
}
