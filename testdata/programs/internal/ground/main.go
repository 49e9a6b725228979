package ground

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"runtime/trace"
)

// A Program is one that can be recorded, in a process of its own.
type Program struct {
	Name    string
	Procs   int    // GOMAXPROCS
	Profile bool   // record a CPU profile at the same time
	Idle    bool   // Run only waits for the recording's end: that is no region
	Before  func() // runs before the recording begins, if it is not nil
	Run     func() // runs while recording, in a region with the program's name
}

// Main is the main function of a command with several programs. What it lists as
// JSON is known, which says more about them.
func Main(command string, programs []Program, known any, roles map[string]Role) {
	out := flag.String("o", "-", "write the trace to this `file`; - is standard output")
	all := flag.String("all", "", "record every program, each in a process of its own, to NAME.trace in this `directory`")
	list := flag.Bool("list", false, "print the programs as JSON")
	child := flag.String("child", "", "be the other side of a program, in this `role`; the command starts itself so")
	flag.Parse()

	var err error
	switch {
	case *child != "":
		err = beChild(roles[*child], *child, flag.Args())
	case *list:
		e := json.NewEncoder(os.Stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "\t")
		err = e.Encode(known)
	case *all != "":
		err = recordAll(programs, *all)
	default:
		err = recordNamed(programs, *out, flag.Args())
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", command, err)
		os.Exit(1)
	}
}

func recordAll(programs []Program, dir string) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	for _, p := range programs {
		c := exec.Command(self, "-o", filepath.Join(dir, p.Name+".trace"), p.Name)
		c.Stderr = os.Stderr
		if err := c.Run(); err != nil {
			return fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return nil
}

func recordNamed(programs []Program, out string, names []string) error {
	if len(names) != 1 {
		return fmt.Errorf("name one; -list prints those there are")
	}
	for _, p := range programs {
		if p.Name == names[0] {
			return recordTo(out, p)
		}
	}
	return fmt.Errorf("there is no %q; -list prints those there are", names[0])
}

func recordTo(out string, p Program) error {
	w := os.Stdout
	if out != "-" {
		var err error
		if w, err = os.Create(out); err != nil {
			return err
		}
	}

	// No collection but those that a program asks for, and as many processors as
	// it says: the counts must not depend on the machine.
	debug.SetGCPercent(-1)
	runtime.GOMAXPROCS(p.Procs)
	calibrate()
	if p.Before != nil {
		p.Before()
	}
	if p.Profile {
		Check(pprof.StartCPUProfile(io.Discard))
	}
	if err := trace.Start(w); err != nil {
		return err
	}
	if p.Idle {
		p.Run()
	} else {
		trace.WithRegion(context.Background(), p.Name, p.Run)
	}
	trace.Stop()
	if p.Profile {
		pprof.StopCPUProfile()
	}
	stopChild()
	return w.Close()
}
