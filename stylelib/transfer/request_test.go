package transfer

import "testing"

// The longer side is the height of a tall picture and the width of another.
func TestLongerSide(t *testing.T) {
	for _, of := range [][2]int{{90, 60}, {60, 90}, {80, 80}} {
		r := Request{LongerSide: 40, Area: DefaultArea}
		height, width, err := r.Size(of[0], of[1])
		if err != nil || max(height, width) != 40 || (height > width) != (of[0] > of[1]) {
			t.Errorf("%v becomes %d × %d (height × width), %v", of, height, width, err)
		}
	}
}
