package transfer

import (
	"github.com/gomlx/gomlx/core/tensors"
)

// raster is a picture [1, h, w, 3] on our side of the engine.
type raster struct {
	size
	values []float32
}

func rasterOf(picture *tensors.Tensor) (r raster, err error) {
	r.size = sizeOf(picture)
	r.values, err = tensors.CopyFlatData[float32](picture)
	return r, err
}

func (r raster) tensor() *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(r.values, 1, r.height, r.width, 3)
}

// row is row i of a part of the picture.
func (r raster) row(part rect, i int) []float32 {
	at := 3 * ((part.top+i)*r.width + part.left)
	return r.values[at : at+3*part.width()]
}

func (r raster) window(part rect) *tensors.Tensor {
	copied := raster{size{part.height(), part.width()}, make([]float32, 0, 3*part.height()*part.width())}
	for i := range part.height() {
		copied.values = append(copied.values, r.row(part, i)...)
	}
	return copied.tensor()
}

// add adds values to a part of the picture.
func (r raster) add(part rect, values []float32) {
	for i := range part.height() {
		row := r.row(part, i)
		for j := range row {
			row[j] += values[i*len(row)+j]
		}
	}
}
