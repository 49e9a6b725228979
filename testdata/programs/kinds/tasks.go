package main

import (
	"context"
	"runtime/trace"
	"time"
)

// The trace has three tasks "request", each with a child "query", which another
// goroutine works on; one task "abandoned" that does not end, with a region
// "unfinished" that does not either; and the end of one task that began before
// the trace.
var tasks = scenario{
	Name: "tasks",
	Doc:  "tasks, regions and logs: nested, across goroutines, and some that do not end",
	Expect: []expectation{
		{Func: "main.requester", Kind: "blocked-sync/chan-receive", Reason: "chan receive", Goroutines: 3, Waits: 3},
		{Func: "main.querier", Kind: "timer/sleep", Reason: "sleep", Goroutines: 3, Waits: 3},
		{Func: "main.abandoner", Kind: "blocked-sync/chan-receive", Reason: "chan receive", Goroutines: 1, Waits: 1},
	},
	before: func() {
		_, tasksState.early = trace.NewTask(context.Background(), "early")
	},
	run: func() {
		s := &tasksState
		s.queries = make(chan query)
		s.abandoned.start(1, abandoner)
		s.start(3, querier)
		s.start(3, requester)
		s.join()
		s.early.End()
		s.abandoned.settle()
	},
}

var tasksState struct {
	early   *trace.Task
	queries chan query
	never   chan int
	crew
	abandoned crew
}

type query struct {
	ctx   context.Context
	reply chan int
}

func requester() {
	s := &tasksState
	defer s.leave()
	ctx, task := trace.NewTask(context.Background(), "request")
	defer task.End()
	trace.WithRegion(ctx, "parse", func() {
		trace.WithRegion(ctx, "headers", func() { burn(0.2) })
		trace.Logf(ctx, "size", "%d bytes", 512)
	})
	reply := make(chan int)
	s.queries <- query{ctx, reply}
	defer trace.StartRegion(ctx, "wait").End()
	<-reply
}

func querier() {
	s := &tasksState
	defer s.leave()
	q := <-s.queries
	ctx, task := trace.NewTask(q.ctx, "query")
	defer task.End()
	trace.Log(ctx, "table", "users")
	trace.WithRegion(ctx, "scan", func() { time.Sleep(3 * time.Millisecond) })
	q.reply <- 1
}

func abandoner() {
	s := &tasksState
	s.never = make(chan int)
	ctx, _ := trace.NewTask(context.Background(), "abandoned")
	trace.StartRegion(ctx, "unfinished")
	trace.Log(ctx, "", "a message without a category")
	s.abandoned.arrive()
	<-s.never
}

var hostileNames = scenario{
	Name: "hostile-names",
	Doc:  "names and messages that mean something to HTML, a terminal, Markdown or a CI system",
	Expect: []expectation{
		{Func: "main.hostile", Kind: "timer/sleep", Reason: "sleep", Goroutines: 1, Waits: 1},
	},
	run: func() {
		hostileNamesState.start(1, hostile)
		hostileNamesState.join()
	},
}

var hostileNamesState struct{ crew }

func hostile() {
	defer hostileNamesState.leave()
	ctx, task := trace.NewTask(context.Background(), `<script>alert("task")</script>`)
	defer task.End()
	defer trace.StartRegion(ctx, "</title></script><img src=x onerror=alert(1)>").End()
	trace.Log(ctx, "::error file=main.go,line=1", "::set-output name=x::y\r\n::stop-commands::z")
	trace.Log(ctx, "| a | b |", "**bold** `code` [link](javascript:alert(1)) \n|---|---|\n")
	trace.Log(ctx, "\x1b[31mred\x1b]0;title\a", "a\x00b \u202egnp.exe\u202c \u2066iso\u2069 \ufeff\x7f\u009b31m")
	trace.Log(ctx, "not UTF-8", "\xff\xfe\xc3(")
	trace.Log(ctx, "=cmd|' /C calc'!A0", "${jndi:x} {{.}} %s %n \u2028\u2029")
	time.Sleep(time.Millisecond)
}
