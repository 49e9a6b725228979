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
	crlf        bool
	size        int64 // of the input, -1 if unknown
	n           atomic.Int64
	err         error
	lost        error // what ended the input before its spooled copy was whole
}

// counter counts the bytes of the input as it comes in, and keeps the error
// that a decompressor would take for damage of its own data.
type counter struct {
	r   io.Reader
	n   atomic.Int64
	err error
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}

// Open opens the trace in a file. What is no trace is a *NotTraceError.
func Open(path string, limits Limits) (*File, error) { return OpenCopy(path, path, limits) }

// OpenCopy opens the trace in a file that messages call name.
func OpenCopy(name, path string, limits Limits) (*File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, openError(name, err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, openError(name, err)
	}
	if info.IsDir() {
		file.Close()
		return nil, fmt.Errorf("%s: is a directory; name a file in it", printable(name))
	}
	f := &File{name: printable(name), limits: limits, size: -1}
	if info.Mode().IsRegular() {
		f.file, f.size = file, info.Size()
	} else {
		f.pipe = file
	}
	return f.begin(file)
}

// openError begins with the file's name, as every message about a file does.
func openError(path string, err error) error {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		err = pathErr.Err
	}
	return fmt.Errorf("%s: %w", printable(path), err)
}

// FromReader is the trace that r yields; messages call it name.
func FromReader(name string, r io.Reader, limits Limits) (*File, error) {
	f := &File{name: printable(name), limits: limits, pipe: r, size: -1}
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
		return f.readError(err)
	}
	f.compression = compressionOf(head)
	f.decoded = f.buffered
	if f.compression == "" {
		f.version, err = f.identify(head, f.buffered)
		return err
	}
	if err := f.decompress(); err != nil {
		return f.damaged(err)
	}
	inner := bufio.NewReaderSize(f.decoded, 256<<10)
	head, err = inner.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) && len(head) <= headerSize {
		return f.damaged(err)
	}
	f.decoded = inner
	if again := compressionOf(head); again != "" {
		return f.notTrace(fmt.Sprintf("%s data inside %s data", again, f.compression), "decompress it once and try again")
	}
	f.version, err = f.identify(head, inner)
	return err
}

// damaged says that of compressed data nothing can be had.
func (f *File) damaged(err error) error {
	if f.input.err != nil {
		return f.readError(f.input.err)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return f.notTrace(fmt.Sprintf("%s data that is cut off before anything can be decompressed", f.compression), "copy the file again")
	}
	return f.notTrace(fmt.Sprintf("damaged %s data (%s)", f.compression, printable(err.Error())), "copy the file again")
}

// ReadError is an input that could not be read to its end, whatever is in it.
type ReadError struct {
	File string
	Err  error
}

func (e *ReadError) Error() string { return fmt.Sprintf("read %s: %v", e.File, e.Err) }

func (e *ReadError) Unwrap() error { return e.Err }

func (f *File) readError(err error) error { return &ReadError{f.name, err} }

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
	case err == io.EOF && f.lost != nil:
		f.err = f.lost
	case err == nil || err == io.EOF:
		f.err = err
	case f.input.err != nil:
		f.err = f.readError(f.input.err)
	case errors.Is(err, gzip.ErrHeader):
		f.err = fmt.Errorf("what follows the gzip data after %d bytes of the trace is no gzip data", total)
	case errors.Is(err, io.ErrUnexpectedEOF):
		f.err = fmt.Errorf("the %s data is cut off after %d bytes of the trace", f.compression, total)
	default:
		f.err = fmt.Errorf("the %s data is damaged after %d bytes of the trace: %w", f.compression, total, err)
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
	f.file = temp
	if os.Remove(temp.Name()) != nil {
		f.temp = temp.Name() // a system that cannot remove what is open
	}
	// The copy is of what was decompressed, like everything that Read yields.
	n, err := io.Copy(temp, struct{ io.Reader }{f})
	if f.Err() == nil && err != nil {
		return fmt.Errorf("keep %s for a second reading: %w", f.name, err)
	}
	if _, ok := errors.AsType[*LimitError](f.err); ok {
		return f.err
	}
	err = closePipe(f.pipe)
	f.lost, f.pipe, f.size = f.Err(), nil, n
	return errors.Join(err, f.rewind(f.compression))
}

// closePipe closes an input that was opened for this File.
func closePipe(r io.Reader) error {
	if c, ok := r.(io.Closer); ok && r != os.Stdin {
		return c.Close()
	}
	return nil
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
	f.input.r, f.input.err = f.file, nil
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
	err = errors.Join(err, closePipe(f.pipe))
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
