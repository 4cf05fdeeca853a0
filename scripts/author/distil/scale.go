package main

import (
	"context"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
)

// role is what a layer is for in the chapter.
type role int

const (
	noRole role = iota
	styleRole
	contentRole
)

// roleOf says what a layer of the pupil is for, and whether it is seen before its ReLU, as the presets see the last one.
func roleOf(pupil string) (r role, before bool) {
	switch pupil {
	case "conv1_1", "conv2_1", "conv3_1", "conv4_1":
		return styleRole, false
	case "conv4_4":
		return contentRole, false
	case "conv5_1":
		return styleRole, true
	}
	return noRole, false
}

// gram is the chapter's Gram matrix of each map [n, h, w, c]: [n, c, c].
func gram(x *Node) *Node {
	d := x.Shape().Dimensions
	x = Reshape(x, d[0], d[1]*d[2], d[3])
	return DivScalar(Einsum("npc,npd->ncd", x, x), float64(d[1]*d[2]*d[3]))
}

// meanSquare averages over all axes but the first.
func meanSquare(x *Node) *Node {
	return ReduceMean(Square(Reshape(x, x.Shape().Dim(0), -1)), 1)
}

// distances are the chapter's losses between the maps of new pictures and of their partners, which are the second half.
func distances(r role, x *Node) *Node {
	if r == styleRole {
		x = gram(x)
	}
	return meanSquare(change(x))
}

// change is what the partners have that the new pictures haven't.
func change(x *Node) *Node {
	half := x.Shape().Dim(0) / 2
	return Sub(Slice(x, AxisRange(half)), Slice(x, AxisRange(0, half)))
}

// calibrate gives each layer that the chapter uses a scale with which its losses between pictures have the teacher's size, in the
// geometric mean, and returns the scales. A ReLU lets scales through: the next layer takes it back.
func (t *thinner) calibrate(ctx context.Context, all []conv) (scales []float64, err error) {
	own := parameters(all)
	var sums [][]float64
	batches := (len(t.batches) + 1) / 2
	err = t.on(ctx, batches, t.pictures, slices.Concat(own, t.teacher), func(in []*Node) (out []*Node) {
		mine := forward(pupilKind, in[0], in[1:][:len(own)], averagePool)
		theirs := forward(teacherKind, in[0], in[1+len(own):], maxPool)
		for _, l := range convs(pupilKind) {
			if r, before := roleOf(l.Name); r != noRole {
				a, b := mine[l.Name].seen(before), theirs[convs(teacherKind)[roleModel(l)].Name].seen(before)
				out = append(out, ReduceAllMean(Sub(Log(distances(r, b)), Log(distances(r, a)))))
			}
		}
		return out
	}, adder(&sums))
	if err != nil {
		return nil, err
	}
	for i, l := range convs(pupilKind) {
		r, _ := roleOf(l.Name)
		if r == noRole {
			continue
		}
		power := map[role]float64{styleRole: 4, contentRole: 2}[r]
		scale := math.Exp(sums[0][0] / float64(batches) / power)
		sums, scales = sums[1:], append(scales, scale)
		multiply(all[i].filter, scale)
		multiply(all[i].bias, scale)
		if i+1 < len(all) {
			multiply(all[i+1].filter, 1/scale)
		}
	}
	return scales, nil
}

func multiply(values []float32, by float64) {
	for i := range values {
		values[i] *= float32(by)
	}
}
