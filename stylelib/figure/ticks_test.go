package figure

import (
	"slices"
	"testing"
)

func TestTicksAreRound(t *testing.T) {
	for _, axis := range []struct {
		low, high float64
		want      []string
	}{
		{0, 500, []string{"0", "250", "500"}},
		{0, 5, []string{"0", "2.5", "5"}},
		{0, 0.05, []string{"0", "0.025", "0.05"}},
		{0, 2e10, []string{"0", "1e+10", "2e+10"}},
	} {
		var labels []string
		for _, tick := range roundTicks(axis.low, axis.high) {
			if tick.Label != "" {
				labels = append(labels, tick.Label)
			}
		}
		if !slices.Equal(labels, axis.want) {
			t.Errorf("from %g to %g: %q, not %q", axis.low, axis.high, labels, axis.want)
		}
	}
}
