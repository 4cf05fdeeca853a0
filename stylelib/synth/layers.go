package synth

import (
	"fmt"
	"strconv"
	"strings"

	sl "stylebook/stylelib"
)

// ParseLayers is [sl.ParseLayers] with a factor after a colon where a layer's is not 1: "conv1_1:2,conv2_1,10:0.5".
func ParseLayers(list string) (layers []int, weights map[int]float64, err error) {
	layers = []int{}
	for field := range strings.SplitSeq(list, ",") {
		name, factor, weighted := strings.Cut(field, ":")
		parsed, err := sl.ParseLayers(name)
		if err != nil {
			return nil, nil, err
		}
		layers = append(layers, parsed...)
		if !weighted {
			continue
		}
		weight, err := strconv.ParseFloat(strings.TrimSpace(factor), 64)
		if err != nil || !notNegative(weight) || len(parsed) != 1 {
			return nil, nil, &sl.OptionError{Option: strings.TrimSpace(field), Reason: fmt.Sprintf("%q is not a weight of at least 0", factor)}
		}
		if weights == nil {
			weights = map[int]float64{}
		}
		weights[parsed[0]] = weight
	}
	return layers, weights, nil
}
