package main

import (
	"context"
	"runtime/trace"
	"sync"
)

const placed = 4

var nestedTasks = scenario{
	Name: "s43-nested-tasks", ID: "S43", Procs: 2,
	Doc: "orderHandler handles four orders one after the other, each a task \"order\": 4 ms in the region \"validate\", then two goroutines with a task each below the order's, \"price\" with 10 ms and \"stock\" with 20 ms, and when both are done 6 ms in \"render\". \"stock\" has the region \"reserve\" for all of its 20 ms; within that \"lock-shelf\" for 8 ms, 5 ms outside of any, and \"count\" for 7 ms. " +
		"So an order takes 30 ms, 120 ms in all; each order's goroutines compute for 40 ms, its own goroutine waits for 20 ms at the join, the longest chain is 30 ms, and \"price\" could be 10 ms later.",
	Waits: map[string]int{
		"main.orderHandler blocked-sync/waitgroup": placed,
		"main.main blocked-sync/waitgroup":         1,
	},
	run: func() {
		workers.Add(1)
		go orderHandler()
		workers.Wait()
	},
}

// order is the order that is being handled.
var order struct {
	ctx   context.Context
	parts sync.WaitGroup
}

func orderHandler() {
	defer workers.Done()
	for range placed {
		handleOrder()
	}
}

func handleOrder() {
	var task *trace.Task
	order.ctx, task = trace.NewTask(context.Background(), "order")
	defer task.End()
	trace.WithRegion(order.ctx, "validate", func() { burn(4) })
	order.parts.Add(2)
	go priceTask()
	go stockTask()
	order.parts.Wait()
	trace.WithRegion(order.ctx, "render", func() { burn(6) })
}

func priceTask() {
	defer order.parts.Done()
	ctx, task := trace.NewTask(order.ctx, "price")
	defer task.End()
	trace.Log(ctx, "items", "3")
	burn(10)
}

func stockTask() {
	defer order.parts.Done()
	ctx, task := trace.NewTask(order.ctx, "stock")
	defer task.End()
	defer trace.StartRegion(ctx, "reserve").End()
	trace.WithRegion(ctx, "lock-shelf", func() { burn(8) })
	burn(5)
	trace.WithRegion(ctx, "count", func() { burn(7) })
}
