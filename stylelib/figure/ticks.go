package figure

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/plot"
)

// roundTicks are gonum's, without the zeros that it writes behind the point: 250, not 250.00.
func roundTicks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i, tick := range ticks {
		if strings.Contains(tick.Label, ".") && !strings.Contains(tick.Label, "e") {
			ticks[i].Label = strings.TrimRight(strings.TrimRight(tick.Label, "0"), ".")
		}
	}
	return ticks
}

const labelledDecades = 7 // more labels would touch

// logTicks are those of a logarithmic axis: powers of ten have labels, every second or third if there are many; where there are
// few, so have their double and five times; and where these are few too, ticks are as on a linear axis.
func logTicks(low, high float64) []plot.Tick {
	first, last := int(math.Floor(math.Log10(low))), int(math.Ceil(math.Log10(high)))
	step := (last-first)/labelledDecades + 1
	var ticks []plot.Tick
	labelled := 0
	for exponent := first; exponent <= last; exponent++ {
		for digit := 1; digit < 10; digit++ {
			value := float64(digit) * math.Pow10(exponent)
			if value < low || value > high {
				continue
			}
			tick := plot.Tick{Value: value}
			if digit == 1 && exponent%step == 0 || last-first <= 2 && (digit == 1 || digit == 2 || digit == 5) {
				tick.Label = fmt.Sprintf("%g", value)
				labelled++
			}
			if digit == 1 || step == 1 {
				ticks = append(ticks, tick)
			}
		}
	}
	if labelled < 2 {
		return roundTicks(low, high)
	}
	return ticks
}
