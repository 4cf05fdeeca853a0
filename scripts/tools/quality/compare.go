package main

import (
	"fmt"
	"math"
	"slices"
)

// measures are the columns of the tables.
var measures = []struct {
	name string
	of   func(result) float64
}{
	{"style", func(r result) float64 { return r.Style }},
	{"content", func(r result) float64 { return r.Content }},
	{"texture", func(r result) float64 { return r.Texture }},
	{"structure", func(r result) float64 { return r.Structure }},
	{"patches", func(r result) float64 { return r.patches }},
	{"grain", func(r result) float64 { return r.Grain }},
	{"seconds", func(r result) float64 { return r.seconds }},
}

// of returns a contender's results, in the order of the pairs.
func of(results []result, name string) []result {
	return slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.contender.Name != name })
}

func ofPair(results []result, of pair) []result {
	return slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.pair != of })
}

// average is the geometric mean of a measure.
func average(results []result, of func(result) float64) float64 {
	sum := 0.0
	for _, r := range results {
		sum += math.Log(of(r))
	}
	return math.Exp(sum / float64(len(results)))
}

// wins counts, for each measure but the seconds, the pairs on which the champion is better than a contender.
func (p *plan) wins(results []result, c contender) (cells []string) {
	others := of(results, c.Name)
	for _, m := range measures[:len(measures)-1] {
		// How far a result is from the best: a grain of 1, or 0 of all else.
		off := func(r result) float64 {
			if m.name == "grain" {
				return math.Abs(math.Log(m.of(r)))
			}
			return m.of(r)
		}
		won := 0
		for _, other := range others {
			if off(of(ofPair(results, other.pair), p.Champion)[0]) < off(other) {
				won++
			}
		}
		cells = append(cells, fmt.Sprintf("%d of %d", won, len(others)))
	}
	return cells
}
