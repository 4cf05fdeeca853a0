package transfer

import (
	"slices"

	"stylebook/stylelib/conv"
	"stylebook/stylelib/ops"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"gonum.org/v1/gonum/mat"
)

// wassersteinTerm compares mean and covariance of the channels by [Wasserstein].
var wassersteinTerm = Term{
	Name: "wasserstein", About: "mean and covariance of the channels, by the Wasserstein-2 distance", Of: StyleImages,
	Layers: styleRole, Weight: NormalizedStyleWeight,
	Statistic: &Statistic{
		Relative:  true,
		transport: true,
		Sums:      func(x, counted *Node) []*Node { return []*Node{ReduceSum(counted, 0), products(counted, x)} },
		Of: func(sums []*Node, count float64) []*Node {
			mean := divideBy(sums[0], count)
			return []*Node{mean, Sub(divideBy(sums[1], count), Mul(ExpandAxes(mean, 1), ExpandAxes(mean, 0)))}
		},
		Few: meanAndCovariance,
		Loss: func(statistics, target []*Node) *Node {
			covariance, _ := ridged(statistics, target[1])
			return Wasserstein(statistics[0], covariance, target[0], target[1])
		},
		Target: func(statistics []Array) ([]Array, error) {
			mean, covariance := statistics[0], statistics[1]
			c := len(mean.Values)
			spread := trace(covariance)
			more := max(ridge*spread/float64(c), noise*(spread+float64(c)*mean.meanSquare()))
			wider := slices.Clone(covariance.Values)
			for i := range c {
				wider[i*c+i] += more
			}
			root, err := factor(wider, c)
			return []Array{mean, {covariance.Dims, root}}, err
		},
		Scale: func(statistics []Array) float64 {
			return statistics[0].meanSquare() + trace(statistics[1])/float64(len(statistics[0].Values))
		},
	},
}

// meanAndCovariance are those of features [n, c]: what is made of their sums too, but here no square of the mean is taken from
// mean squares, beside which the variances of few positions are small.
func meanAndCovariance(x, share *Node, count float64) []*Node {
	counted := func(x *Node) *Node {
		if share == nil {
			return x
		}
		return Mul(x, share)
	}
	mean := divideBy(ReduceSum(counted(x), 0), count)
	centred := Sub(x, ExpandAxes(mean, 0))
	return []*Node{mean, divideBy(products(counted(centred), centred), count)}
}

func trace(matrix Array) float64 {
	sum, n := 0.0, matrix.Dims[0]
	for i := range n {
		sum += matrix.Values[i*n+i]
	}
	return sum
}

const (
	// ridge is added to all variances before covariances are compared, as a multiple of the target's mean variance. Without
	// it, channels that hardly vary have as much say in the gradient as the others, and only rounding decides what they say.
	ridge = 1e-3

	// noise bounds, as a multiple of the sum of the channels' mean squares, what rounding to float32 makes of a covariance that
	// is 0: in a region of one position, say. No less is added to the variances, so that none is negative.
	noise = 3e-7
)

// ridged returns the covariance of statistics with what is added to its variances, and that number. root is the target's factor,
// which holds a ridge already; the image gets the same.
func ridged(statistics []*Node, root *Node) (covariance, added *Node) {
	mean, covariance := statistics[0], statistics[1]
	c := root.Shape().Dim(0)
	added = MulScalar(ops.ReduceAllSum(Square(root)), ridge/(1+ridge)/float64(c))
	squares := Add(ops.ReduceAllSum(Square(mean)), ops.ReduceAllSum(Mul(covariance, identityLike(covariance))))
	added = StopGradient(Max(added, MulScalar(squares, noise)))
	return Add(covariance, DiagonalWithValue(added, c)), added
}

// factor returns R with R·Rᵀ = A of a symmetric positive semidefinite matrix [n, n]: Cholesky's lower triangle, or where rounding
// has made A singular, its root.
func factor(values []float64, n int) ([]float64, error) {
	var cholesky mat.Cholesky
	if !cholesky.Factorize(mat.NewSymDense(n, slices.Clone(values))) {
		return squareRoot(values, n)
	}
	var lower mat.TriDense
	cholesky.LTo(&lower)
	root := make([]float64, n*n)
	for i := range n {
		for j := range i + 1 {
			root[i*n+j] = lower.At(i, j)
		}
	}
	return root, nil
}

