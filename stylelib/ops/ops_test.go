package ops_test

import (
	"fmt"
	"testing"

	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/kernels"
	"stylebook/stylelib/ops"

	. "github.com/gomlx/gomlx/core/graph"
)

// The product of a matrix's columns is seen as such, and no other product is taken for it.
func TestMatMul(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		x := make([][]float32, 64) // square, so that every product has the same shape
		for i := range x {
			x[i] = make([]float32, 64)
			for j := range x[i] {
				x[i][j] = float32(i*j%7) - 2
			}
		}
		results, err := ExecOnceN(e.Backend, func(x *Node) []*Node {
			transposed, same := Transpose(x, 0, 1), TransposeAllAxes(x, 0, 1)
			results := []*Node{ops.MatMul(transposed, x)}
			if calls := len(kernels.CallsOf(x.Graph())); kernels.FitProducts(x) && calls != 1 {
				t.Errorf("Xᵀ·X is computed by %d kernels, want 1", calls)
			}
			results = append(results, MatMul(transposed, x))
			for _, lhs := range []*Node{x, same} {
				results = append(results, ops.MatMul(lhs, x), MatMul(lhs, x))
			}
			return append(results, ops.MatMul(x, transposed), MatMul(x, transposed))
		}, x)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(results); i += 2 {
			if !results[i].InDelta(results[i+1], 1e-3) {
				t.Errorf("product %d differs from GoMLX's", i/2)
			}
		}
	})
}

// The gradient of |x| where x is 0 is 0.
func TestAbs(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		results, err := ExecOnceN(e.Backend, func(x *Node) []*Node {
			y := ops.Abs(x)
			return []*Node{y, Gradient(ReduceAllSum(y), x)[0]}
		}, []float32{-2, 0, 3})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fmt.Sprint(results[0].Value(), results[1].Value()), "[2 0 3] [-1 0 1]"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}
