package transfer

import (
	"slices"

	sl "stylebook/stylelib"
	"stylebook/stylelib/conv"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// wassersteinTerm compares mean and covariance of the channels by [Wasserstein].
var wassersteinTerm = Term{
	Name: "wasserstein", About: "mean and covariance of the channels, by the Wasserstein-2 distance", Of: StyleImages,
	Layers: styleRole, Weight: NormalizedStyleWeight,
	Statistic: &Statistic{
		Relative: true,
		Sums:     func(x, counted *Node) []*Node { return []*Node{ReduceSum(counted, 0), products(counted, x)} },
		Of: func(sums []*Node, count float64) []*Node {
			mean := over(sums[0], count)
			return []*Node{mean, Sub(over(sums[1], count), Mul(ExpandAxes(mean, 1), ExpandAxes(mean, 0)))}
		},
		Loss: func(statistics, target []*Node) *Node {
			// The root of the target holds its ridge already; the image gets the same.
			root := StopGradient(target[1])
			c := root.Shape().Dim(0)
			added := MulScalar(sl.Sum(Square(root)), ridge/(1+ridge)/float64(c))
			return Wasserstein(statistics[0], Add(statistics[1], DiagonalWithValue(added, c)), target[0], root)
		},
		Target: func(statistics []Array) ([]Array, error) {
			mean, covariance := statistics[0], statistics[1]
			c := len(mean.Values)
			ridged := slices.Clone(covariance.Values)
			for i := range c {
				ridged[i*c+i] += ridge * trace(covariance) / float64(c)
			}
			root, err := squareRoot(ridged, c)
			return []Array{mean, {covariance.Dims, root}}, err
		},
		Scale: func(statistics []Array) float64 {
			return statistics[0].meanSquare() + trace(statistics[1])/float64(len(statistics[0].Values))
		},
	},
}

func trace(matrix Array) float64 {
	sum, n := 0.0, matrix.Dims[0]
	for i := range n {
		sum += matrix.Values[i*n+i]
	}
	return sum
}

// ridge is added to all variances before covariances are compared, as a multiple of the target's mean variance. Without
// it, channels that hardly vary have as much say in the gradient as the others, and only rounding decides what they say.
const ridge = 1e-3

// Wasserstein is the squared Wasserstein-2 distance of two normal distributions, divided by their dimension.
//
//	(‖m - mₜ‖² + tr(C) + tr(Cₜ) - 2·tr((R·C·R)^½)) / c,  R = Cₜ^½
//
// mean and meanTarget have shape [c], covariance and rootTarget, which is R, [c, c]; the result is a scalar. The
// gradient flows to mean and covariance only. covariance must be positive definite by more than its rounding.
//
// Olkin, Pukelsheim 1982. The gradient of the trace of a root is half the root's inverse, so that none flows through the
// iteration that finds both. R·C·R has the square of the covariances' condition, at VGG's widths 10¹⁰ and more, which
// float32 can't hold: the iteration works in float64.
func Wasserstein(mean, covariance, meanTarget, rootTarget *Node) *Node {
	c, dtype := covariance.Shape().Dim(0), covariance.DType()
	root := ConvertDType(StopGradient(rootTarget), dtypes.Float64)
	around := func(a *Node) *Node { return conv.SymmetricProduct(matMul(root, a), root) } // R·a·R
	y, z := rootAndInverse(around(ConvertDType(StopGradient(covariance), dtypes.Float64)))
	trace := ConvertDType(sl.Sum(Mul(y, identityLike(y))), dtype)
	gradient := ConvertDType(MulScalar(around(z), 0.5), dtype)
	linear := sl.Sum(Mul(StopGradient(gradient), covariance))
	trace = Add(linear, StopGradient(Sub(trace, linear)))

	distance := sl.Sum(Square(Sub(mean, StopGradient(meanTarget))))
	variances := Add(sl.Sum(Mul(covariance, identityLike(covariance))), sl.Sum(Square(StopGradient(rootTarget))))
	return DivScalar(Add(distance, Sub(variances, MulScalar(trace, 2))), float64(c))
}

func matMul(a, b *Node) *Node { return conv.MatrixProduct(a, b, a, 1, 0, 0) }

func identityLike(a *Node) *Node {
	return DiagonalWithValue(ScalarOne(a.Graph(), a.DType()), a.Shape().Dim(0))
}

// rootAndInverse returns A^½ and A^-½ of a symmetric positive definite matrix, by the coupled Newton-Schulz iteration
// (Higham 2008, eq. 6.35). Its steps make the small eigenvalues' roots half as large again, until they are right; the first
// ones take a polynomial of higher degree that makes them 3.4 times as large. z·y and its square are kept as rounding makes them: what
// isn't symmetric in them is what keeps the iteration stable.
func rootAndInverse(a *Node) (root, inverse *Node) {
	norm := AddScalar(Sqrt(sl.Sum(Square(a))), 1e-20)
	y, z := Div(a, norm), identityLike(a)
	step := func(polynomial *Node) {
		y, z = conv.SymmetricProduct(y, polynomial), conv.SymmetricProduct(polynomial, z)
	}
	for range 12 { // 3.4¹² finds roots of 4e-7 of the norm's
		t := matMul(z, y)
		step(conv.MatrixProduct(t, t, t, 2.0315, -4.7750, 3.4445))
	}
	for range 6 {
		step(conv.MatrixProduct(z, y, z, -0.5, 0, 1.5))
	}
	scale := Sqrt(norm)
	return Mul(y, scale), Div(z, scale)
}
