//go:build (linux || darwin) && (amd64 || arm64) && !(darwin && amd64) && cgo && !noxla

package xlacalls

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"stylebook/stylelib/kernels"

	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	"github.com/gomlx/go-xla/compute/xla"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
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

func random(seed uint64, dimensions ...int) *tensors.Tensor {
	size := 1
	for _, d := range dimensions {
		size *= d
	}
	rng, values := rand.New(rand.NewPCG(seed, 0)), make([]float32, size)
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(values, dimensions...)
}

func relativeL2(got, want *tensors.Tensor) float64 {
	a, b := tensors.MustCopyFlatData[float32](got), tensors.MustCopyFlatData[float32](want)
	var off, size float64
	for i := range b {
		off += math.Pow(float64(a[i])-float64(b[i]), 2)
		size += math.Pow(float64(b[i]), 2)
	}
	return math.Sqrt(off / size)
}

// The kernels for every kind of processor, as far as this one runs them, compute what XLA does by itself, in maps of few tiles and of
// many, with one part of the filter and with several.
func TestEveryProcessor(t *testing.T) {
	b := cpu(t)
	levels := map[string]bool{}
	t.Cleanup(func() { limit(2) })
	for level := range 3 {
		if limit(level); levels[Vectors()] {
			continue // this processor has no more
		}
		levels[Vectors()] = true
		for _, s := range []struct{ h, w, in, out, pad int }{
			{1, 1, 64, 64, 1}, {9, 14, 64, 128, 1}, {150, 101, 64, 64, 1}, {70, 63, 256, 64, 0}, {37, 56, 192, 512, 1},
		} {
			t.Run(fmt.Sprint(Vectors(), s), func(t *testing.T) {
				filter, bias, x := random(1, 3, 3, s.in, s.out), random(2, s.out), random(3, 1, s.h, s.w, s.in)
				gate := random(4, 1, s.h-2+2*s.pad, s.w-2+2*s.pad, s.out)
				out := MustExecOnceN(b, func(n []*Node) []*Node {
					x, filter, bias, gate := n[0], n[1], n[2], n[3]
					zero := ScalarZero(x.Graph(), x.DType())
					row := Reshape(bias, 1, 1, 1, s.out)
					plain := kernels.Native(x, filter, s.pad)
					return []*Node{
						kernels.Conv3x3Gradient(x, filter, nil, s.pad), plain,
						kernels.Conv3x3(x, filter, bias, s.pad), Add(plain, row),
						kernels.Conv3x3OfReLU(x, filter, bias, s.pad), Add(kernels.Native(Max(x, zero), filter, s.pad), row),
						kernels.Conv3x3Gradient(x, filter, gate, s.pad), Where(GreaterThan(gate, zero), plain, ZerosLike(plain)),
					}
				}, x, filter, bias, gate)
				for i := 0; i < len(out); i += 2 {
					if err := relativeL2(out[i], out[i+1]); !(err < 5e-6) {
						t.Errorf("kernel %d differs from XLA by %.1e (relative L2), want at most 5e-6", i/2, err)
					}
				}
			})
		}
		for _, s := range []struct{ n, c int }{{1, 64}, {4001, 64}, {1000, 192}, {700, 512}} {
			t.Run(fmt.Sprint(Vectors(), s), func(t *testing.T) {
				out := MustExecOnceN(b, func(n []*Node) []*Node {
					x, g := n[0], n[1]
					return []*Node{
						kernels.ColumnProducts(x), Einsum("nc,nd->cd", x, x),
						kernels.ColumnProductsGradient(x, g), Einsum("nc,cd->nd", x, Add(g, Transpose(g, 0, 1))),
					}
				}, random(1, s.n, s.c), random(2, s.c, s.c))
				for i := 0; i < len(out); i += 2 {
					if err := relativeL2(out[i], out[i+1]); !(err < 2e-6) {
						t.Errorf("kernel %d differs from XLA by %.1e (relative L2), want at most 2e-6", i/2, err)
					}
				}
			})
		}
	}
}

// What is no number stays none: a training that diverged must show it.
func TestNoNumber(t *testing.T) {
	b := cpu(t)
	nan := tensors.FromFlatDataAndDimensions(make([]float32, 4*4*64), 1, 4, 4, 64)
	tensors.MustMutableFlatData(nan, func(flat []float32) { flat[70] = float32(math.NaN()) })
	y := MustExecOnce(b, func(x, filter, bias *Node) *Node { return kernels.Conv3x3OfReLU(x, filter, bias, 1) },
		nan, random(1, 3, 3, 64, 64), random(2, 64))
	if v := tensors.MustCopyFlatData[float32](y)[0]; v == v {
		t.Errorf("ReLU and convolution make %v of NaN", v)
	}
}

// Sums are added in an order that doesn't depend on which thread is first.
func TestSameAgain(t *testing.T) {
	b := cpu(t)
	exec := MustNewExec(b, func(x, filter, bias *Node) []*Node {
		y := kernels.Conv3x3(x, filter, bias, 1)
		return []*Node{y, kernels.ColumnProducts(Reshape(y, -1, 64))}
	})
	defer exec.Finalize()
	x, filter, bias := random(1, 1, 90, 90, 64), random(2, 3, 3, 64, 64), random(3, 64)
	first := exec.MustCall(x, filter, bias)
	for range 20 {
		for i, again := range exec.MustCall(x, filter, bias) {
			if !again.Equal(first[i]) {
				t.Fatalf("output %d is another the next time", i)
			}
		}
	}
}

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
	x, filter := random(1, 1, 500, 500, 64), random(2, 3, 3, 64, 64)
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
	if n := pages(); n > 1000 {
		t.Errorf("four runs after the first took %d pages of the system", n)
	}
	held, given := resident(t), 0
	for range 50 { // XLA gives it back some time after the result
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

func TestNotUsable(t *testing.T) {
	engine, err := compute.NewWithConfig("go")
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Finalize()
	var unusable *kernels.UnusableError
	if err := kernels.Usable(engine); !errors.As(err, &unusable) || !strings.HasPrefix(err.Error(), "Go Backend can't be given") {
		t.Errorf("got %v, want an UnusableError that names the engine", err)
	}
}
