package analyze

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// CopyTo writes a trace as it was, decompressed, within the limits of o. What is no trace
// is a *NotTraceError before anything is written. What is damaged in its compression ends
// where it is.
func CopyTo(ctx context.Context, src Source, o Options, w io.Writer) error {
	a := analysis{src: src, opts: o}
	if err := a.open(ctx); err != nil {
		return err
	}
	done := make(chan error, 1)
	go func() {
		_, err := io.Copy(w, struct{ io.Reader }{&interruptible{ctx, a.file}})
		done <- err
	}()
	select {
	case err := <-done:
		defer a.close()
		if limit, ok := errors.AsType[*LimitError](err); ok {
			return limit
		}
		if err != nil && a.file.Err() == nil {
			return fmt.Errorf("keep %s: %w", src.name, err)
		}
		return nil
	case <-ctx.Done(): // what never yields anything is left behind
		return a.interrupted(ctx)
	}
}
