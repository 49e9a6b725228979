package ground

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"time"
)

// What must not be in the trace runs in a child process: servers that answer
// late, clients that make load. A child prints one line when it is ready, begins
// when it reads one, and ends when its standard input is closed, so that none
// outlives its program.

// A Role is what a child can be. It prints its line and returns what to do from
// the word go.
type Role func(args []string) func()

func beChild(prepare Role, role string, args []string) error {
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
}

// StartChild starts the child with its role and returns the line that it printed.
func StartChild(files []*os.File, role string, args ...string) string {
	c := exec.Command(Must(os.Executable()), append([]string{"-child", role}, args...)...)
	c.Stderr = os.Stderr
	c.ExtraFiles = files
	child.cmd = c
	child.stdin = Must(c.StdinPipe())
	stdout := Must(c.StdoutPipe())
	Check(c.Start())
	line := Must(bufio.NewReader(stdout).ReadString('\n'))
	for _, f := range files {
		Check(f.Close())
	}
	return strings.TrimSpace(line)
}

// BeginChild gives the word.
func BeginChild() { Must(io.WriteString(child.stdin, "go\n")) }

// EndChild makes the child end; its connections break then.
func EndChild() { Check(child.stdin.Close()) }

// stopChild waits until the child has ended.
func stopChild() {
	if child.cmd != nil {
		child.stdin.Close()
		Check(child.cmd.Wait())
	}
}

// LateServer is a role: it prints its address and answers every byte with one, as
// many milliseconds later as the byte says.
func LateServer([]string) func() {
	l := Must(net.Listen("tcp", "127.0.0.1:0"))
	fmt.Println(l.Addr())
	go func() {
		for {
			go answerLate(Must(l.Accept()))
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
