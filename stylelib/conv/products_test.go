package conv_test

import (
	"fmt"
	"testing"

	"stylebook/stylelib/conv"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/internal/testkit"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

func TestRowProducts(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		for _, s := range []struct{ n, m, c int }{{1, 2, 3}, {32, 64, 96}, {70, 64, 32}, {5, 7, 64}} {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				a, b, dy := random(1, 1, s.n, s.c), random(2, 1, s.m, s.c), random(3, 1, s.n, s.m)
				y, da, db := make([]float64, s.n*s.m), make([]float64, s.n*s.c), make([]float64, s.m*s.c)
				for i := range s.n {
					for j := range s.m {
						for k := range s.c {
							y[i*s.m+j] += a.at(0, i, k) * b.at(0, j, k)
							da[i*s.c+k] += dy.at(0, i, j) * b.at(0, j, k)
							db[j*s.c+k] += dy.at(0, i, j) * a.at(0, i, k)
						}
					}
				}
				results, err := ExecOnceN(e.Backend, func(in []*Node) []*Node {
					y := conv.RowProducts(in[0], in[1])
					return append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, in[2])), in[0], in[1])...)
				}, a.tensor(s.n, s.c), b.tensor(s.m, s.c), dy.tensor(s.n, s.m))
				if err != nil {
					t.Fatal(err)
				}
				for i, want := range [][]float64{y, da, db} {
					got := tensors.MustCopyFlatData[float32](results[i])
					if err := testkit.RelativeL2(t, got, array{values: want}.float32s()); err > 1e-6 {
						t.Errorf("output %d differs from the naive loop by %.1e (relative L2), want at most 1e-6", i, err)
					}
				}
			})
		}
	})
}

func TestColumnProducts(t *testing.T) {
	testkit.Engines(t, func(t *testing.T, e *engine.Engine) {
		for _, s := range []struct{ n, c int }{{1, 1}, {5, 3}, {7, 64}, {3000, 64}, {700, 128}, {41, 192}, {300, 256}, {40, 512}} {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				x, g := random(1, 1, s.n, s.c), random(2, 1, s.c, s.c)
				y, dx := make([]float64, s.c*s.c), make([]float64, s.n*s.c)
				for n := range s.n {
					for i := range s.c {
						for j := range s.c {
							y[i*s.c+j] += x.at(0, n, i) * x.at(0, n, j)
							dx[n*s.c+i] += x.at(0, n, j) * (g.at(0, i, j) + g.at(0, j, i))
						}
					}
				}
				gotY, gotDx := withGradient(t, e, func(x *Node, _ []*Node) *Node { return conv.ColumnProducts(x) },
					x.tensor(s.n, s.c), g.tensor(s.c, s.c))
				for name, pair := range map[string][2][]float32{
					"value":    {gotY, array{values: y}.float32s()},
					"gradient": {gotDx, array{values: dx}.float32s()}} {
					if err := testkit.RelativeL2(t, pair[0], pair[1]); err > 1e-6 {
						t.Errorf("%s differs from the naive loop by %.1e (relative L2), want at most 1e-6", name, err)
					}
				}
			})
		}
	})
}
