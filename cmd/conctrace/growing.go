package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// growing is a file that is written as its contents come up. It takes its name when it
// is whole, so that what fails leaves an older one as it was.
type growing struct {
	io.Writer
	path string   // as it was named, "" for standard output
	dest string   // what that is, links followed
	file *os.File // nil for standard output
	temp bool     // file is not yet at dest
	n    int64    // bytes written
}

// writeTo opens a file for writing; no name, or -, is stdout. What is no plain file, such
// as a pipe or a device, is written to as it is, and so is a file that stdout goes to. It
// refuses to write over the input.
func writeTo(path, input string, stdout io.Writer) (*growing, error) {
	if path == "" || path == "-" {
		return &growing{Writer: stdout}, nil
	}
	g := &growing{path: path, dest: path}
	info, err := os.Stat(path)
	if err == nil {
		if g.dest, err = filepath.EvalSymlinks(path); err != nil {
			g.dest = path
		}
		if trace, err := os.Stat(input); err == nil && os.SameFile(info, trace) && info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is the trace itself: name another file to write to", path)
		}
		for _, std := range []*os.File{os.Stdout, os.Stderr} {
			if at, err := std.Stat(); err == nil && os.SameFile(info, at) {
				g.Writer = std
				return g, nil
			}
		}
		if !info.Mode().IsRegular() {
			return g, g.open(path, os.O_WRONLY)
		}
	}
	if err = g.beside(); errors.Is(err, fs.ErrPermission) && info != nil {
		// A file in a folder that takes no other.
		return g, g.open(path, os.O_WRONLY|os.O_TRUNC)
	}
	return g, g.failed(err)
}

// beside begins a file with another name in the same folder, with the rights that a new
// file has.
func (g *growing) beside() error {
	for try := 0; ; try++ {
		name := filepath.Join(filepath.Dir(g.dest), fmt.Sprintf(".%s.%08x", filepath.Base(g.dest), rand.Uint32()))
		file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o666)
		if errors.Is(err, fs.ErrExist) && try < 100 {
			continue
		}
		g.Writer, g.file, g.temp = file, file, true
		return err
	}
}

func (g *growing) open(path string, flag int) error {
	file, err := os.OpenFile(path, flag, 0)
	g.Writer, g.file = file, file
	return g.failed(err)
}

// failed is an error with the name that the file was given.
func (g *growing) failed(err error) error {
	if err == nil {
		return nil
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err
	}
	return fmt.Errorf("write %s: %w", g.path, err)
}

// Write writes on.
func (g *growing) Write(p []byte) (int, error) {
	n, err := g.Writer.Write(p)
	g.n += int64(n)
	return n, g.failed(err)
}

// close gives the file its name, and the rights of the one that it replaces.
func (g *growing) close() error {
	if g.file == nil {
		return nil
	}
	err := g.file.Close()
	if err == nil && g.temp {
		if info, old := os.Stat(g.dest); old == nil {
			err = os.Chmod(g.file.Name(), info.Mode().Perm())
		}
		if err == nil {
			err = os.Rename(g.file.Name(), g.dest)
		}
	}
	if err != nil {
		g.discard()
	}
	return g.failed(err)
}

// discard leaves nothing behind.
func (g *growing) discard() {
	if g.file == nil {
		return
	}
	_ = g.file.Close()
	if g.temp {
		_ = os.Remove(g.file.Name())
	}
}
