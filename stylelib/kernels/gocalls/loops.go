package gocalls

import (
	"strings"

	"github.com/gomlx/gomlx/support/exceptions"
)

// values are what nodes have, each []float32 or []float64.
type values []any

func (v values) at(i int) []float32   { return v[i].([]float32) }
func (v values) wide(i int) []float64 { return v[i].([]float64) }

// loop computes a result, the last of the values, from the others.
type loop func(v values)

// loopOf returns the loop of some name for operands and a result of some dimensions.
func loopOf(name string, of [][]int, result []int) loop {
	with := best
	kind, how, _ := strings.Cut(strings.TrimPrefix(name, "stylebook."), "+")
	switch kind {
	case "conv":
		return convLoop(how, of[0], result)
	case "products":
		g := gram{vectors: with, n: of[0][0], c: of[0][1]}
		if how == "gradient" {
			return func(v values) { g.gradient(v.at(0), v.at(1), v.at(2)) }
		}
		return func(v values) { g.products(v.at(0), v.at(1)) }
	case "matmul":
		p := matMul{with, result[0], of[0][1], result[1]}
		return func(v values) {
			b := v.at(1)
			at := func(k, o int) float32 { return b[k*p.m+o] }
			if how == "transposed" {
				at = func(k, o int) float32 { return b[o*p.k+k] }
			}
			p.compute(v.at(0), at, v.at(2))
		}
	case "symmetric":
		m := matrix{vectors: with, c: result[0], symmetric: true}
		return func(v values) { m.compute(v.wide(0), v.wide(1), nil, 1, 0, 0, v.wide(2)) }
	case "matrix":
		m := matrix{vectors: with, c: result[0]}
		return func(v values) {
			numbers := v.wide(3)
			m.compute(v.wide(0), v.wide(1), v.wide(2), numbers[0], numbers[1], numbers[2], v.wide(4))
		}
	case "relu":
		if how == "gradient" {
			return func(v values) { with.reluGradient(v.at(0), v.at(1), v.at(2)) }
		}
		return func(v values) { with.relu(v.at(0), v.at(1)) }
	case "pool":
		p := pool{vectors: with, h: of[0][1], w: of[0][2], c: of[0][3]}
		if how == "gradient" {
			return func(v values) { p.gradient(v.at(0), v.at(1), v.at(2)) }
		}
		return func(v values) { p.largest(v.at(0), v.at(1)) }
	}
	exceptions.Panicf("gocalls: there is no loop %q", name)
	return nil
}

func convLoop(how string, x, y []int) loop {
	shape := conv{vectors: best, h: x[1], w: x[2], in: x[3], oh: y[1], ow: y[2], out: y[3], relu: how == "relu+bias"}
	shape.pad = (shape.oh - shape.h + 2) / 2
	return func(v values) {
		c := shape
		c.x, c.filter, c.y = v.at(0), v.at(1), v.at(len(v)-1)
		switch how {
		case "bias", "relu+bias":
			c.bias = v.at(2)
		case "gate":
			c.gate = v.at(2)
		}
		c.compute()
	}
}
