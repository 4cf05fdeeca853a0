// Optimizer is the command stylize with optimizers of its own: "optimizer -help" lists them, "optimizer -optimizer signs …" takes one.
// Both paint, sweep, are kept and go on after an interruption as the library's do.
package main

import (
	sl "stylebook/stylelib"
	"stylebook/stylelib/cli"
	"stylebook/stylelib/transfer"

	. "github.com/gomlx/gomlx/core/graph"
)

func main() { cli.Main(signs, momentum) } // the last one is taken where none is named

// momentum is gradient descent with Nesterov's momentum.
//
//	v ← β·v + g
//	image ← image - rate · (g + β·v)
//
// Sutskever, Martens, Dahl, Hinton 2013, "On the importance of initialization and momentum in deep learning".
var momentum = transfer.Method{
	Name: "momentum", About: "gradient descent with Nesterov's momentum",
	Use: func(o *transfer.Options) { o.LearningRate, o.LRDecayEvery = 1, 0 }, // more is faster for painting, and too much for the chapter's losses
	Optimizer: func(o transfer.Options, _ int) sl.Optimizer {
		const beta = 0.9
		return optimizer(o, "momentum_velocity", func(image, gradient, velocity, rate *Node) (*Node, *Node) {
			velocity = Add(MulScalar(velocity, beta), gradient)
			return Sub(image, Mul(rate, Add(gradient, MulScalar(velocity, beta)))), velocity
		})
	},
}

// signs moves each value by the same length, along the sign of a running mean of the gradient.
//
//	m ← β₂·m + (1-β₂)·g,  image ← image - rate · sign(β₁·m + (1-β₁)·g)
//
// Chen et al. 2023, "Symbolic discovery of optimization algorithms" (Lion), without weight decay.
var signs = transfer.Method{
	Name: "signs", About: "steps of one length along the gradient's signs (Lion)",
	Use: func(o *transfer.Options) { o.LearningRate = 0.02 },
	Optimizer: func(o transfer.Options, _ int) sl.Optimizer {
		const beta1, beta2 = 0.9, 0.99
		return optimizer(o, "signs_mean", func(image, gradient, mean, rate *Node) (*Node, *Node) {
			direction := Sign(Add(MulScalar(mean, beta1), MulScalar(gradient, 1-beta1)))
			return Sub(image, Mul(rate, direction)), Add(MulScalar(mean, beta2), MulScalar(gradient, 1-beta2))
		})
	},
}

// optimizer keeps one array of the image's size, and takes the learning rate of the options.
func optimizer(o transfer.Options, state string, update func(image, gradient, kept, rate *Node) (newImage, newKept *Node)) sl.Optimizer {
	rate := func(epoch int) float64 { return sl.LearningRate(o.Options, epoch) }
	return sl.Optimizer{
		State:        []sl.StateArray{{Name: state, Copies: 1}},
		LearningRate: rate,
		Numbers:      func(epoch int) []float64 { return []float64{rate(epoch)} },
		Update: func(image, gradient *Node, state, numbers []*Node) (*Node, []*Node) {
			image, kept := update(image, gradient, state[0], numbers[0])
			return image, []*Node{kept}
		},
	}
}
