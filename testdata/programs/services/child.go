package main

import (
	"io"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/conctrace/conctrace/testdata/programs/internal/ground"
)

// childRoles are what the child process can be.
var childRoles = map[string]ground.Role{
	"load":    load,
	"backend": ground.LateServer,
}

// load is a server that answers late, and clients: args are a URL, how many
// clients ask it, and how many microseconds after each other one does. A client
// that got its answer too late asks at the next of its times.
func load(args []string) func() {
	clients, period := must(strconv.Atoi(args[1])), time.Duration(must(strconv.Atoi(args[2])))*time.Microsecond
	ground.LateServer(nil)
	return func() {
		for i := range clients {
			go client(args[0], time.Duration(i)*period/time.Duration(clients), period)
		}
	}
}

func client(url string, delay, period time.Duration) {
	c := &http.Client{Transport: &http.Transport{MaxConnsPerHost: 1}}
	time.Sleep(delay)
	for range time.Tick(period) {
		r, err := c.Get(url)
		if err != nil {
			return // the server has ended
		}
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
	}
}

// startServing starts a net/http server with a handler, and clients for it. backends
// are connections to a server that answers late.
func startServing(h http.Handler, clients int, period time.Duration, backends int) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	go http.Serve(l, h)
	url := "http://" + l.Addr().String() + "/"
	addr := ground.StartChild(nil, "load", url, strconv.Itoa(clients), strconv.Itoa(int(period/time.Microsecond)))
	dialBackend(addr, backends)
}

// backend has the connections that are free.
var backend chan net.Conn

func dialBackend(addr string, n int) {
	backend = make(chan net.Conn, n)
	for range n {
		backend <- must(net.Dial("tcp", addr))
	}
}

// startBackend starts a server that answers late, without clients.
func startBackend(n int) string {
	addr := ground.StartChild(nil, "backend")
	ground.BeginChild()
	dialBackend(addr, n)
	return addr
}

// callBackend asks for an answer that takes ms milliseconds. There are as many
// connections as those who ask.
func callBackend(ms byte) error {
	c := <-backend
	defer func() { backend <- c }()
	buf := []byte{ms}
	if _, err := c.Write(buf); err != nil {
		return err
	}
	_, err := io.ReadFull(c, buf)
	return err
}

// serve lets the clients come for 300 ms. They still do when the recording ends.
func serve() {
	ground.BeginChild()
	serveFor(300 * time.Millisecond)
}
