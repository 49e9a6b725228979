// Package timeline turns the events of a trace into closed intervals. It is the
// only state machine: nothing after it looks at an event.
//
//  1. Machine.Feed takes events in order and keeps the present state of every
//     goroutine, P, range and of the world.
//  2. A change of state closes an interval: what the goroutine did, in which
//     raw state and of which kind, where it blocked, who woke it. One function,
//     closeInterval, does it for changes, for splits and for the trace's end.
//  3. The intervals, and what else a collector may need, leave as one stream of
//     Records, by value, in batches. A record holds no pointer, so collectors
//     may run elsewhere than the machine.
//  4. Machine.Finish closes what is open and flags it as censored.
//
// All times in records are nanoseconds since the trace's start, clipped to the
// window of Options. A record that falls outside the window has no length but
// still tells the change of state, so that counts of what runs stay right.
package timeline
