// Package tracefile opens what a user names as a trace.
//
// It looks through gzip and zstd, by content, one layer deep; it says in words
// what a file is that is no trace, and what to do; it bounds how much a file
// may decompress to. What it hands on is the trace as the runtime wrote it,
// from the header.
package tracefile

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"

	"github.com/klauspost/compress/zstd"
)

// Limits bound what a file may bring.
type Limits struct {
	// MaxBytes bounds the decompressed size; 0 is DefaultMaxBytes.
	MaxBytes int64
}

// DefaultMaxBytes is 8 GiB.
const DefaultMaxBytes = 8 << 30

// LimitError is a file that decompresses to more than it may.
type LimitError struct {
	File  string
	Limit int64
}

func (e *LimitError) Error() string {
	return fmt.Sprintf("%s: more than %d bytes when decompressed; raise the limit with --max-size if the file is to be trusted", e.File, e.Limit)
}

// File is an open trace. Read yields it decompressed. Only InputRead and
// Decoded may be called from other goroutines than the reader's.
type File struct {
	name   string
	limits Limits

	file *os.File  // the file, or the spooled copy; nil for a plain reader
	pipe io.Reader // what cannot be read twice; nil once it is spooled
	temp string    // path of the spooled copy

	input       counter
	buffered    *bufio.Reader
	decoded     io.Reader
	zstd        *zstd.Decoder
	compression string
	version     int
	size        int64 // of the input, -1 if unknown
	n           atomic.Int64
	err         error
}

// counter counts the bytes of the input as it comes in.
type counter struct {
	r io.Reader
	n atomic.Int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// Open opens the trace in a file. What is no trace is a *NotTraceError.
func Open(path string, limits Limits) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the trace: %w", err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("open the trace: %w", err)
	}
	if info.IsDir() {
		file.Close()
		return nil, fmt.Errorf("open the trace: %s is a directory; name a file in it", path)
	}
	f := &File{name: path, limits: limits, size: -1}
	if info.Mode().IsRegular() {
		f.file, f.size = file, info.Size()
	} else {
		f.pipe = file
	}
	return f.begin(file)
}

// FromReader is the trace that r yields; messages call it name.
func FromReader(name string, r io.Reader, limits Limits) (*File, error) {
	f := &File{name: name, limits: limits, pipe: r, size: -1}
	return f.begin(r)
}

func (f *File) begin(r io.Reader) (*File, error) {
	if f.limits.MaxBytes == 0 {
		f.limits.MaxBytes = DefaultMaxBytes
	}
	f.input.r = r
	if err := f.open(); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// headSize is how much of a file is looked at to tell what it is.
const headSize = 4096

// open sets up the layers of reading and looks at the header.
func (f *File) open() error {
	f.n.Store(0)
	f.err = nil
	f.buffered = bufio.NewReaderSize(&f.input, 256<<10)
	head, err := f.buffered.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read %s: %w", f.name, err)
	}
	f.compression = compressionOf(head)
	f.decoded = f.buffered
	if f.compression == "" {
		f.version, err = f.identify(head, f.buffered)
		return err
	}
	if err := f.decompress(); err != nil {
		return f.notTrace(fmt.Sprintf("damaged %s data: %s", f.compression, err), "copy the file again")
	}
	inner := bufio.NewReaderSize(f.decoded, 256<<10)
	head, err = inner.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) && len(head) < headerSize {
		return f.notTrace(fmt.Sprintf("damaged %s data: %s", f.compression, err), "copy the file again")
	}
	f.decoded = inner
	if again := compressionOf(head); again != "" {
		return f.notTrace(fmt.Sprintf("%s data inside %s data", again, f.compression), "decompress it once and try again")
	}
	f.version, err = f.identify(head, inner)
	return err
}

// compressionOf knows a compressed file by its first bytes.
func compressionOf(head []byte) string {
	switch {
	case len(head) >= 2 && head[0] == 0x1f && head[1] == 0x8b:
		return "gzip"
	case len(head) >= 4 && head[0] == 0x28 && head[1] == 0xb5 && head[2] == 0x2f && head[3] == 0xfd:
		return "zstd"
	}
	return ""
}

