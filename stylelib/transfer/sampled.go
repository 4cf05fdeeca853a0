package transfer

import (
	"math/rand/v2"

	sl "stylebook/stylelib"
	"stylebook/stylelib/conv"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// The two terms of STROTSS look at features of sampled positions, the channels of all layers side by side.
//
// Kolkin, Salavon, Shakhnarovich 2019, "Style Transfer by Relaxed Optimal Transport and Self-Similarity". Deviations: the
// value of a layer at a position is that of the map's cell there, not interpolated; positions are drawn at random, anew for
// each epoch, from the whole picture; the moment matching and colour terms that the paper adds are the terms moments and the
// colour options.

// remdTerm is the relaxed earth mover's distance with cosine distance.
var remdTerm = Term{
	Name: "remd", About: "relaxed earth mover's distance of features at sampled positions (STROTSS)", Of: StyleImages,
	Layers: styleRole, Weight: 3, Sampled: RelaxedEMD,
}

// selfSimilarityTerm goes with it in the place of the content loss.
var selfSimilarityTerm = Term{
	Name: "selfsim", About: "how alike places are to each other, instead of what they are (STROTSS)", Of: ContentImage,
	Layers: styleRole, Weight: 10, Sampled: SelfSimilarity,
}

// RelaxedEMD is the relaxed earth mover's distance of two sets of features with cosine distance.
//
//	max(mean_i min_j C_ij, mean_j min_i C_ij),  C_ij = 1 - a_i·b_j / (|a_i|·|b_j|)
//
// a is [n, c], b [m, c]; the result is a scalar. It takes memory for a few times n·m values. The gradient flows to a.
//
// Kolkin et al. 2019, eq. 6 and 7.
func RelaxedEMD(a, b *Node) *Node {
	distances := cosineDistances(a, StopGradient(b))
	return Max(ReduceAllMean(ReduceMin(distances, 1)), ReduceAllMean(ReduceMin(distances, 0)))
}

// SelfSimilarity compares how alike each two of a set of positions are in one picture and in another.
//
//	mean_ij |D_ij / Σ_i D_ij - T_ij / Σ_i T_ij|
//
// D and T are the cosine distances within a and within target, both [n, c] at the same positions; the result is a scalar. It
// takes memory for a few times n² values. The gradient flows to a.
//
// Kolkin et al. 2019, eq. 10.
func SelfSimilarity(a, target *Node) *Node {
	relative := func(x *Node) *Node {
		d := cosineDistances(x, x)
		identity := identityLike(d)
		d = Mul(d, Sub(OnesLike(identity), identity)) // a position is no distance from itself, whatever rounding says
		return Div(d, AddScalar(ExpandAxes(ReduceSum(d, 0), 0), 1e-12))
	}
	difference := Sub(relative(a), StopGradient(relative(target)))
	return ReduceAllMean(Mul(difference, StopGradient(Sign(difference))))
}

// cosineDistances returns 1 - cos of the angles between the rows of a and of b.
func cosineDistances(a, b *Node) *Node {
	unit := func(x *Node) *Node {
		return Div(x, Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceSum, 1), 1e-24)))
	}
	cosines := conv.RowProducts(unit(a), unit(b))
	return Sub(OnesLike(cosines), cosines)
}

// positions draws n rows and columns of a picture of the given size for one epoch.
func positions(seed int64, epoch int, picture uint64, n int, of size) (rows, columns *tensors.Tensor) {
	random := rand.New(rand.NewPCG(uint64(seed), uint64(epoch)<<8|picture))
	y, x := make([]int32, n), make([]int32, n)
	for i := range n {
		y[i], x[i] = int32(random.IntN(of.height)), int32(random.IntN(of.width))
	}
	return tensors.FromValue(y), tensors.FromValue(x)
}

// featuresAt returns the features of a picture at n positions, the channels of all maps side by side: [n, c].
func featuresAt(maps []*Node, layers []sl.Layer, rows, columns *Node) *Node {
	var all []*Node
	for i, features := range maps {
		h, w, c := features.Shape().Dim(1), features.Shape().Dim(2), features.Shape().Dim(3)
		cell := func(place *Node, length int) *Node {
			last := Scalar(place.Graph(), place.DType(), float64(length-1))
			return Min(Div(place, Scalar(place.Graph(), place.DType(), float64(int(1)<<layers[i].Halvings))), last)
		}
		index := Add(MulScalar(cell(rows, h), float64(w)), cell(columns, w))
		all = append(all, Gather(Reshape(features, h*w, c), ExpandAxes(index, -1)))
	}
	return Concatenate(all, 1)
}
