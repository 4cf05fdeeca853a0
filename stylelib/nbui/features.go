package nbui

import (
	"cmp"
	"fmt"
	"html"
	"math"
	"slices"

	"stylebook/stylelib/i18n"

	"github.com/gomlx/gomlx/core/tensors"
)

// featureMap holds features of a picture: c channels at each of h × w positions, row by row.
type featureMap struct {
	h, w, c int
	values  []float32
}

func featuresOf(t *tensors.Tensor) (x featureMap, err error) {
	shape := t.Shape()
	if shape.Rank() != 4 || shape.Dim(0) != 1 {
		return x, fmt.Errorf("features have the shape [1, height, width, channels], not %v", shape)
	}
	x = featureMap{h: shape.Dim(1), w: shape.Dim(2), c: shape.Dim(3)}
	x.values, err = tensors.CopyFlatData[float32](t)
	return x, err
}

// strongest are the channels whose responses have the largest mean square, the strongest first.
func (x featureMap) strongest(count int) (channels []int) {
	power := make([]float64, x.c)
	for i, v := range x.values {
		power[i%x.c] += math.Pow(max(0, float64(v)), 2)
		if i < x.c {
			channels = append(channels, i)
		}
	}
	slices.SortStableFunc(channels, func(a, b int) int { return cmp.Compare(power[b], power[a]) })
	return channels[:min(count, x.c)]
}

// only has some channels.
func (x featureMap) only(channels []int) featureMap {
	some := featureMap{h: x.h, w: x.w, c: len(channels)}
	for at := 0; at < len(x.values); at += x.c {
		for _, channel := range channels {
			some.values = append(some.values, x.values[at+channel])
		}
	}
	return some
}

// grams are the sums of the outer products of the first positions, up to each of the ends. With from, a position has the channels of
// another.
func (x featureMap) grams(ends, from []int) (sums [][]float64) {
	sum, position := make([]float64, x.c*x.c), 0
	for _, end := range ends {
		for ; position < end; position++ {
			at := position
			if from != nil {
				at = from[position]
			}
			channels := x.values[at*x.c : (at+1)*x.c]
			for i, a := range channels {
				for j, b := range channels {
					sum[i*x.c+j] += float64(a) * float64(b)
				}
			}
		}
		sums = append(sums, slices.Clone(sum))
	}
	return sums
}

// clustered orders channels so that those which go together stand side by side: the two groups whose channels have the largest mean
// cosine in the Gram matrix become one, until there is one.
func clustered(gram []float64) []int {
	c := int(math.Sqrt(float64(len(gram))))
	alike := func(a, b []int) (mean float64) {
		for _, i := range a {
			for _, j := range b {
				mean += gram[i*c+j] / math.Sqrt(max(gram[i*c+i]*gram[j*c+j], 1e-30)) / float64(len(a)*len(b))
			}
		}
		return mean
	}
	var groups [][]int
	for channel := range c {
		groups = append(groups, []int{channel})
	}
	for len(groups) > 1 {
		first, second, best := 0, 1, math.Inf(-1)
		for i := range groups {
			for j := i + 1; j < len(groups); j++ {
				if now := alike(groups[i], groups[j]); now > best {
					first, second, best = i, j, now
				}
			}
		}
		groups[first] = append(groups[first], groups[second]...)
		groups = slices.Delete(groups, second, second+1)
	}
	return groups[0]
}

// escaped is a text of a page in the language of the notebook.
func escaped(english string) string { return html.EscapeString(i18n.Said(english)) }