// maxZstdWindow bounds what a zstd frame may ask to be kept in memory.
const maxZstdWindow = 128 << 20

func (f *File) decompress() (err error) {
	if f.compression == "gzip" {
		f.decoded, err = gzip.NewReader(f.buffered)
		return err
	}
	f.zstd, err = zstd.NewReader(f.buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow))
	f.decoded = f.zstd
	return err
}

// Read yields the trace. What was decompressed before damage in the compressed
// data is yielded first.
func (f *File) Read(p []byte) (int, error) {
	if f.err != nil {
		return 0, f.err
	}
	n, err := f.decoded.Read(p)
	total := f.n.Add(int64(n))
	switch {
	case total > f.limits.MaxBytes:
		f.err = &LimitError{File: f.name, Limit: f.limits.MaxBytes}
	case err == nil || err == io.EOF:
		f.err = err
	case f.compression != "":
		f.err = fmt.Errorf("the %s data is cut off or damaged after %d bytes of the trace: %w", f.compression, total, err)
	default:
		f.err = fmt.Errorf("read %s: %w", f.name, err)
	}
	return n, f.err
}

// Err is what ended the reading other than the file's end; nil if nothing did.
func (f *File) Err() error {
	if f.err == io.EOF {
		return nil
	}
	return f.err
}

// Drain reads what is left and returns the decompressed size of the whole, as
// far as it can be read.
func (f *File) Drain() (total int64, err error) {
	_, err = io.Copy(io.Discard, struct{ io.Reader }{f})
	return f.n.Load(), err
}

// Spool prepares for a Rewind: an input that can be read only once is copied
// into a temporary file in dir, which Close removes. Nothing may have been read.
func (f *File) Spool(dir string) error {
	if f.pipe == nil {
		return nil
	}
	temp, err := os.CreateTemp(dir, "conctrace-*.trace")
	if err != nil {
		return fmt.Errorf("keep %s for a second reading: %w", f.name, err)
	}
	f.file, f.temp = temp, temp.Name()
	// What has been looked at is still in the buffer of the first layer unless
	// it was decompressed; a decompressed input is therefore spooled as such.
	n, err := io.Copy(temp, io.LimitReader(struct{ io.Reader }{f}, f.limits.MaxBytes+1))
	if f.Err() == nil && err != nil {
		return fmt.Errorf("keep %s for a second reading: %w", f.name, err)
	}
	var limit *LimitError
	if errors.As(f.err, &limit) {
		return f.err
	}
	f.pipe, f.size = nil, n
	return f.rewind(f.compression)
}

// Rewind starts again from the header.
func (f *File) Rewind() error { return f.rewind(f.compression) }

func (f *File) rewind(compression string) error {
	if f.file == nil {
		return fmt.Errorf("read %s twice: it was not kept", f.name)
	}
	if _, err := f.file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read %s again: %w", f.name, err)
	}
	if f.zstd != nil {
		f.zstd.Close()
		f.zstd = nil
	}
	f.input.r = f.file
	f.input.n.Store(0)
	err := f.open()
	f.compression = compression // a spooled copy is plain; the input was not
	return err
}

// Close closes the file and removes the spooled copy.
func (f *File) Close() error {
	if f.zstd != nil {
		f.zstd.Close()
	}
	var err error
	if f.file != nil {
		err = f.file.Close()
	}
	if c, ok := f.pipe.(io.Closer); ok && f.pipe != os.Stdin {
		err = errors.Join(err, c.Close())
	}
	if f.temp != "" {
		err = errors.Join(err, os.Remove(f.temp))
	}
	return err
}

// Name is what messages call the file.
func (f *File) Name() string { return f.name }

// Version is the version of the header: 22 for "go 1.22 trace".
func (f *File) Version() int { return f.version }

// Compression is "gzip", "zstd" or "".
func (f *File) Compression() string { return f.compression }

// Decoded is how many bytes Read has yielded.
func (f *File) Decoded() int64 { return f.n.Load() }

// InputSize is the size of the file as it lies on the disk, -1 if unknown.
func (f *File) InputSize() int64 { return f.size }

// InputRead is how much of InputSize was read.
func (f *File) InputRead() int64 { return f.input.n.Load() }
