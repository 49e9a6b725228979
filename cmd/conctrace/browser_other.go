//go:build !unix

package main

import "os/exec"

// apart leaves a command as it is: what opens addresses here hands them on.
func apart(*exec.Cmd) {}
