package transfer

import (
	"errors"
	"math"
	"sync"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/floats"
)

// leastProjected is from how many places on a picture's hypercolumns are compared in fewer dimensions: with fewer, finding these takes
// as long as it saves.
const leastProjected = 1 << 12

// projects says whether the places of a picture are compared in fewer dimensions.
func projects(of size) bool { return of.halved(gridHalvings).area() >= leastProjected }

// shareKept is the share of a layer's dimensions that are compared, by how many times its map is halved. Of VGG-16 these are 527 of
// 2,688, among them those along which hypercolumns differ most: of cosines of 0.4 on average the nearest by these lose 0.003, measured
// on three pairs at 512 pixels.
var shareKept = [...]float64{3. / 8, 5. / 16, 7. / 16, 1. / 24}

// keptOf is how many dimensions of a layer are compared.
func keptOf(layer sl.Layer, channels int) int {
	return max(1, int(shareKept[min(layer.Halvings, len(shareKept)-1)]*float64(channels)))
}

// covarianceGraph makes of rows [n, c] their covariance [c, c].
func covarianceGraph(in []*Node) []*Node {
	return meanAndCovariance(in[0], nil, float64(in[0].Shape().Dim(0)))[1:2]
}

// principal returns for each layer the directions [c, k] along which the hypercolumns of the picture and of the style images as they
// stand differ most, each kind from its own mean; none where all dimensions are compared.
func (p *neighboursPart) principal(picture *tensors.Tensor) ([]*tensors.Tensor, error) {
	if !projects(p.pictures.size) {
		return nil, nil
	}
	sums := make([][]float64, len(p.layers))
	for _, one := range append([]*tensors.Tensor{picture}, p.pictures.styles...) {
		columns, err := p.collect(p.whole, one, stride(sizeOf(one).halved(gridHalvings)))
		if err != nil {
			return nil, err
		}
		for i := range columns {
			covariance, err := p.covariance.Run(columns[i].tensor(0, columns[i].rows()))
			if err != nil {
				return nil, err
			}
			if values := arrayOf(covariance[0]).Values; sums[i] == nil {
				sums[i] = values
			} else {
				floats.Add(sums[i], values)
			}
			finalizeAll(covariance)
			columns[i] = matrix{} // which may be freed
		}
	}
	directions, errs := make([]*tensors.Tensor, len(p.layers)), make([]error, len(p.layers))
	var all sync.WaitGroup
	for i, sum := range sums {
		all.Go(func() {
			c := int(math.Sqrt(float64(len(sum))))
			directions[i], errs[i] = largest(sum, c, keptOf(p.layers[i], c))
		})
	}
	all.Wait()
	return directions, errors.Join(errs...)
}

// largest are the eigenvectors of a covariance [n, n] with the k largest eigenvalues, as columns [n, k].
func largest(covariance []float64, n, k int) (*tensors.Tensor, error) {
	vectors, _, err := eigen(covariance, n)
	if err != nil {
		return nil, err
	}
	values := make([]float32, 0, n*k)
	for i := range n {
		for j := range k {
			values = append(values, float32(vectors.At(i, n-1-j)))
		}
	}
	return tensors.FromFlatDataAndDimensions(values, n, k), nil
}
