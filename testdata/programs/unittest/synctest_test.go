//go:build go1.25

package unittest

import (
	"testing"
	"testing/synctest"
	"time"
)

// The bubble's goroutine waits in synctest.Wait, the test's own in synctest.Test;
// the sleepers' hour passes at once.
func TestSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for i := 0; i < 3; i++ {
			go bubbleSleeper()
		}
		synctest.Wait()
		time.Sleep(2 * time.Hour)
	})
}

func bubbleSleeper() { time.Sleep(time.Hour) }
