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

// A logarithmic axis has at least two labels, and not so many that they touch.
func TestLogarithmicTicks(t *testing.T) {
	for _, axis := range []struct {
		low, high float64
		want      []string
	}{
		{0.01, 100, []string{"0.01", "0.1", "1", "10", "100"}},
		{0.3, 2, []string{"0.5", "1", "2"}},
		{0.0011, 0.0019, []string{"0.0012", "0.0015", "0.0018"}},
		{1e-6, 5e6, []string{"1e-06", "0.0001", "0.01", "1", "100", "10000", "1e+06"}},
	} {
		var got []string
		for _, tick := range logTicks(axis.low, axis.high) {
			if tick.Value < axis.low || tick.Value > axis.high {
				t.Errorf("from %g to %g: a tick at %g", axis.low, axis.high, tick.Value)
			}
			if tick.Label != "" {
				got = append(got, tick.Label)
			}
		}
		if !slices.Equal(got, axis.want) {
			t.Errorf("from %g to %g: %q, not %q", axis.low, axis.high, got, axis.want)
		}
	}
}
