package transfer

import (
	"errors"
	"sync"

	sl "stylebook/stylelib"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
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

// comparedDimensions is how many dimensions of hypercolumns of these layers are compared.
func comparedDimensions(layers []sl.Layer, channels []int, of []string) (n int) {
	for i, layer := range layers {
		if layer.In(of) {
			n += keptOf(layer, channels[i])
		}
	}
	return n
}

// momentsGraph makes of a picture the sum [c], the sum of products [c, c] and the number of hypercolumns, of each layer.
func (p *neighboursPart) momentsGraph(vgg *sl.VGG, in []*Node) (moments []*Node) {
	for _, x := range p.styleColumns(vgg, in[0]) {
		moments = append(moments, ReduceSum(x, 0), Einsum("nc,nd->cd", x, x), Const(x.Graph(), float32(x.Shape().Dim(0))))
	}
	return moments
}

// principal returns for each layer the directions [c, k] along which the hypercolumns of the picture and of the style images as they
// stand differ most, each kind from its own mean; none where all dimensions are compared.
func (p *neighboursPart) principal(picture *tensors.Tensor) ([]*tensors.Tensor, error) {
	if !projects(p.pictures.size) {
		return nil, nil
	}
	covariances := make([]*mat.SymDense, len(p.layers))
	for _, one := range append([]*tensors.Tensor{picture}, p.pictures.styles...) {
		moments, err := p.moments.Run(one)
		if err != nil {
			return nil, err
		}
		for i := range p.layers {
			if covariances[i], err = addCovariance(covariances[i], moments[3*i:3*i+3]); err != nil {
				return nil, err
			}
		}
		finalizeAll(moments)
	}
	directions, errs := make([]*tensors.Tensor, len(p.layers)), make([]error, len(p.layers))
	var all sync.WaitGroup
	for i, covariance := range covariances {
		all.Go(func() { directions[i], errs[i] = largest(covariance, keptOf(p.layers[i], covariance.SymmetricDim())) })
	}
	all.Wait()
	return directions, errors.Join(errs...)
}

// addCovariance adds the covariance that a sum, a sum of products and a number tell of.
func addCovariance(to *mat.SymDense, moments []*tensors.Tensor) (*mat.SymDense, error) {
	sum, err := tensors.CopyFlatData[float32](moments[0])
	if err != nil {
		return nil, err
	}
	products, err := tensors.CopyFlatData[float32](moments[1])
	if err != nil {
		return nil, err
	}
	n, c := float64(tensors.ToScalar[float32](moments[2])), len(sum)
	if to == nil {
		to = mat.NewSymDense(c, nil)
	}
	for i := range c {
		for j := i; j < c; j++ {
			to.SetSym(i, j, to.At(i, j)+(float64(products[i*c+j])-float64(sum[i])*float64(sum[j])/n)/n)
		}
	}
	return to, nil
}

// largest are the eigenvectors of a covariance with the k largest eigenvalues, as columns [c, k].
func largest(covariance *mat.SymDense, k int) (*tensors.Tensor, error) {
	var eigen mat.EigenSym
	if !eigen.Factorize(covariance, true) {
		return nil, errors.New("a covariance of features has no eigenvectors")
	}
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	c, _ := vectors.Dims()
	values := make([]float32, 0, c*k)
	for i := range c {
		for j := range k {
			values = append(values, float32(vectors.At(i, c-1-j)))
		}
	}
	return tensors.FromFlatDataAndDimensions(values, c, k), nil
}
