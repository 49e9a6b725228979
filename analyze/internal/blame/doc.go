// Package blame says what filled a wait: who ended it, what that one did
// meanwhile, what it waited for itself, and so on back (methods.md A.8).
//
//  1. pieces.go names what goes on in a stretch of a goroutine: a Piece.
//  2. history.go keeps, for each goroutine that lives, what filled its time, its
//     own waits already resolved into pieces. It is exact for what is recent and
//     summed up for what is long ago, within a budget of memory.
//  3. ledger.go takes the records of a timeline. Where a goroutine ends another's
//     wait, what filled the waker's time during the wait is what filled the wait:
//     a look into one history, however long the chain of causes is. accounts.go
//     sums that by who waited where for whom, paths.go by task and region. ready.go
//     says who had the processors, futile.go which wake-ups were in vain.
//  4. work.go measures work and span while records pass.
//  5. graph.go finds goroutines that wait for each other in a circle.
//
// Those sum. What a single wait, task or goroutine was about is told by the walk
// itself:
//
//  6. recording.go keeps every interval of a part of the trace; walk.go follows one
//     wait back through it, or the critical path.
package blame
