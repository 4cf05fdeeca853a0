package transfer

import (
	sl "stylebook/stylelib"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
)

// forwardSide is the side of the pieces in which features are computed where no gradient is asked for, in pixels: they are the whole
// picture's, and take the memory of a piece.
const forwardSide = 640

// forwardTiles are those pieces.
func forwardTiles(of size, layers []sl.Layer) []tile { return tilesOf(of, forwardSide, layers) }

// eachWindow runs a program on a picture, piece by piece. The program's first input is the window; in are the others, of each piece or of
// all. do gets what comes of it and may not keep it.
func eachWindow(program *sl.Program, picture *tensors.Tensor, layers []sl.Layer, in [][]*tensors.Tensor, do func(k int, t tile, out []*tensors.Tensor) error) error {
	values, err := rasterOf(picture)
	if err != nil {
		return err
	}
	for k, piece := range forwardTiles(values.size, layers) {
		out, err := runTile(program, values, piece, in[min(k, len(in)-1)])
		if err != nil {
			return err
		}
		err = do(k, piece, out)
		finalizeAll(out)
		if err != nil {
			return err
		}
	}
	return nil
}

// matrix is rows of numbers on our side of the engine.
type matrix struct {
	columns int
	values  []float32
}

func (m *matrix) rows() int { return len(m.values) / max(1, m.columns) }

func (m *matrix) row(i int) []float32 { return m.values[i*m.columns : (i+1)*m.columns] }

// tensor is a part of the rows, [to-from, columns].
func (m *matrix) tensor(from, to int) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(m.values[from*m.columns:to*m.columns], to-from, m.columns)
}

// onEngine is the matrix as the engine has it, without a copy on our side where the two share memory.
func (m *matrix) onEngine(backend compute.Backend) (*tensors.Tensor, error) {
	t, err := tensors.FromShapeForBackend(backend, 0, shapes.Make(dtypes.Float32, m.rows(), m.columns))
	if err != nil {
		return nil, err
	}
	return t, tensors.MutableFlatData(t, func(values []float32) { copy(values, m.values) })
}

// put copies a row to row i of so many.
func (m *matrix) put(i, rows int, row []float32) {
	if m.values == nil {
		m.columns, m.values = len(row), make([]float32, rows*len(row))
	}
	copy(m.row(i), row)
}

// meanOf is the mean of the rows of several.
func meanOf(all ...*matrix) []float64 {
	sum, n := make([]float64, all[0].columns), 0
	for _, m := range all {
		n += m.rows()
		for i := range m.rows() {
			for k, v := range m.row(i) {
				sum[k] += float64(v)
			}
		}
	}
	for k := range sum {
		sum[k] /= float64(n)
	}
	return sum
}
