package main

import "sync"

const (
	queueWorkers = 24
	queueJobs    = 300
)

var condBroadcast = service{
	Name: "cond-broadcast", Procs: 2,
	Doc:    "A queue of jobs with a sync.Cond: (*jobQueue).Put adds a job and wakes all workers that wait, with Broadcast; of 24, nearly all find that another has taken it and wait again. The dispatcher computes 0.7 ms for a job, a worker 0.4 ms; 300 jobs, 210 ms and some 7000 waits in vain. A thundering herd.",
	Expect: []string{"thundering-herd"}, Culprit: "main.(*jobQueue).Put",
	run: func() {
		q := newJobQueue()
		runQueue(q, q.Put)
	},
}

var condSignalled = service{
	Name: "cond-signalled", Procs: 2, Twin: "cond-broadcast",
	Doc: "The same with Signal: a job wakes one worker. Healthy.",
	run: func() {
		q := newJobQueue()
		runQueue(q, q.PutOne)
	},
}

type job struct{ cost float64 }

// jobQueue is a queue that workers wait at.
type jobQueue struct {
	mu     sync.Mutex
	cond   *sync.Cond
	jobs   []job
	closed bool
}

func newJobQueue() *jobQueue {
	q := &jobQueue{}
	q.cond = sync.NewCond(&q.mu)
	return q
}

func runQueue(q *jobQueue, put func(job)) {
	for range queueWorkers {
		workers.Go(func() { queueWorker(q) })
	}
	dispatchJobs(put)
	q.Close()
	workers.Wait()
}

func dispatchJobs(put func(job)) {
	for range queueJobs {
		burn(0.7)
		put(job{0.4})
	}
}

// Put adds a job and wakes all who wait for one.
func (q *jobQueue) Put(j job) {
	q.add(j)
	q.cond.Broadcast()
}

// PutOne adds a job and wakes one who waits for one.
func (q *jobQueue) PutOne(j job) {
	q.add(j)
	q.cond.Signal()
}

func (q *jobQueue) add(j job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.jobs = append(q.jobs, j)
}

// Close lets the workers end when there are no more jobs.
func (q *jobQueue) Close() {
	q.mu.Lock()
	q.closed = true
	q.mu.Unlock()
	q.cond.Broadcast()
}

// Get waits for a job.
func (q *jobQueue) Get() (job, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.jobs) == 0 {
		if q.closed {
			return job{}, false
		}
		q.cond.Wait()
	}
	j := q.jobs[0]
	q.jobs = q.jobs[1:]
	return j, true
}

func queueWorker(q *jobQueue) {
	for {
		j, ok := q.Get()
		if !ok {
			return
		}
		burn(j.cost)
	}
}
