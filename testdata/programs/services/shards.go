package main

import (
	"context"
	"runtime/trace"

	"golang.org/x/sync/errgroup"
)

var errgroupStraggler = service{
	Name: "errgroup-straggler", Procs: 2,
	Doc:    "A search asks six shards at once, in an errgroup, and needs all their answers: five compute for 5 ms each, and the last, which has no index, for 50 ms in (*shard).scan. Five searches, one after the other, 50 to 60 ms each. When the others are done each search waits for the straggler alone, for 40 ms and more, while a processor idles.",
	Expect: []string{"straggler", "uneven-load"}, Culprit: "main.(*shard).scan",
	run: func() {
		shards[5].unindexed = true
		for range 5 {
			check(search())
		}
	},
}

var errgroupEven = service{
	Name: "errgroup-even", Procs: 2, Twin: "errgroup-straggler",
	Doc: "The same search in six shards that have an index and as much to do each, 12.5 ms: 38 ms for one, five searches, 190 ms. Both processors are busy to the end. Healthy.",
	run: func() {
		perShard = 12.5
		for range 5 {
			check(search())
		}
	},
}

type shard struct{ unindexed bool }

var (
	shards   [6]shard
	perShard = 5.0 // ms
)

func search() error {
	ctx, task := trace.NewTask(context.Background(), "search")
	defer task.End()
	g, ctx := errgroup.WithContext(ctx)
	for i := range shards {
		g.Go(func() error { return shards[i].query(ctx) })
	}
	return g.Wait()
}

func (s *shard) query(ctx context.Context) error {
	defer trace.StartRegion(ctx, "query").End()
	if s.unindexed {
		return s.scan(ctx)
	}
	return s.lookup(ctx)
}

// lookup uses the index.
func (s *shard) lookup(ctx context.Context) error {
	burn(perShard)
	return ctx.Err()
}

// scan goes through all there is.
func (s *shard) scan(ctx context.Context) error {
	for i := range 50 {
		burn(1)
		if i%10 == 9 {
			trace.Logf(ctx, "scanned", "%d%%", 2*(i+1))
		}
	}
	return ctx.Err()
}
