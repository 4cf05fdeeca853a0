package stylelib

import (
	"stylebook/stylelib/ops"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// LBFGS is limited-memory BFGS as torch.optim.LBFGS has it without line search: steps of fixed length along the
// quasi-Newton direction, the first one no longer than the learning rate in the 1-norm.
//
// Its state is the last step and gradient, and up to history pairs of a step and the change of the gradient along it, the
// newest last; a pair that is not there yet is zeros. Sums are taken in float64.
//
// Nocedal, Wright 2006, algorithms 7.4 and 7.5.
func LBFGS(history int, learningRate func(epoch int) float64) Optimizer {
	return Optimizer{
		State: []StateArray{{Name: "lbfgs_steps", Copies: history}, {Name: "lbfgs_changes", Copies: history},
			{Name: "lbfgs_gradient", Copies: 1}, {Name: "lbfgs_step", Copies: 1}},
		LearningRate: learningRate,
		Numbers: func(epoch int) []float64 {
			return []float64{learningRate(epoch), min(float64(epoch-1), 1)}
		},
		Update: func(image, gradient *Node, state, numbers []*Node) (*Node, []*Node) {
			steps, changes, rate, begun := state[0], state[1], numbers[0], numbers[1]
			steps, changes = remembered(steps, changes, state[3], Sub(gradient, state[2]))
			direction := twoLoopRecursion(Neg(wide(gradient)), steps, changes)
			first := Min(ScalarOne(rate.Graph(), rate.DType()), Inverse(ops.ReduceAllSum(Abs(gradient))))
			length := Mul(rate, Where(GreaterThan(begun, ScalarZero(rate.Graph(), rate.DType())), OnesLike(first), first))
			step := ConvertDType(Mul(direction, wide(length)), image.DType())
			return Add(image, step), []*Node{steps, changes, gradient, step}
		},
	}
}

// leastCurvature is the s·y below which a pair is not remembered.
const leastCurvature = 1e-10

// remembered adds the pair of the last step, if the loss curves upwards along it, and drops the oldest.
func remembered(steps, changes, step, change *Node) (newSteps, newChanges *Node) {
	n := steps.Shape().Dim(0)
	curved := GreaterThan(dot(wide(step), wide(change)), Scalar(step.Graph(), dtypes.Float64, leastCurvature))
	add := func(all, newest *Node) *Node {
		shifted := newest
		if n > 1 {
			shifted = Concatenate([]*Node{Slice(all, AxisRange(1)), newest}, 0)
		}
		return Where(BroadcastToDims(curved, all.Shape().Dimensions...), shifted, all)
	}
	return add(steps, step), add(changes, change)
}

// twoLoopRecursion applies the inverse Hessian that the pairs suggest to the direction d, [1, h, w, 3].
func twoLoopRecursion(d, steps, changes *Node) *Node {
	n := steps.Shape().Dim(0)
	pair := func(i int) (s, y, curvature *Node) {
		s, y = wide(Slice(steps, AxisRange(i, i+1))), wide(Slice(changes, AxisRange(i, i+1)))
		return s, y, dot(s, y)
	}
	along := make([]*Node, n)
	for i := n - 1; i >= 0; i-- {
		s, y, curvature := pair(i)
		along[i] = quotient(dot(s, d), curvature)
		d = Sub(d, Mul(along[i], y))
	}
	_, y, curvature := pair(n - 1)
	square := dot(y, y)
	there := GreaterThan(square, ZerosLike(square))
	d = Mul(d, Where(there, Div(curvature, Where(there, square, OnesLike(square))), OnesLike(square)))
	for i := range n {
		s, y, curvature := pair(i)
		d = Add(d, Mul(Sub(along[i], quotient(dot(y, d), curvature)), s))
	}
	return d
}

func wide(x *Node) *Node { return ConvertDType(x, dtypes.Float64) }

func dot(a, b *Node) *Node { return ops.ReduceAllSum(Mul(a, b)) }

// quotient is a/b, and 0 where b is 0: a pair that is not there.
func quotient(a, b *Node) *Node {
	there := NotEqual(b, ZerosLike(b))
	return Where(there, Div(a, Where(there, b, OnesLike(b))), ZerosLike(a))
}
