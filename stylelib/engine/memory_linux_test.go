//go:build cgo && !noxla

package engine_test

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/kernels"
	"stylebook/stylelib/kernels/kernelstest"

	. "github.com/gomlx/gomlx/core/graph"
)

// keepEnv is set in the process that TestMemoryStays starts.
const keepEnv = "STYLEBOOK_TEST_KEEPS_MEMORY"

func init() {
	if os.Getenv(keepEnv) != "" {
		engine.KeepMemory()
	}
}

// The memory of a step is there for the next one, and goes back to the system when it is released.
func TestMemoryStays(t *testing.T) {
	if os.Getenv(keepEnv) == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestMemoryStays$", "-test.v")
		cmd.Env = append(os.Environ(), keepEnv+"=1")
		out, err := cmd.CombinedOutput()
		if t.Logf("%s", out); err != nil {
			t.Error(err)
		}
		return
	}
	e, err := engine.Open("xla:cpu")
	if err != nil {
		t.Skip("skipped: no XLA here")
	}
	defer e.Close()
	graph := MustNewExec(e.Backend, func(x, filter *Node) *Node { // more than 100 MB between its two convolutions
		return ReduceAllSum(kernels.Conv3x3Gradient(kernels.Conv3x3Gradient(x, filter, nil, 1), filter, nil, 1))
	})
	defer graph.Finalize()
	x, filter := kernelstest.Random(1, 1, 500, 500, 64), kernelstest.Random(2, 3, 3, 64, 64)
	graph.MustCall(x, filter)
	pages := func() (taken int64) {
		var before, after syscall.Rusage
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &before)
		for range 4 {
			graph.MustCall(x, filter)
		}
		_ = syscall.Getrusage(syscall.RUSAGE_SELF, &after)
		return after.Minflt - before.Minflt
	}
	once := resident(t)
	for range 40 {
		graph.MustCall(x, filter)
	}
	if more := resident(t) - once; more > 50<<20 { // a second block, which XLA took before it had given the first back
		t.Errorf("forty runs hold %d MB more than one", more>>20)
	}
	if n := pages(); n > 1000 {
		t.Errorf("four runs after the first took %d pages of the system", n)
	}
	held := resident(t)
	kernels.ReleaseMemory()
	if given := held - resident(t); given < 100<<20 {
		t.Errorf("%d MB were given back, want more than 100", given>>20)
	}
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
