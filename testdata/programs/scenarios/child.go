package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/conctrace/conctrace/testdata/programs/internal/ground"
)

// childRoles are what a child process can be, where what it does must not be in
// the trace.
var childRoles = map[string]ground.Role{
	"late-server": ground.LateServer,
	"pinger":      pinger,
	"http-load":   httpLoad,
}

// childLine is what the child printed when it was ready.
var childLine string

func startChild(files []*os.File, role string, args ...string) {
	childLine = ground.StartChild(files, role, args...)
}

func beginChild() { ground.BeginChild() }

// endChild makes the child end; its connections break then.
func endChild() { ground.EndChild() }

// startLateServer returns n connections to a server that runs in a child.
func startLateServer(n int) []net.Conn {
	startChild(nil, "late-server")
	beginChild()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = must(net.Dial("tcp", childLine))
	}
	return conns
}

// fetch asks the server for an answer that takes ms milliseconds.
func fetch(c net.Conn, ms byte) {
	buf := []byte{ms}
	must(c.Write(buf))
	must(c.Read(buf))
}

// pinger sends a byte over each of its connections, waits for the echo, and does
// so again 5 ms later.
func pinger(args []string) func() {
	n := must(strconv.Atoi(args[1]))
	var conns []net.Conn
	for range n {
		conns = append(conns, must(net.Dial("tcp", args[0])))
	}
	fmt.Println("ready")
	return func() {
		for i, c := range conns {
			go func() {
				time.Sleep(time.Duration(i) * time.Millisecond)
				buf := []byte{1}
				for {
					time.Sleep(5 * time.Millisecond)
					if _, err := c.Write(buf); err != nil {
						return
					}
					if _, err := c.Read(buf); err != nil {
						return
					}
				}
			}()
		}
	}
}

// startPinger returns n connections to a client that runs in a child.
func startPinger(n int) []net.Conn {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	startChild(nil, "pinger", l.Addr().String(), strconv.Itoa(n))
	var conns []net.Conn
	for range n {
		conns = append(conns, must(l.Accept()))
	}
	check(l.Close())
	return conns
}

// httpLoad asks the server over eight connections, 24 times each, 25 a second.
func httpLoad(args []string) func() {
	const conns, period = 8, 40 * time.Millisecond
	fmt.Println("ready")
	return func() {
		for i := range conns {
			client := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
			go func() {
				time.Sleep(time.Duration(i) * period / conns)
				t := time.NewTicker(period)
				for range 24 {
					r := must(client.Get(args[0]))
					io.Copy(io.Discard, r.Body)
					r.Body.Close()
					<-t.C
				}
			}()
		}
	}
}
