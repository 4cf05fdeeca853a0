// Package cores spreads work over the processor's cores, for the programs that draw.
package cores

import (
	"context"
	"runtime"
	"sync"
)

// Each calls f once with each number below n, spread over the cores, until ctx ends. Calls must not depend on one another, which
// keeps the result the same each time.
func Each(ctx context.Context, n int, f func(i int)) {
	var workers sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		workers.Go(func() {
			for i := range next {
				f(i)
			}
		})
	}
	for i := 0; i < n && ctx.Err() == nil; i++ {
		next <- i
	}
	close(next)
	workers.Wait()
}
