package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// measure is a number of a result.
type measure func(result) float64

func style(r result) float64      { return r.Style }
func content(r result) float64    { return r.Content }
func texture(r result) float64    { return r.Texture }
func structured(r result) float64 { return r.Structure }
func grain(r result) float64      { return r.Grain }
func seconds(r result) float64    { return r.seconds }

// of returns a contender's results with a value of its dial, in the order of the pairs.
func of(results []result, name, value string) []result {
	return slices.DeleteFunc(named(results, name), func(r result) bool { return r.value != value })
}

func named(results []result, name string) []result {
	return slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.contender.Name != name })
}

func ofPair(results []result, of pair) []result {
	return slices.DeleteFunc(slices.Clone(results), func(r result) bool { return r.pair != of })
}

// average is the geometric mean of a measure.
func average(results []result, of measure) float64 {
	sum := 0.0
	for _, r := range results {
		sum += math.Log(of(r))
	}
	return math.Exp(sum / float64(len(results)))
}

// wins counts the pairs on which the champion is better than a contender.
func (p *plan) wins(results []result, c contender) (cells []string) {
	var won [3]int
	pairs := 0
	for _, pair := range p.Pairs {
		all := ofPair(results, pair)
		others := of(all, c.Name, c.middle())
		if len(others) == 0 {
			continue
		}
		pairs++
		other, curve := others[0], named(all, p.Champion)
		best := of(all, p.Champion, p.find(p.Champion).middle())[0]
		for i, better := range []bool{lowest(curve, content, style, other.Content) < other.Style,
			lowest(curve, structured, texture, other.Structure) < other.Texture,
			math.Abs(math.Log(best.Grain)) < math.Abs(math.Log(other.Grain))} {
			if better {
				won[i]++
			}
		}
	}
	for _, n := range won {
		cells = append(cells, fmt.Sprintf("%d of %d", n, pairs))
	}
	return cells
}

// lowest is the least y that a curve reaches where x is at most at: that of its points there, and of the line between the last
// of them and the next, straight in logarithms. Where the curve has no such point it is infinite.
func lowest(curve []result, x, y measure, at float64) float64 {
	curve = slices.SortedFunc(slices.Values(curve), func(a, b result) int { return cmp.Compare(x(a), x(b)) })
	least := math.Inf(1)
	for i, r := range curve {
		if x(r) <= at {
			least = min(least, y(r))
		} else if i > 0 && x(curve[i-1]) <= at {
			before := curve[i-1]
			t := math.Log(at/x(before)) / math.Log(x(r)/x(before))
			least = min(least, math.Exp((1-t)*math.Log(y(before))+t*math.Log(y(r))))
		}
	}
	return least
}

func bracketed(v float64) string {
	if math.IsInf(v, 1) {
		return " (–)"
	}
	return fmt.Sprintf(" (%.3f)", v)
}
