// Package sandbox decodes pictures by well-known C and C++ libraries, compiled to WebAssembly: libjpeg-turbo, and libheif with libde265
// and dav1d. They see nothing but a memory of their own. That memory has a bound, and so has the work they may do, so
// that no file hangs or exhausts the program. Each is compiled when it is first needed, which takes a part of a second.
package sandbox

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
)

// ErrBounds reports a file whose decoding takes more memory or more work than a picture of its size needs.
var ErrBounds = errors.New("decoding it takes more memory or time than a picture of its size may")

// ErrDecode reports a file that the library doesn't take; it says no more.
var ErrDecode = errors.New("it is damaged, cut off or of an unknown kind")

const (
	page       = 64 << 10
	mostMemory = 4<<30 - page // of WebAssembly with addresses of 32 bits
	freeMemory = 64 << 20     // beside what grows with the picture
	freeWork   = 100e6        // rounds of loops, 160 to 300 million of which take a second
)

// limits bound a decoding, in bytes and in rounds of loops.
type limits struct{ memory, work int64 }

// limitsFor are the limits for a file and so many pixels with so much for each.
func limitsFor(file []byte, pixels, bytesEach, workEach int) limits {
	return limits{
		min(freeMemory+2*int64(len(file))+int64(pixels)*int64(bytesEach), mostMemory),
		freeWork + 200*int64(len(file)) + int64(pixels)*int64(workEach),
	}
}

// program is a decoder; its code is compiled once.
type program struct{ unpack func() ([]byte, error) }

func newProgram(packed []byte) program {
	return program{sync.OnceValues(func() ([]byte, error) {
		r, err := gzip.NewReader(bytes.NewReader(packed))
		if err != nil {
			return nil, err
		}
		return io.ReadAll(r)
	})}
}

// compiled keeps machine code.
var compiled = sync.OnceValue(wazero.NewCompilationCache)

// instance is a decoder at work. The first error stays, and ends all that follows.
type instance struct {
	ctx     context.Context
	runtime wazero.Runtime
	module  api.Module
	err     error
}

// start puts file into a new instance, which is to be closed, and returns its address.
func (p program) start(file []byte, l limits) (i *instance, address uint32, err error) {
	code, err := p.unpack()
	if err != nil {
		return nil, 0, err
	}
	i = &instance{ctx: context.Background()}
	config := wazero.NewRuntimeConfig().WithCompilationCache(compiled()).
		WithMemoryLimitPages(uint32(l.memory / page)).WithMemoryCapacityFromMax(true)
	i.runtime = wazero.NewRuntimeWithConfig(i.ctx, config)
	defer func() {
		if err != nil {
			i.close()
		}
	}()
	if _, err = wasi_snapshot_preview1.Instantiate(i.ctx, i.runtime); err != nil {
		return nil, 0, err
	}
	machine, err := i.runtime.CompileModule(i.ctx, code) // not to be closed: that would drop it from the cache
	if err != nil {
		return nil, 0, err
	}
	i.module, err = i.runtime.InstantiateModule(i.ctx, machine, wazero.NewModuleConfig().WithStartFunctions())
	if err != nil {
		return nil, 0, fmt.Errorf("%w: %w", ErrBounds, err)
	}
	i.module.ExportedGlobal("fuel").(api.MutableGlobal).Set(uint64(l.work))
	i.call("_initialize")
	address = i.alloc(len(file))
	if i.err == nil && !i.module.Memory().Write(address, file) {
		i.err = ErrBounds
	}
	return i, address, i.err
}

func (i *instance) close() { _ = i.runtime.Close(i.ctx) }

// call calls a function; that it ends by a trap is an error.
func (i *instance) call(name string, arguments ...uint64) uint32 {
	if i.err != nil {
		return 0
	}
	results, err := i.module.ExportedFunction(name).Call(i.ctx, arguments...)
	switch {
	case err != nil && i.module.ExportedGlobal("fuel").Get() == 0:
		i.err = ErrBounds
	case err != nil:
		i.err = ErrDecode
	case len(results) == 1:
		return uint32(results[0])
	}
	return 0
}

// alloc returns the address of so many bytes, 0 where memory is short.
func (i *instance) alloc(size int) uint32 {
	address := i.call("malloc", uint64(size))
	if i.err == nil && address == 0 {
		i.err = ErrBounds
	}
	return address
}

// bytes returns memory, not a copy, which is valid when the instance is closed, too.
func (i *instance) bytes(address uint32, size int) []byte {
	if i.err != nil {
		return nil
	}
	b, ok := i.module.Memory().Read(address, uint32(size))
	if !ok || size < 0 || size > math.MaxUint32 {
		i.err = ErrDecode
	}
	return b
}

// message is the reason that a library gave before it failed, or its trap.
func (i *instance) message() string {
	before := i.err
	i.err = nil
	const most = 200
	text, _, _ := bytes.Cut(i.bytes(i.call("message"), most), []byte{0})
	i.err = before
	if len(text) == 0 {
		return ErrDecode.Error()
	}
	return string(text)
}

// words returns so many values of 32 bits.
func (i *instance) words(address uint32, count int) []uint32 {
	values := make([]uint32, count)
	for k := range values {
		values[k], _ = i.module.Memory().ReadUint32Le(address + 4*uint32(k))
	}
	return values
}
