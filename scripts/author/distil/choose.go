package main

import (
	"context"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"gonum.org/v1/gonum/mat"
)

// choose says for each convolution which of the teacher's channels to keep.
func (t *thinner) choose(ctx context.Context) (kept [][]int32, err error) {
	var sums [][]float64
	err = t.on(ctx, (len(t.batches)+3)/4, t.pictures, t.teacher, func(in []*Node) (out []*Node) {
		taught := forward(teacherKind, in[0], in[1:], maxPool)
		for _, l := range convs(teacherKind) {
			rows := rowsOf(taught[l.Name].after)
			out = append(out, DivScalar(Einsum("pc,pd->cd", rows, rows), float64(rows.Shape().Dim(0))))
		}
		return out
	}, adder(&sums))
	for i, sum := range sums {
		block := convs(teacherKind)[i].Block
		kept = append(kept, best(mat.NewSymDense(t.teacher[2*i+1].Shape().Dim(0), sum), t.widths[block-1]))
	}
	return kept, err
}

// best chooses so many channels, one after another, each such that a linear map of those chosen gives all channels best.
// moments are the mean products of channels.
func best(moments *mat.SymDense, count int) (kept []int32) {
	n := moments.SymmetricDim()
	rest := mat.DenseCopyOf(moments) // what the chosen ones leave unexplained
	for range count {
		choice, most := -1, 0.0
		for i := range n {
			if slices.Contains(kept, int32(i)) {
				continue
			}
			gain, row := 0.0, mat.NewVecDense(n, rest.RawRowView(i))
			if own := rest.At(i, i); own > 1e-6*moments.At(i, i) {
				gain = mat.Dot(row, row) / own
			}
			if choice < 0 || gain > most {
				choice, most = i, gain
			}
		}
		kept = append(kept, int32(choice))
		if most > 0 {
			row := mat.VecDenseCopyOf(rest.RowView(choice))
			rest.RankOne(rest, -1/row.AtVec(choice), row, row)
		}
	}
	return kept
}

// teach asks the teacher about all batches.
func (t *thinner) teach(ctx context.Context, kept [][]int32) (lessons []lesson, err error) {
	common := t.teacher
	for _, k := range kept {
		common = append(slices.Clip(common), tensors.FromFlatDataAndDimensions(k, len(k), 1))
	}
	err = t.on(ctx, len(t.batches), t.pictures, common, func(in []*Node) (out []*Node) {
		taught := forward(teacherKind, in[0], in[1:][:len(t.teacher)], maxPool)
		for i, l := range convs(teacherKind) {
			channels := Gather(Transpose(taught[l.Name].before, 0, 3), in[1+len(t.teacher)+i])
			out = append(out, Transpose(channels, 0, 3))
		}
		return out
	}, func(k int, out []*tensors.Tensor) error {
		lessons = append(lessons, out)
		return nil
	})
	return lessons, err
}

// fitted says how many batches a layer of a block is fitted on: its maps have a quarter of the positions of those before.
func (t *thinner) fitted(block int) int {
	return max(1, len(t.batches)*[]int{0, 1, 2, 8, 16, 16}[block]/16)
}
