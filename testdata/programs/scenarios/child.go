package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// What must not be in the trace runs in a child process: servers that answer
// late, clients that make load. A child prints one line when it is ready, begins
// when it reads one, and ends when its standard input is closed, so that none
// outlives its scenario.

// childRoles are what a child can be. A role prints its line and returns what to
// do from the word go.
var childRoles = map[string]func(args []string) func(){
	"late-server": lateServer,
	"pinger":      pinger,
	"http-load":   httpLoad,
}

func beChild(role string, args []string) error {
	prepare := childRoles[role]
	if prepare == nil {
		return fmt.Errorf("there is no role %q", role)
	}
	begin := prepare(args)
	in := bufio.NewReader(os.Stdin)
	if _, err := in.ReadString('\n'); err != nil {
		return nil
	}
	go begin()
	_, err := io.Copy(io.Discard, in)
	return err
}

// child is the child of this process, if there is one.
var child struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	line  string // that it printed
}

func startChild(files []*os.File, role string, args ...string) {
	c := exec.Command(must(os.Executable()), append([]string{"-child", role}, args...)...)
	c.Stderr = os.Stderr
	c.ExtraFiles = files
	child.cmd = c
	child.stdin = must(c.StdinPipe())
	stdout := must(c.StdoutPipe())
	check(c.Start())
	line := must(bufio.NewReader(stdout).ReadString('\n'))
	child.line = strings.TrimSpace(line)
	for _, f := range files {
		check(f.Close())
	}
}

func beginChild() { must(io.WriteString(child.stdin, "go\n")) }

// endChild makes the child end; its connections break then.
func endChild() { check(child.stdin.Close()) }

// stopChild waits until the child has ended.
func stopChild() {
	if child.cmd != nil {
		child.stdin.Close()
		check(child.cmd.Wait())
	}
}

// lateServer answers every byte with one, as many milliseconds later as the byte
// says.
func lateServer([]string) func() {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	fmt.Println(l.Addr())
	go func() {
		for {
			go answerLate(must(l.Accept()))
		}
	}()
	return func() {}
}

func answerLate(c net.Conn) {
	buf := make([]byte, 1)
	for {
		if _, err := c.Read(buf); err != nil {
			return
		}
		time.Sleep(time.Duration(buf[0]) * time.Millisecond)
		if _, err := c.Write(buf); err != nil {
			return
		}
	}
}

// startLateServer returns n connections to a server that runs in a child.
func startLateServer(n int) []net.Conn {
	startChild(nil, "late-server")
	beginChild()
	conns := make([]net.Conn, n)
	for i := range conns {
		conns[i] = must(net.Dial("tcp", child.line))
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
