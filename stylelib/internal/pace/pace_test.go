package pace

import (
	"slices"
	"testing"
	"time"

	sl "stylebook/stylelib"
)

// After ten quick epochs of twenty the slow ones are what is left, at the pace at which the quick ones went.
func TestLeft(t *testing.T) {
	second, alike := time.Second, []time.Duration(nil)
	quickThenSlow := slices.Concat(slices.Repeat([]time.Duration{second}, 10), slices.Repeat([]time.Duration{9 * second}, 10)) // 100 s
	for name, test := range map[string]struct {
		expected []time.Duration
		begin    int
		took     time.Duration
		want     time.Duration
	}{
		"as expected":                {quickThenSlow, 0, 9 * second, 90 * second},
		"all alike":                  {alike, 0, 9 * second, 10 * second},
		"twice as slow":              {quickThenSlow, 0, 18 * second, 90 * second * 28 / 19},
		"after an earlier session":   {quickThenSlow, 5, 4 * second, 90 * second},
		"alike, another session's":   {alike, 5, 4 * second, 10 * second},
		"nothing to go by, expected": {quickThenSlow, 9, 0, 0},
	} {
		p := Pace{Epochs: 20, Begin: test.begin, Of: "epoch", Expected: test.expected}
		p.Line(sl.Record{Epoch: test.begin + 1})
		p.first = time.Now().Add(-test.took)
		if got := p.Left(10); (got - test.want).Abs() > time.Second/2 {
			t.Errorf("%s: %s left, want %s", name, got, test.want)
		}
	}
}
