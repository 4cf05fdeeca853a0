package gocalls

import (
	"runtime"
	"sync"
	"sync/atomic"
	"unsafe"
)

// worker is a goroutine at some work, with memory of its own.
type worker struct {
	memory []float32
	items  int // that it has done
}

// half is room for a transform's first half: 36 vectors.
func (w *worker) half() *float32 { return &w.memory[0] }

// rest is the memory after that.
func (w *worker) rest() []float32 { return w.memory[halfSize:] }

const halfSize = 36 * 16

// share does items of a work, which may be done in any order and at once, on all processors. Each worker has so many floats of
// memory.
func share(items, floats int, item func(index int, w *worker)) {
	var next atomic.Int64
	var all sync.WaitGroup
	work := func() {
		w := &worker{memory: memory.take(halfSize + floats)}
		defer memory.give(w.memory)
		for i := int(next.Add(1)) - 1; i < items; i = int(next.Add(1)) - 1 {
			item(i, w)
			w.items++
		}
	}
	for range min(workers(), items) - 1 {
		all.Go(work)
	}
	work()
	all.Wait()
}

func workers() int { return runtime.GOMAXPROCS(0) }

// store keeps blocks of memory between works: the system and Go would clear them each time.
type store struct {
	sync.Mutex
	blocks [][]float32
}

var memory store

// take returns a block of at least so many floats, which begins where a line of the cache does.
func (s *store) take(floats int) []float32 {
	s.Lock()
	for i, b := range s.blocks {
		if cap(b) >= floats {
			last := len(s.blocks) - 1
			s.blocks[i], s.blocks[last] = s.blocks[last], nil
			s.blocks = s.blocks[:last]
			s.Unlock()
			return b[:floats]
		}
	}
	s.Unlock()
	const line = 64 / 4
	block := make([]float32, floats+line)
	for uintptr(unsafe.Pointer(&block[0]))%64 != 0 {
		block = block[1:]
	}
	return block[:floats]
}

// give takes a block back, in place of a smaller one if there are many.
func (s *store) give(block []float32) {
	s.Lock()
	defer s.Unlock()
	if len(s.blocks) < 2*workers() {
		s.blocks = append(s.blocks, block)
		return
	}
	for i, b := range s.blocks {
		if cap(b) < cap(block) {
			s.blocks[i] = block
			return
		}
	}
}

// release forgets all blocks.
func (s *store) release() {
	s.Lock()
	defer s.Unlock()
	s.blocks = nil
}
