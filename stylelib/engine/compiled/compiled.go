//go:build (linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla

package compiled

// #cgo linux LDFLAGS: -ldl
// #include <stdlib.h>
// #include "hook.h"
import "C"

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"sync"
	"unsafe"
)

// keepers hold what each plugin's programs are kept by, in the order of compiled_hook.
var keepers struct {
	sync.Mutex
	all []*keeper
}

// Keep makes the plugin that is loaded from a file look for compiled programs in a folder, which is made when there is something
// to keep. An error says why it can't; the plugin then compiles as ever.
func Keep(plugin, folder string) error {
	keepers.Lock()
	defer keepers.Unlock()
	for _, k := range keepers.all {
		if k.plugin == plugin {
			return nil
		}
	}
	k, err := newKeeper(plugin, folder)
	if err != nil {
		return err
	}
	keepers.all = append(keepers.all, k) // it is asked from now on
	path := C.CString(plugin)
	defer C.free(unsafe.Pointer(path))
	if why := C.compiled_hook(path); why != nil {
		keepers.all = keepers.all[:len(keepers.all)-1]
		return errors.New(C.GoString(why))
	}
	return nil
}

//export compiledFind
func compiledFind(of C.int, code *C.char, codeSize C.size_t, options *C.char, optionsSize C.size_t, found **C.char, size *C.size_t) *C.char {
	keepers.Lock()
	k := keepers.all[of]
	keepers.Unlock()
	h := sha256.New()
	fmt.Fprintln(h, k.machine, os.Getenv("XLA_FLAGS"), codeSize)
	h.Write(unsafe.Slice((*byte)(unsafe.Pointer(code)), codeSize))
	h.Write(unsafe.Slice((*byte)(unsafe.Pointer(options)), optionsSize))
	path := k.path(h.Sum(nil))
	if program := k.find(path); program != nil {
		*found, *size = (*C.char)(C.CBytes(program)), C.size_t(len(program))
	}
	return C.CString(path)
}

//export compiledStore
func compiledStore(path, program *C.char, size C.size_t) {
	store(C.GoString(path), unsafe.Slice((*byte)(unsafe.Pointer(program)), size))
}
