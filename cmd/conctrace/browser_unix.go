//go:build unix

package main

import (
	"os/exec"
	"syscall"
)

// apart starts a command in a process group of its own: Ctrl-C is for conctrace, and the
// browser may be one with other pages in it.
func apart(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }
