package main

import (
	"context"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// AdamW's constants; the rate and the decay are the recipe's.
const beta1, beta2, epsilon = 0.9, 0.999, 1e-8

// train runs the recipe's steps. say is called with lines of progress.
func (n *network) train(ctx context.Context, backend compute.Backend, all []*canvas, say func(format string, args ...any)) error {
	step, err := NewExec(backend, n.step)
	if err != nil {
		return err
	}
	defer step.Finalize()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	batches := n.recipe.batches(ctx, all)
	state := append(n.parameters, zeros(n.parameters)...)
	state = append(state, zeros(n.parameters)...)
	start := time.Now()
	for k := range n.recipe.steps {
		batch, ok := <-batches
		if !ok {
			return context.Cause(ctx)
		}
		t := float64(k + 1)
		inputs := []any{batch.crops, batch.classes, n.analytic[0], n.analytic[1], float32(n.recipe.rateAt(k)),
			float32(1 - math.Pow(beta1, t)), float32(1 - math.Pow(beta2, t))}
		for _, s := range state {
			inputs = append(inputs, s)
		}
		out, err := step.Call(inputs...)
		if err != nil {
			return fmt.Errorf("step %d: %w", k+1, err)
		}
		for i := range state {
			_ = state[i].FinalizeAll()
		}
		state = out[2:]
		if err := report(k, n.recipe.steps, out, start, say); err != nil {
			return err
		}
		for _, t := range []*tensors.Tensor{batch.crops, batch.classes, out[0], out[1]} {
			_ = t.FinalizeAll()
		}
	}
	n.parameters = state[:len(n.parameters)]
	return nil
}

// report tells of every 25th step and stops a training whose loss is no longer a number.
func report(k, steps int, out []*tensors.Tensor, start time.Time, say func(string, ...any)) error {
	if k%25 != 0 && k != steps-1 {
		return nil
	}
	losses, err := tensors.CopyFlatData[float32](out[0])
	if err != nil {
		return err
	}
	hits, err := tensors.CopyFlatData[float32](out[1])
	if err != nil {
		return err
	}
	var taps []string
	for i, loss := range losses {
		if math.IsNaN(float64(loss)) {
			return fmt.Errorf("step %d: the loss is not a number", k+1)
		}
		taps = append(taps, fmt.Sprintf("%.2f %2.0f %%", loss, 100*hits[i]))
	}
	left := time.Duration(float64(time.Since(start)) / float64(k+1) * float64(steps-k-1)).Round(time.Second)
	say("step %4d of %d, %s left; loss and hits at the five taps: %s", k+1, steps, left, strings.Join(taps, ", "))
	return nil
}

// batches makes batches ahead of the training, until ctx ends or all are made.
func (r recipe) batches(ctx context.Context, all []*canvas) <-chan example {
	ahead := make(chan example, 3)
	go func() {
		defer close(ahead)
		for k := range r.steps {
			select {
			case ahead <- r.batchOf(all, k):
			case <-ctx.Done():
				return
			}
		}
	}()
	return ahead
}

// rateAt rises over the first twentieth of the steps and then falls along a cosine.
func (r recipe) rateAt(step int) float64 {
	done := float64(step+1) / float64(r.steps)
	return r.rate*min(1, done/0.05)*(1+math.Cos(math.Pi*done))/2 + 1e-6
}

func zeros(like []*tensors.Tensor) []*tensors.Tensor {
	var all []*tensors.Tensor
	for _, t := range like {
		all = append(all, tensors.FromShape(t.Shape()))
	}
	return all
}

// step is one step as a graph: batch, losses, gradients, update. It returns the five losses, the five shares of right
// answers, and the new state.
func (n *network) step(in []*Node) []*Node {
	crops, classes, analytic, rate, fix1, fix2 := in[0], in[1], in[2:4], in[4], in[5], in[6]
	count := len(n.parameters)
	parameters, m, v := in[7:7+count], in[7+count:7+2*count], in[7+2*count:]
	taps, _ := features(crops, parameters, analytic, maxPool)
	total := ScalarZero(crops.Graph(), dtypes.Float32)
	var losses, hits []*Node
	for i, tap := range taps {
		scores := classify(tap, parameters[perConv*convCount+perHead*i:])
		loss, hit := n.crossEntropy(scores, classes)
		total = Add(total, MulScalar(loss, n.recipe.tapWeights[i]))
		losses, hits = append(losses, loss), append(hits, hit)
	}
	gradients := Gradient(total, parameters...)
	out := []*Node{Stack(losses, 0), Stack(hits, 0)}
	var newP, newM, newV []*Node
	for i, g := range gradients {
		mi := Add(MulScalar(m[i], beta1), MulScalar(g, 1-beta1))
		vi := Add(MulScalar(v[i], beta2), MulScalar(Square(g), 1-beta2))
		move := Div(Div(mi, fix1), AddScalar(Sqrt(Div(vi, fix2)), epsilon))
		move = Add(move, MulScalar(parameters[i], n.recipe.decay))
		newP, newM, newV = append(newP, Sub(parameters[i], Mul(rate, move))), append(newM, mi), append(newV, vi)
	}
	return append(append(append(out, newP...), newM...), newV...)
}

// crossEntropy returns the loss with smoothed labels and the share of right answers.
func (n *network) crossEntropy(scores, classes *Node) (loss, hits *Node) {
	count := n.recipe.classes()
	wanted := OneHot(Reshape(classes, -1), count, dtypes.Float32)
	wanted = AddScalar(MulScalar(wanted, 1-n.recipe.smoothing), n.recipe.smoothing/float64(count))
	loss = Neg(ReduceAllMean(ReduceSum(Mul(wanted, LogSoftmax(scores)), -1)))
	right := Equal(ArgMax(scores, -1, dtypes.Int32), Reshape(classes, -1))
	return loss, ReduceAllMean(ConvertDType(right, dtypes.Float32))
}
