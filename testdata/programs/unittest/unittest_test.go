package unittest

import (
	"sync"
	"testing"
	"time"
)

func TestCounter(t *testing.T) {
	var c Counter
	var wg sync.WaitGroup
	for i := 0; i < 10; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c.Add()
		}()
	}
	wg.Wait()
	if got := c.Value(); got != 10 {
		t.Errorf("Value() = %d, want 10", got)
	}
}

// Parallel subtests wait for their parent, and it for them.
func TestParallel(t *testing.T) {
	for _, name := range []string{"a", "b", "c", "d"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			time.Sleep(5 * time.Millisecond)
		})
	}
}
