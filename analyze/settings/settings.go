// Package settings reads the file in which a user decides otherwise than the
// detectors do by themselves, and names places in the program.
//
// The file is TOML: a table for each detector whose thresholds are set, and a list
// of site rules. What cannot be meant is an error: a name that nothing has, a value
// of another type.
//
//	[lock-serialises]
//	low = 0.1            # shares are numbers from 0 to 1
//	least-waits = 10
//
//	[stuck-goroutines]
//	least-wait = "2s"    # durations are strings as Go writes them
//
//	[late-timers]
//	off = true           # it finds nothing
//
//	[[site]]
//	name = "orders pool"
//	stack = ['orders\.\(\*Pool\)\.Get']
//	kind = "blocked-sync/chan-receive"
//	is = "pool"
//
// The way through the package: Parse has the library read the file as plain values,
// read.go and site.go make settings of them, and where.go finds the line of what is
// wrong. defaults.go writes a file with everything at its default.
package settings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/pelletier/go-toml/v2"

	"github.com/conctrace/conctrace/analyze/detect"
	"github.com/conctrace/conctrace/analyze/siterule"
)

// What a file may be at most. All that can be set takes a few hundred lines. The
// library compares each key with all others of its table, so that their number has to
// be bounded, too; keys in braces share a line.
const (
	MaxBytes = 1 << 20
	maxLines = 10_000
	maxKeys  = 10_000
)

// Settings are what a file sets.
type Settings struct {
	File       string // as it was named
	Thresholds detect.Settings
	Sites      []siterule.Rule
}

// File reads the settings in a file. It returns the errors of Parse and those of
// opening the file.
func File(path string) (Settings, error) {
	f, err := os.Open(path)
	if err != nil {
		return Settings{}, err
	}
	defer f.Close()
	return Parse(path, f)
}

// Parse reads settings; name is what errors call them. An error has a line for each
// problem, the first ten of them, as name:line: what is wrong and what would be
// right.
func Parse(name string, r io.Reader) (Settings, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return Settings{}, fmt.Errorf("read %s: %w", name, err)
	}
	if len(data) > MaxBytes {
		return Settings{}, fmt.Errorf("%s is larger than %d KiB: that is no file of thresholds", name, MaxBytes>>10)
	}
	if bytes.Count(data, []byte("\n")) > maxLines || bytes.Count(data, []byte("=")) > maxKeys {
		return Settings{}, fmt.Errorf("%s has more than %d lines or keys: that is no file of thresholds", name, maxLines)
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // as some editors begin a file
	var tree map[string]any
	if err := toml.Unmarshal(data, &tree); err != nil {
		return Settings{}, syntaxError(name, err)
	}
	f := &file{name: name, data: data, out: Settings{File: name, Thresholds: detect.Settings{}}}
	f.read(tree)
	if err := f.err(); err != nil {
		return Settings{}, err
	}
	return f.out, nil
}

// syntaxError says where a file is no TOML.
func syntaxError(name string, err error) error {
	decode, ok := errors.AsType[*toml.DecodeError](err)
	if !ok {
		return fmt.Errorf("%s: %w", name, err)
	}
	line, _ := decode.Position()
	return fmt.Errorf("%s:%d: not TOML: %s (conctrace detectors --defaults prints a file as it should be)", name, line, withoutPrefix(err))
}
