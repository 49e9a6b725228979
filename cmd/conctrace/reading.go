package main

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"time"

	"github.com/conctrace/conctrace/analyze"
	"github.com/conctrace/conctrace/analyze/settings"
	"github.com/spf13/pflag"
)

// readingFlags say how a trace is read and which part of it counts. All commands
// that read one share them.
type readingFlags struct {
	from, to               time.Duration
	group, task, atRest    string // task has a flag of its own in each command
	thresholds             string
	cpus                   int
	maxSize, maxGeneration int64
	maxGoroutines          int
	blameMemory            int64
	decoder                string
}

func (f *readingFlags) register(fl *pflag.FlagSet) {
	fl.DurationVar(&f.from, "from", 0, "start of the window, after the trace's start (1.2s, 350ms)")
	fl.DurationVar(&f.to, "to", 0, "end of the window, after the trace's start")
	fl.StringVar(&f.group, "group", "", "only goroutines whose entry function matches `RE`")
	fl.StringVar(&f.atRest, "at-rest", "", "regard goroutines or waits whose functions match `RE` as idle by design")
	fl.StringVar(&f.thresholds, "thresholds", "", "go by the detectors' thresholds and the site rules in `FILE` (conctrace detectors --defaults prints one)")
	fl.IntVar(&f.cpus, "cpus", 0, "the program really had `N` cores, where GOMAXPROCS was more")
	fl.Int64Var(&f.maxSize, "max-size", 0, "largest decompressed size of a trace in `BYTES`")
	fl.Int64Var(&f.maxGeneration, "max-generation-size", 0, "largest generation (about a second) of a trace in `BYTES`")
	fl.IntVar(&f.maxGoroutines, "max-goroutines", 0, "most goroutines that may live at once")
	fl.Int64Var(&f.blameMemory, "blame-memory", 0, "memory in `BYTES` for what is known of the past, to say what filled a wait (default 48 MiB)")
	fl.StringVar(&f.decoder, "decoder", "auto", "decode with `DECODER`: auto, fast (Go 1.22 and later), reference (golang.org/x/exp/trace)")
	for _, name := range []string{"max-size", "max-generation-size", "max-goroutines", "decoder"} {
		_ = fl.MarkHidden(name) // errors and the README name them where they are needed
	}
}

// check refuses what was given and cannot be meant.
func (f *readingFlags) check(fl *pflag.FlagSet) error {
	if fl.Changed("to") && f.to <= f.from {
		return fmt.Errorf("the window is empty: --to %v is not after --from %v", f.to, f.from)
	}
	if fl.Changed("thresholds") && f.thresholds == "" {
		return errors.New("--thresholds: which file?")
	}
	if fl.Changed("cpus") && f.cpus < 1 {
		return fmt.Errorf("--cpus %d: a program has one core at least", f.cpus)
	}
	if fl.Changed("blame-memory") && f.blameMemory < 1 {
		return fmt.Errorf("--blame-memory %d: that is no memory", f.blameMemory)
	}
	return nil
}

// options are the flags as the library takes them.
func (f *readingFlags) options() (o analyze.Options, err error) {
	if f.from < 0 || f.to < 0 {
		return o, errors.New("--from and --to count from the trace's start and cannot be negative")
	}
	o = analyze.Options{
		From: f.from, To: f.to, CPUs: f.cpus,
		MaxBytes: f.maxSize, MaxGenerationBytes: f.maxGeneration, MaxGoroutines: f.maxGoroutines, BlameBytes: f.blameMemory,
	}
	var ok bool
	if o.Decoder, ok = decoders[f.decoder]; !ok {
		return o, fmt.Errorf("--decoder %q is not known; there are auto, fast, reference", f.decoder)
	}
	for _, re := range []struct {
		flag, text string
		to         **regexp.Regexp
	}{{"group", f.group, &o.Group}, {"task", f.task, &o.Task}, {"at-rest", f.atRest, &o.AtRest}} {
		if *re.to, err = pattern(re.flag, re.text); err != nil {
			return o, err
		}
	}
	return o, f.settings(&o)
}

// settings takes the thresholds and site rules from the file that was named, if any.
func (f *readingFlags) settings(o *analyze.Options) error {
	if f.thresholds == "" {
		return nil
	}
	s, err := settings.File(f.thresholds)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("--thresholds: there is no file %s; conctrace detectors --defaults prints one to begin with", f.thresholds)
	}
	if err != nil {
		return fmt.Errorf("--thresholds: %w", err)
	}
	o.Thresholds, o.Sites, o.SettingsFile = s.Thresholds, s.Sites, s.File
	return nil
}

// pattern is the regular expression that a flag was given, nil for none.
func pattern(flag, text string) (*regexp.Regexp, error) {
	if text == "" {
		return nil, nil
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, fmt.Errorf("--%s: %w", flag, err)
	}
	return re, nil
}

var decoders = map[string]analyze.Decoder{
	"auto": analyze.DecoderAuto, "fast": analyze.DecoderFast, "reference": analyze.DecoderReference,
}

// source is where the trace comes from that an argument names.
func source(arg string, s streams) analyze.Source {
	if arg == "-" {
		return analyze.Reader("-", s.in)
	}
	return analyze.File(arg)
}
