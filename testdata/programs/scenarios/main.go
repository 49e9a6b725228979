// Scenarios are small programs whose behaviour is known beforehand: what runs
// beside what, who waits for whom and for how long. A trace of one is ground
// truth for the analyses.
//
//	scenarios -o FILE NAME
//	scenarios -all DIRECTORY
//	scenarios -list
//
// Every role is a function of its own (slowConsumer, (*Store).Lookup), so that a
// test can name the culprit. Work is a calibrated number of steps, not a loop
// until a time: that would count the time off the processor as work.
//
// A process has one scenario in its life: they share the variables workers, heavy
// and stopping.
package main

import "github.com/conctrace/conctrace/testdata/programs/internal/ground"

// A scenario is one program.
type scenario struct {
	Name string `json:"name"`
	// ID is the number in the list of scenarios that the analyses were planned
	// with. Some have none.
	ID    string `json:"id,omitempty"`
	Procs int    `json:"procs"` // GOMAXPROCS
	Doc   string `json:"doc"`   // what the program does, and what an analysis must say
	// Waits counts the waits that are the same in every run: the key is an entry
	// function and a class, mostly with a kind, as conctrace calls them, the value
	// is for all goroutines of that function together.
	Waits map[string]int `json:"waits,omitempty"`
	// Usual counts waits that a stall of the machine can add to or take from.
	// The traces in testdata have these numbers.
	Usual map[string]int `json:"usual,omitempty"`

	profile bool   // record a CPU profile at the same time
	idle    bool   // run only waits for the recording's end: that is no region
	before  func() // runs before the recording begins
	run     func() // runs while recording, in a region with the scenario's name
}

var scenarios = []scenario{
	oneGoroutine, twoOnOneProc, twoOnTwoProcs, forkJoin, eightOnTwoProcs,
	hundredSleepers,
	sequentialReads, concurrentReads, selectJoin, pullIterator,
	hogOneProc, hogTwoProcs, hogInPool, lockHandOffs, lockAndFree, readerWriterReader, pingPong,
	slowConsumerQueue, slowProducerQueue, pipelineUnbuffered,
	widePipeline, idlePool, idleListener, condHerd, closeReleases,
	unevenChunks, stragglerRounds, unboundedFanOut, boundedFanOut, semaphoreOfTwo, alignedTickers,
	transitiveWait, waitsForCreator, timerChannel, forcedGC, memStats,
	profiledFourProcs, profiledTwoProcs,
	goschedLoop,
	nilChannel, twoLockCycle, openWaits, nestedTasks, connectionPool, delegation,

	lockSerialises, httpModerate,
	threeSleepsOneProc, threeSleeps,
	heavyDelaysOthers, heavyInBoundedPool,
	pipelineBackpressure,
	stuckOnChannel, leak, latencyBoundWorkers, idleServer, overSleep,
	condSignal, herdOfHandlers,
	evenChunks, fanOutDelaysOthers, workerChurn, chunkedItems,
	jitteredTickers, waitsForFlag, sleepPoll, tickerHeartbeat,
	lockConvoy, lockBatched, readersBehindWriter, atomicSnapshot,
}

// tagged holds the scenarios of files with build tags; their init functions add
// to it.
var tagged []scenario

func main() {
	known := append(append([]scenario{}, scenarios...), tagged...)
	programs := make([]ground.Program, 0, len(known))
	for _, s := range known {
		programs = append(programs, ground.Program{
			Name: s.Name, Procs: s.Procs, Profile: s.profile, Idle: s.idle, Before: s.before, Run: s.run,
		})
	}
	ground.Main("scenarios", programs, known, childRoles)
}
