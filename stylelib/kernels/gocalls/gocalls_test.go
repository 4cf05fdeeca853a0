package gocalls

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"

	"stylebook/stylelib/kernels"
	"stylebook/stylelib/kernels/kernelstest"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func open(t *testing.T) compute.Backend {
	t.Helper()
	b, err := compute.NewWithConfig("go:ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	if best == nil {
		t.Skip("skipped: there are no loops for this processor")
	}
	if err := kernels.Usable(b); err != nil {
		t.Fatal(err)
	}
	return b
}

// levels runs a test with the loops for every kind of processor, as far as this one runs them.
func levels(t *testing.T, test func()) {
	fastest := best
	t.Cleanup(func() { best = fastest })
	for _, best = range ofProcessor() {
		test()
	}
}

func TestEveryProcessor(t *testing.T) {
	b := open(t)
	levels(t, func() { kernelstest.Agree(t, best.name, b, true) })
}

func TestNoNumber(t *testing.T) {
	b := open(t)
	levels(t, func() { kernelstest.NoNumber(t, b) })
}

// Every processor and every number of threads gives the same bits.
func TestSameBits(t *testing.T) {
	b := open(t)
	threads := runtime.GOMAXPROCS(0)
	t.Cleanup(func() { runtime.GOMAXPROCS(threads) })
	var first []*tensors.Tensor
	levels(t, func() {
		for n := range 4 {
			runtime.GOMAXPROCS(n + 1)
			out := kernelstest.SameAgain(t, b, 2)
			if first == nil {
				first = out
			}
			for i := range out {
				if !out[i].Equal(first[i]) {
					t.Errorf("output %d is another with %s and %d threads", i, best.name, n+1)
				}
			}
		}
	})
}

// GoMLX makes one node of two that are alike: a node of ours must be none of them.
func TestBesideTheEnginesOwn(t *testing.T) {
	b := open(t)
	x, filter, gate := kernelstest.Random(1, 1, 5, 6, 64), kernelstest.Random(2, 3, 3, 64, 64), kernelstest.Random(3, 1, 5, 6, 64)
	out := MustExecOnceN(b, func(n []*Node) []*Node {
		x, filter, gate := n[0], n[1], n[2]
		before := kernels.Native(x, filter, 1)
		ours := kernels.Conv3x3Gradient(x, filter, gate, 1)
		return []*Node{before, kernels.Native(x, filter, 1), ours}
	}, x, filter, gate)
	if !out[0].Equal(out[1]) || out[0].Equal(out[2]) {
		t.Error("the engine's own convolution became ours")
	}
}

// The assembly in the folder is what the generators write.
func TestGenerated(t *testing.T) {
	for kind, arguments := range map[string][]string{
		"amd64": {"./generate/x86", "-pkg", "gocalls"},
		"arm64": {"./generate/neon"},
	} {
		folder, names := t.TempDir(), []string{"loops_" + kind + ".s", "loops_" + kind + ".go"}
		arguments = append([]string{"run"}, append(arguments, "-out", filepath.Join(folder, names[0]), "-stubs", filepath.Join(folder, names[1]))...)
		if out, err := exec.Command("go", arguments...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, name := range names {
			got, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(filepath.Join(folder, name))
			if err != nil {
				t.Fatal(err)
			}
			if afterHead(got) != afterHead(want) {
				t.Errorf("%s isn't what its generator writes: run go generate ./stylelib/kernels/gocalls", name)
			}
		}
	}
}

// afterHead leaves out the first line, in which a file's path is.
func afterHead(file []byte) string {
	for i, b := range file {
		if b == '\n' {
			return string(file[i:])
		}
	}
	return ""
}
