package main

var chanSend = scenario{
	Name: "chan-send",
	Doc:  "three goroutines send to an unbuffered channel before anyone receives",
	Expect: []expectation{
		{Func: "main.chanSender", Kind: "blocked-sync/chan-send", Reason: "chan send", Goroutines: 3, Waits: 3},
	},
	run: func() {
		s := &chanSendState
		s.c = make(chan int)
		s.start(3, chanSender)
		s.settle()
		for i := 0; i < 3; i++ {
			<-s.c
		}
		s.join()
	},
}

var chanSendState struct {
	c chan int
	crew
}

func chanSender() {
	s := &chanSendState
	defer s.leave()
	s.arrive()
	s.c <- 1
}

var chanReceive = scenario{
	Name: "chan-receive",
	Doc:  "three goroutines receive before anyone sends",
	Expect: []expectation{
		{Func: "main.chanReceiver", Kind: "blocked-sync/chan-receive", Reason: "chan receive", Goroutines: 3, Waits: 3},
	},
	run: func() {
		s := &chanReceiveState
		s.c = make(chan int)
		s.start(3, chanReceiver)
		s.settle()
		for i := 0; i < 3; i++ {
			s.c <- i
		}
		s.join()
	},
}

var chanReceiveState struct {
	c chan int
	crew
}

func chanReceiver() {
	s := &chanReceiveState
	defer s.leave()
	s.arrive()
	<-s.c
}

var chanClose = scenario{
	Name: "chan-close",
	Doc:  "closing a channel releases four receivers",
	Expect: []expectation{
		{Func: "main.closeReceiver", Kind: "blocked-sync/chan-receive", Reason: "chan receive", Goroutines: 4, Waits: 4},
	},
	run: func() {
		s := &chanCloseState
		s.c = make(chan int)
		s.start(4, closeReceiver)
		s.settle()
		close(s.c)
		s.join()
	},
}

var chanCloseState struct {
	c chan int
	crew
}

func closeReceiver() {
	s := &chanCloseState
	defer s.leave()
	s.arrive()
	<-s.c
}

var chanNil = scenario{
	Name: "chan-nil",
	Doc:  "a receive and a send on nil channels, which nothing can end",
	Expect: []expectation{
		{Func: "main.nilReceiver", Kind: "blocked-sync/forever", Reason: "forever", Goroutines: 1, Waits: 1},
		{Func: "main.nilSender", Kind: "blocked-sync/forever", Reason: "forever", Goroutines: 1, Waits: 1},
	},
	run: func() {
		chanNilState.start(1, nilReceiver)
		chanNilState.start(1, nilSender)
		chanNilState.settle()
	},
}

var chanNilState struct {
	c chan int // stays nil
	crew
}

func nilReceiver() {
	chanNilState.arrive()
	<-chanNilState.c
}

func nilSender() {
	chanNilState.arrive()
	chanNilState.c <- 1
}

var selectPeer = scenario{
	Name: "select",
	Doc:  "three goroutines select among two channels until a peer sends",
	Expect: []expectation{
		{Func: "main.selecter", Kind: "blocked-sync/select", Reason: "select", Goroutines: 3, Waits: 3},
	},
	run: func() {
		s := &selectState
		s.a, s.b = make(chan int), make(chan int)
		s.start(3, selecter)
		s.settle()
		s.a <- 1
		s.b <- 2
		s.a <- 3
		s.join()
	},
}

var selectState struct {
	a, b chan int
	crew
}

func selecter() {
	s := &selectState
	defer s.leave()
	s.arrive()
	select {
	case <-s.a:
	case <-s.b:
	}
}

var selectEmpty = scenario{
	Name: "select-empty",
	Doc:  "a select without cases",
	Expect: []expectation{
		{Func: "main.emptySelecter", Kind: "blocked-sync/forever", Reason: "forever", Goroutines: 1, Waits: 1},
	},
	run: func() {
		selectEmptyState.start(1, emptySelecter)
		selectEmptyState.settle()
	},
}

var selectEmptyState struct{ crew }

func emptySelecter() {
	selectEmptyState.arrive()
	select {}
}
