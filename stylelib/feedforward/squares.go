package feedforward

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/model/initializer"

	"github.com/gomlx/compute/shapes"
)

// A map [n, 2h, 2w, c] is in squares as [n, h, w, 4c]: the four places of each square of 2×2 side by side. Convolutions of few channels
// are slow at full size; in squares the same ones have four times as many channels at half the height and width, with filters that are
// sums of the given one, and what is enlarged is never made.

// together brings a map into squares.
func together(x *Node) *Node {
	n, h, w, c := sizes(x)
	return Reshape(TransposeAllAxes(Reshape(x, n, h/2, 2, w/2, 2, c), 0, 1, 3, 2, 4, 5), n, h/2, w/2, 4*c)
}

// apart is the inverse of together.
func apart(x *Node) *Node {
	n, h, w, c := sizes(x)
	return Reshape(TransposeAllAxes(Reshape(x, n, h, w, 2, 2, c/4), 0, 1, 3, 2, 4, 5), n, 2*h, 2*w, c/4)
}

// enlargedConvNorm doubles height and width, each value between its two nearest, ¼ and ¾ away, and is then a convolution 3×3 with
// instance normalization. The map is mirrored before it is enlarged. The result is in squares.
func enlargedConvNorm(scope *model.Scope, x *Node, channels int) *Node {
	in := x.Shape().Dim(3)
	// shares[a][k][i] is how much of place i, before, at or after a square, there is in what the filter's row k sees from row a of it.
	shares := Const(x.Graph(), [][][]float32{{{.75, .25, 0}, {.25, .75, 0}, {0, .75, .25}}, {{.25, .75, 0}, {0, .75, .25}, {0, .25, .75}}})
	filter := Einsum("aki,klcd->ailcd", shares, filterOf(scope, x, in, channels))
	filter = Einsum("blj,ailcd->ijcabd", shares, filter)
	x = correlate(scope, mirror(x, 1, 1, 1, 1), Reshape(filter, 3, 3, in, 4*channels))
	return normalize(scope, x, channels)
}

// lastConv is a convolution 3×3 with a bias, of a map in squares; outside are the squares that mirror those inside. The result is in
// squares.
func lastConv(scope *model.Scope, x *Node, channels int) *Node {
	in := x.Shape().Dim(3) / 4
	// places[a][k][i][b] is 1 where the filter's row k sees, from row a of a square, row b of the square before, the same or the one after.
	places := Const(x.Graph(), [][][][]float32{
		{{{0, 1}, {0, 0}, {0, 0}}, {{0, 0}, {1, 0}, {0, 0}}, {{0, 0}, {0, 1}, {0, 0}}},
		{{{0, 0}, {1, 0}, {0, 0}}, {{0, 0}, {0, 1}, {0, 0}}, {{0, 0}, {0, 0}, {1, 0}}}})
	filter := Einsum("akie,klcd->aielcd", places, filterOf(scope, x, in, channels))
	filter = Einsum("bljf,aielcd->ijefcabd", places, filter)
	x = correlate(scope, mirror(x, 1, 1, 1, 1), Reshape(filter, 3, 3, 4*in, 4*channels))
	bias := scope.WithInitializer(initializer.Zero).VariableWithShape("biases", shapes.Make(x.DType(), channels)).NodeValue(x)
	return Add(x, Reshape(Concatenate([]*Node{bias, bias, bias, bias}, 0), 1, 1, 1, 4*channels))
}
