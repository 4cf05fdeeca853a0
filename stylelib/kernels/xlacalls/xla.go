//go:build (linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla

package xlacalls

// #cgo CFLAGS: -O3 -Wno-psabi
// #cgo linux LDFLAGS: -ldl
// #include <stdlib.h>
// #include "kernels.h"
import "C"

import (
	"reflect"
	"runtime"
	"slices"
	"sync"
	"unsafe"

	"stylebook/stylelib/kernels"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	"github.com/gomlx/go-xla/pjrt"
	"github.com/gomlx/go-xla/stablehlo"
)

// told holds for each plugin's file what tells it of the kernels, once: a process loads a plugin once, however many engines it
// opens.
var told sync.Map

func init() { kernels.Register("xla", linked{}) }

// linked is how a program that links this package calls the loops.
type linked struct{}

func (linked) Usable(engine compute.Backend) error {
	b, ok := engine.(*xla.Backend)
	if !ok || !b.IsCPU() {
		return &kernels.UnusableError{Engine: engine.Name(), Why: "it is not XLA on a CPU"}
	}
	if err := fits(reflect.TypeFor[xla.Node](), reflect.TypeFor[stablehlo.Value]()); err != nil {
		return &kernels.UnusableError{Engine: b.PluginName(), Why: err.Error(), Longer: "about twice as long"}
	}
	plugin, err := pjrt.GetPlugin(b.PluginName())
	if err != nil {
		return &kernels.UnusableError{Engine: b.PluginName(), Why: err.Error()}
	}
	path := plugin.Path()
	once, _ := told.LoadOrStore(path, sync.OnceValue(func() error { return tell(path) }))
	return once.(func() error)()
}

func tell(plugin string) error {
	path := C.CString(plugin)
	defer C.free(unsafe.Pointer(path))
	if why := C.kernels_register(path, C.int(runtime.GOMAXPROCS(0))); why != nil {
		return &kernels.UnusableError{Engine: plugin, Why: C.GoString(why), Longer: "about twice as long"}
	}
	return nil
}

func (linked) Vectors() string {
	return [...]string{"of four floats", "AVX2", "AVX-512"}[C.kernels_level()]
}

// limit keeps the kernels from using what only some processors have: see kernels_level.
func limit(level int) { C.kernels_limit(C.int(level)) }

// step is what numbers of channels must be multiples of: see vec.h.
const step = 64

// Fit says no to what XLA computes as fast by itself.
func (linked) Fit(kind string, channels ...int) bool {
	known := kind == "conv" || kind == "products" || kind == "symmetric"
	return known && !slices.ContainsFunc(channels, func(n int) bool { return n%step != 0 })
}

func (linked) ReleaseMemory() { C.kernels_release_memory() }