// Wasserstein is the squared Wasserstein-2 distance of two normal distributions, divided by their dimension.
//
//	(‖m - mₜ‖² + tr(C) + tr(Cₜ) - 2·tr((Rᵀ·C·R)^½)) / c,  R·Rᵀ = Cₜ
//
// mean and meanTarget have shape [c], covariance and rootTarget, which is R, [c, c]; the result is a scalar. The
// gradient flows to mean and covariance only. covariance must be positive definite by more than its rounding.
//
// Olkin, Pukelsheim 1982. The gradient of the trace of a root is half the root's inverse, so that none flows through the
// iteration that finds both. Rᵀ·C·R has the square of the covariances' condition, at VGG's widths 10¹⁰ and more, which
// float32 can't hold: the iteration works in float64.
func Wasserstein(mean, covariance, meanTarget, rootTarget *Node) *Node {
	trace, gradient := traceOfRoot(covariance, rootTarget)
	linear := ops.ReduceAllSum(Mul(gradient, covariance))
	trace = Add(linear, StopGradient(Sub(trace, linear)))

	distance := ops.ReduceAllSum(Square(Sub(mean, StopGradient(meanTarget))))
	variances := Add(ops.ReduceAllSum(Mul(covariance, identityLike(covariance))), ops.ReduceAllSum(Square(StopGradient(rootTarget))))
	return DivScalar(Add(distance, Sub(variances, MulScalar(trace, 2))), float64(covariance.Shape().Dim(0)))
}

// traceOfRoot returns tr((Rᵀ·C·R)^½), and its derivative with respect to C, ½·R·(Rᵀ·C·R)^-½·Rᵀ. No gradient flows through them.
func traceOfRoot(covariance, rootTarget *Node) (trace, derivative *Node) {
	y, z, norm := startRoots(covariance, rootTarget)
	for _, p := range polynomials {
		y, z = stepRoots(y, z, func(t *Node) *Node { return conv.MatrixProduct(t, t, t, p[2], p[1], p[0]) })
	}
	trace = Mul(ops.ReduceAllSum(Mul(y, identityLike(y))), Sqrt(norm))
	return StopGradient(ConvertDType(trace, covariance.DType())), MulScalar(transportOf(z, norm, rootTarget), 0.5)
}

func matMul(a, b *Node) *Node { return conv.MatrixProduct(a, b, a, 1, 0, 0) }

func identityLike(a *Node) *Node {
	return DiagonalWithValue(ScalarOne(a.Graph(), a.DType()), a.Shape().Dim(0))
}

// startRoots begins the iteration that finds (A/norm)^½ and (A/norm)^-½ of A = Rᵀ·C·R: with A/norm and 1, in float64. norm is A's
// Frobenius norm.
//
// It is the coupled Newton-Schulz iteration (Higham 2008, eq. 6.35) with polynomials of degree five in place of three, as in
// Amsel, Persson, Musco, Gower 2025, "The Polar Express": each brings the roots of all eigenvalues as near to 1 as such a
// polynomial can.
func startRoots(covariance, rootTarget *Node) (y, z, norm *Node) {
	covariance, root := ConvertDType(StopGradient(covariance), dtypes.Float64), ConvertDType(StopGradient(rootTarget), dtypes.Float64)
	a := conv.SymmetricProduct(matMul(Transpose(root, 0, 1), covariance), root)
	norm = AddScalar(Sqrt(ops.ReduceAllSum(Square(a))), 1e-200)
	return Div(a, norm), identityLike(a), norm
}

// stepRoots is one step; polynomial makes a + b·t + c·t² of t. z·y is kept as rounding makes it: what isn't symmetric in it is
// what keeps the iteration stable.
func stepRoots(y, z *Node, polynomial func(t *Node) *Node) (newY, newZ *Node) {
	p := polynomial(matMul(z, y))
	return conv.SymmetricProduct(y, p), conv.SymmetricProduct(p, z)
}

// transportOf makes G = R·A^-½·Rᵀ of (A/norm)^-½, in the type of R.
func transportOf(z, norm, rootTarget *Node) *Node {
	root := ConvertDType(StopGradient(rootTarget), dtypes.Float64)
	g := conv.SymmetricProduct(matMul(root, Div(z, Sqrt(norm))), Transpose(root, 0, 1))
	return StopGradient(ConvertDType(g, rootTarget.DType()))
}

// polynomials are a, b and c of x ↦ a·x + b·x³ + c·x⁵ that bring x from 1e-6 to 1 to 1 within 1e-12.
var polynomials = [][3]float64{
	{8.5142580824550578, -25.281575954766751, 18.767309358053609},
	{4.2570751967274427, -3.160166288472384, 0.58647676586889597},
	{4.2568278712874488, -3.1599952222165468, 0.58645725278399374},
	{4.2557753676593668, -3.1592672143845126, 0.58637421090787123},
	{4.2513019058274946, -3.1561724466233638, 0.58602120083998221},
	{4.2323874701067821, -3.1430781183612679, 0.58452760483189792},
	{4.1541563805752206, -3.0887579580661368, 0.57833223561558711},
	{3.8583591588450075, -2.8808253054211703, 0.55463163412612448},
	{3.0495983995227425, -2.284988803856788, 0.48706082742570256},
	{2.1120559374183672, -1.4938364726662927, 0.40010250263757241},
	{1.8783836569506636, -1.2537545015170726, 0.3753756481422359},
	{1.8750000145694485, -1.2500000171145924, 0.37500000254514382},
}
