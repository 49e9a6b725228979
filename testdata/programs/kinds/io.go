package main

import (
	"net"
	"os"
)

var networkRead = scenario{
	Name: "network-read",
	Doc:  "a goroutine reads three times from a loopback connection before its peer writes",
	Expect: []expectation{
		{Func: "main.networkReader", Kind: "blocked-io/network", Reason: "network", Goroutines: 1, Waits: 3},
	},
	run: func() {
		s := &networkReadState
		var peer net.Conn
		s.conn, peer = loopback()
		s.start(1, networkReader)
		for i := 1; i <= 3; i++ {
			s.settleAt(i)
			must(peer.Write([]byte{1}))
		}
		s.join()
		check(peer.Close())
		check(s.conn.Close())
	},
}

var networkReadState struct {
	conn net.Conn
	crew
}

func networkReader() {
	s := &networkReadState
	defer s.leave()
	buf := make([]byte, 1)
	for i := 0; i < 3; i++ {
		s.arrive()
		must(s.conn.Read(buf))
	}
}

var networkAccept = scenario{
	Name: "network-accept",
	Doc:  "a goroutine accepts two connections before anyone dials",
	Expect: []expectation{
		{Func: "main.acceptor", Kind: "blocked-io/network", Reason: "network", Goroutines: 1, Waits: 2},
	},
	run: func() {
		s := &networkAcceptState
		s.listener = must(net.Listen("tcp", "127.0.0.1:0"))
		s.start(1, acceptor)
		for i := 1; i <= 2; i++ {
			s.settleAt(i)
			check(must(net.Dial("tcp", s.listener.Addr().String())).Close())
		}
		s.join()
		check(s.listener.Close())
	},
}

var networkAcceptState struct {
	listener net.Listener
	crew
}

func acceptor() {
	s := &networkAcceptState
	defer s.leave()
	for i := 0; i < 2; i++ {
		s.arrive()
		check(must(s.listener.Accept()).Close())
	}
}

var pipe = scenario{
	Name: "pipe",
	Doc:  "a goroutine reads three times from an os.Pipe before anyone writes",
	Expect: []expectation{
		{Func: "main.pipeReader", Kind: "blocked-io/network", Reason: "network", Goroutines: 1, Waits: 3},
	},
	run: func() {
		s := &pipeState
		r, w, err := os.Pipe()
		check(err)
		s.r = r
		s.start(1, pipeReader)
		for i := 1; i <= 3; i++ {
			s.settleAt(i)
			must(w.Write([]byte{1}))
		}
		s.join()
		check(w.Close())
		check(r.Close())
	},
}

var pipeState struct {
	r *os.File
	crew
}

func pipeReader() {
	s := &pipeState
	defer s.leave()
	buf := make([]byte, 1)
	for i := 0; i < 3; i++ {
		s.arrive()
		must(s.r.Read(buf))
	}
}

var file = scenario{
	Name: "file",
	Doc:  "one goroutine writes and syncs a regular file, another reads it in large pieces",
	Expect: []expectation{
		// Before Go 1.22 a system call has no length unless it lost its processor.
		{Func: "main.fileWriter", Kind: "blocked-io/file", Goroutines: 1, Waits: 3, AtLeast: true, since: 22},
		{Func: "main.fileReader", Kind: "blocked-io/file", Goroutines: 1, Waits: 8, AtLeast: true, since: 22},
	},
	run: func() {
		s := &fileState
		f, err := os.CreateTemp("", "kinds")
		check(err)
		s.f = f
		s.buf = make([]byte, 4<<20)
		s.start(1, fileWriter)
		s.join()
		s.start(1, fileReader)
		s.join()
		check(f.Close())
		check(os.Remove(f.Name()))
	},
}

var fileState struct {
	f   *os.File
	buf []byte
	crew
}

func fileWriter() {
	s := &fileState
	defer s.leave()
	for i := 0; i < 3; i++ {
		must(s.f.WriteAt(s.buf, 0))
		check(s.f.Sync())
	}
}

func fileReader() {
	s := &fileState
	defer s.leave()
	for i := 0; i < 8; i++ {
		must(s.f.ReadAt(s.buf, 0))
	}
}

// loopback returns the two ends of a TCP connection.
func loopback() (here, there net.Conn) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	here = must(net.Dial("tcp", l.Addr().String()))
	there = must(l.Accept())
	check(l.Close())
	return here, there
}

// check and must end the program: a scenario that fails is of no use.
func check(err error) {
	if err != nil {
		panic(err)
	}
}

func must[T any](v T, err error) T {
	check(err)
	return v
}
