//go:build unix

package main

import (
	"net"
	"strconv"
	"syscall"
	"time"
)

func init() { tagged = append(tagged, syscallRaw, syscallShort, networkDial) }

var syscallRaw = scenario{
	Name: "syscall-raw",
	Doc:  "a goroutine reads three times from a blocking descriptor, 5 ms or more each, in the system call itself",
	Expect: []expectation{
		{Func: "main.rawReader", Kind: "blocked-io/syscall", Goroutines: 1, Waits: 3, since: 22},
	},
	run: func() {
		s := &syscallRawState
		var fds [2]int
		check(syscall.Pipe(fds[:]))
		s.fd = fds[0]
		s.start(1, rawReader)
		for i := 1; i <= 3; i++ {
			s.settleAt(i)
			time.Sleep(5 * time.Millisecond)
			must(syscall.Write(fds[1], []byte{1}))
		}
		s.join()
		check(syscall.Close(fds[0]))
		check(syscall.Close(fds[1]))
	},
}

var syscallRawState struct {
	fd int
	crew
}

func rawReader() {
	s := &syscallRawState
	defer s.leave()
	buf := make([]byte, 1)
	for i := 0; i < 3; i++ {
		s.arrive()
		must(syscall.Read(s.fd, buf))
	}
}

var syscallShort = scenario{
	Name: "syscall-short",
	Doc:  "a goroutine makes 400 system calls that return at once",
	Expect: []expectation{
		// The machine may make one of them long.
		{Func: "main.zeroReader", Kind: "running/syscall-short", Goroutines: 1, Waits: 350, AtLeast: true},
	},
	run: func() {
		syscallShortState.start(1, zeroReader)
		syscallShortState.join()
	},
}

var syscallShortState struct{ crew }

func zeroReader() {
	defer syscallShortState.leave()
	fd := must(syscall.Open("/dev/zero", syscall.O_RDONLY, 0))
	buf := make([]byte, 1)
	for i := 0; i < 400; i++ {
		must(syscall.Read(fd, buf))
	}
	check(syscall.Close(fd))
}

var networkDial = scenario{
	Name: "network-dial",
	Doc:  "a goroutine dials a listener whose backlog is full, until its timeout",
	Expect: []expectation{
		{Func: "main.dialer", Kind: "blocked-io/network", Reason: "network", Goroutines: 1, Waits: 1},
	},
	run: func() {
		// A listener that accepts nothing and queues one connection.
		fd := must(syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0))
		check(syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}))
		check(syscall.Listen(fd, 0))
		port := must(syscall.Getsockname(fd)).(*syscall.SockaddrInet4).Port
		s := &networkDialState
		s.addr = net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		for {
			c, err := net.DialTimeout("tcp", s.addr, 5*time.Millisecond)
			if err != nil {
				break
			}
			defer c.Close()
		}
		s.start(1, dialer)
		s.join()
		check(syscall.Close(fd))
	},
}

var networkDialState struct {
	addr string
	crew
}

func dialer() {
	s := &networkDialState
	defer s.leave()
	if _, err := net.DialTimeout("tcp", s.addr, 10*time.Millisecond); err == nil {
		panic("the backlog was not full")
	}
}
