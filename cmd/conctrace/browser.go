package main

import (
	"os/exec"
	"runtime"
)

// openBrowser opens an address in the user's browser. Where there is none, nothing
// happens: the address has been printed.
func openBrowser(url string, getenv func(string) string) {
	name, args := browserCommand(runtime.GOOS, getenv)
	if name == "" {
		return
	}
	cmd := exec.Command(name, append(args, url)...)
	apart(cmd)
	if cmd.Start() == nil {
		go func() { _ = cmd.Wait() }()
	}
}

// browserCommand is what opens an address on a system, "" where there is no screen:
// xdg-open may start a browser in the terminal then.
func browserCommand(system string, getenv func(string) string) (name string, args []string) {
	switch system {
	case "darwin":
		return "open", nil
	case "windows":
		return "rundll32", []string{"url.dll,FileProtocolHandler"}
	}
	if getenv("DISPLAY") == "" && getenv("WAYLAND_DISPLAY") == "" {
		return "", nil
	}
	return "xdg-open", nil
}
