//go:build (linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla

package xlacalls

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stylebook/stylelib/kernels"
	"stylebook/stylelib/kernels/kernelstest"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-xla/compute/xla"
	. "github.com/gomlx/gomlx/core/graph"
)

// cpu opens XLA on the CPU, whose plugin scripts/setup puts into the user's cache.
func cpu(t *testing.T) compute.Backend {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	plugin := filepath.Join(cache, "stylebook", "pjrt", "pjrt_c_api_cpu_plugin.so")
	if _, err := os.Stat(plugin); err != nil {
		t.Skip("skipped: no plugin of XLA here")
	}
	b, err := xla.New(plugin)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	if err := kernels.Usable(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// The loops for every kind of processor, as far as this one runs them.
func TestEveryProcessor(t *testing.T) {
	b := cpu(t)
	levels := map[string]bool{}
	t.Cleanup(func() { limit(2) })
	for level := range 3 {
		if limit(level); levels[linked{}.Vectors()] {
			continue // this processor has no more
		}
		levels[linked{}.Vectors()] = true
		kernelstest.Agree(t, linked{}.Vectors(), b, false)
	}
}

func TestNoNumber(t *testing.T) { kernelstest.NoNumber(t, cpu(t)) }

func TestSameAgain(t *testing.T) { kernelstest.SameAgain(t, cpu(t), 20) }

// The memory of a step is there for the next one, and goes back to the system when it is released.
func TestMemoryStays(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("skipped: this system's own memory is used")
	}
	b := cpu(t)
	exec := MustNewExec(b, func(x, filter *Node) *Node { // more than 100 MB between its two convolutions
		return ReduceAllSum(kernels.Conv3x3Gradient(kernels.Conv3x3Gradient(x, filter, nil, 1), filter, nil, 1))
	})
	defer exec.Finalize()
	x, filter := kernelstest.Random(1, 1, 500, 500, 64), kernelstest.Random(2, 3, 3, 64, 64)
	exec.MustCall(x, filter)
	pages := func() (taken int64) {
		var before, after syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
		for range 4 {
			exec.MustCall(x, filter)
		}
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
		return after.Minflt - before.Minflt
	}
	once := resident(t)
	for range 40 {
		exec.MustCall(x, filter)
	}
	if more := resident(t) - once; more > 50<<20 { // a second block, which XLA took before it had given the first back
		t.Errorf("forty runs hold %d MB more than one", more>>20)
	}
	if n := pages(); n > 1000 {
		t.Errorf("four runs after the first took %d pages of the system", n)
	}
	held, given := resident(t), 0
	for range 3000 { // XLA gives it back some time after the result
		kernels.ReleaseMemory()
		if given = held - resident(t); given >= 100<<20 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d MB were given back, want more than 100", given>>20)
}

// resident returns how much memory the process holds.
func resident(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := strconv.Atoi(strings.Fields(string(status))[1])
	if err != nil {
		t.Fatal(err)
	}
	return pages * os.Getpagesize()
}
