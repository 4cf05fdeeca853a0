package transfer

import (
	"math"
	"slices"
)

// sharesOfPlaces are the shares of the picture's places that the style images get; nil where each place takes the nearest of all.
func (o Options) sharesOfPlaces() []float64 {
	if o.Blend == nil {
		return nil
	}
	return o.shares(len(o.Blend))
}

// chosen decides of which style image each place takes its nearest neighbour, and returns the neighbours' numbers. Scores and numbers
// are of each style image and place. Without shares it is the one with the highest score. With shares each style image gets its share of
// the places of each region that it has: the sum of the scores is then the highest that there can be.
func chosen(scores [][]float32, numbers [][]int32, labels []int32, shares []float64) []int32 {
	n := len(scores[0])
	regions := map[int32][]int{}
	for i := range n {
		label := int32(0)
		if labels != nil {
			label = labels[i]
		}
		regions[label] = append(regions[label], i)
	}
	all := make([]int32, n)
	for _, places := range regions {
		offsets := make([]float64, len(scores))
		if shares != nil {
			offsets = balanced(scores, places, shares)
		}
		for _, i := range places {
			best, most := 0, math.Inf(-1)
			for k := range scores {
				if score := float64(scores[k][i]) + offsets[k]; score > most {
					best, most = k, score
				}
			}
			all[i] = numbers[best][i]
		}
	}
	return all
}

// balanceRounds is how often the offsets are gone through, at most.
const balanceRounds = 30

// balanced returns what is to be added to the scores of each style image so that it is the best on its share of the places. One
// without a place of the region has none.
//
// These are the prices of an optimal assignment (Bertsekas 1981, "A new algorithm for the assignment problem"), found image by image.
func balanced(scores [][]float32, places []int, shares []float64) []float64 {
	offsets, total := make([]float64, len(scores)), 0.0
	for k := range scores {
		has := slices.ContainsFunc(places, func(i int) bool { return scores[k][i] > -elsewhere/2. })
		if !has || shares[k] == 0 {
			offsets[k] = math.Inf(-1)
			continue
		}
		total += shares[k]
	}
	lead := make([]float64, len(places)) // of an image over the best of the others
	for range balanceRounds {
		moved := 0.0
		for k := range scores {
			share := shares[k] / total
			if math.IsInf(offsets[k], -1) || share == 1 {
				continue
			}
			for at, i := range places {
				other := math.Inf(-1)
				for l := range scores {
					if l != k {
						other = max(other, float64(scores[l][i])+offsets[l])
					}
				}
				lead[at] = float64(scores[k][i]) - other
			}
			slices.Sort(lead)
			wanted := min(max(int(math.Round(share*float64(len(places)))), 0), len(places))
			at := len(places) - wanted // the first of the places that it gets
			next := 0.0
			switch {
			case at == 0:
				next = 1e-6 - lead[0]
			case at == len(places):
				next = -1e-6 - lead[at-1]
			default:
				next = -(lead[at-1] + lead[at]) / 2
			}
			moved = max(moved, math.Abs(next-offsets[k]))
			offsets[k] = next
		}
		if moved < 1e-6 {
			break
		}
	}
	return offsets
}
