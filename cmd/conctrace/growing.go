package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// growing is a file that is written as its contents come up. It takes its name when it
// is whole, so that what fails leaves an older one as it was.
type growing struct {
	io.Writer
	path string   // "" for standard output
	file *os.File // nil for standard output
	temp bool     // file is not yet at path
	n    int64    // bytes written
}

// writeTo opens a file for writing; no name, or -, is stdout. What is no plain file, such
// as a pipe or a device, is written to as it is.
func writeTo(path string, stdout io.Writer) (*growing, error) {
	if path == "" || path == "-" {
		return &growing{Writer: stdout}, nil
	}
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		file, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", path, err)
		}
		return &growing{Writer: file, path: path, file: file}, nil
	}
	file, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return nil, fmt.Errorf("write %s: %w", path, err)
	}
	return &growing{Writer: file, path: path, file: file, temp: true}, nil
}

// Write writes on.
func (g *growing) Write(p []byte) (int, error) {
	n, err := g.Writer.Write(p)
	g.n += int64(n)
	return n, err
}

// close gives the file its name, with the rights that a new file has.
func (g *growing) close() error {
	if g.file == nil {
		return nil
	}
	err := g.file.Close()
	if err == nil && g.temp {
		if err = os.Chmod(g.file.Name(), mode(g.path)); err == nil {
			err = os.Rename(g.file.Name(), g.path)
		}
	}
	if err != nil {
		g.discard()
		return fmt.Errorf("write %s: %w", g.path, err)
	}
	return nil
}

// mode is the rights of the file that is replaced, or of a new one.
func mode(path string) os.FileMode {
	if info, err := os.Stat(path); err == nil {
		return info.Mode().Perm()
	}
	return 0o644
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
