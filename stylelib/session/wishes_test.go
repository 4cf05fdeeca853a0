package session

import (
	"testing"

	"github.com/gomlx/gomlx/core/tensors"
)

// What the losses want is down their slopes: a small step along a wish lowers its loss by the step times the wish's square.
func TestWishes(t *testing.T) {
	s := open(t, request(t))
	stage, err := s.Wishes(7, s.Content)
	if err != nil {
		t.Fatal(err)
	}
	if stage.Epoch != 7 || stage.Picture.Bounds().Dx() != 48 {
		t.Errorf("epoch %d, picture %v", stage.Epoch, stage.Picture.Bounds())
	}
	for i, v := range stage.Content {
		if v != 0 {
			t.Fatalf("the content image is what the content loss wants, but for %g at %d", v, i)
		}
	}
	o := s.Options.Options
	x := tensors.MustCopyFlatData[float32](s.Content)
	square, moved := 0.0, make([]float32, len(x))
	for _, v := range stage.Style {
		square += float64(v) * float64(v)
	}
	before, err := s.Measure(s.Content)
	if err != nil {
		t.Fatal(err)
	}
	style := func(l Losses) (sum float64) {
		for _, v := range l.Styles {
			sum += v * o.StyleWeight * o.StyleRepeat
		}
		return sum
	}
	step := 0.01 * style(before) / square // to first order a hundredth of the loss
	for i, v := range stage.Style {
		moved[i] = x[i] + float32(step)*v
	}
	after, err := s.Measure(tensors.FromFlatDataAndDimensions(moved, 1, 32, 48, 3))
	if err != nil {
		t.Fatal(err)
	}
	if fell := 1 - style(after)/style(before); fell < 0.009 || fell > 0.011 {
		t.Errorf("the style loss falls by %g of itself, want a hundredth", fell)
	}

	wide, high := 48, 32
	at := 3*(5*wide+7) + 1 // green in the middle of others
	want := 0.0
	for by, pairs := range map[int]int{3: high * (wide - 1) * 3, 3 * wide: (high - 1) * wide * 3} {
		for _, neighbour := range []int{at - by, at + by} {
			if x[neighbour] > x[at] {
				want += o.TVWeight / 2 / float64(pairs)
			} else if x[neighbour] < x[at] {
				want -= o.TVWeight / 2 / float64(pairs)
			}
		}
	}
	if want == 0 {
		t.Fatal("the neighbours pull equally")
	}
	near(t, "what TV wants of a green", float64(stage.TV[at]), want)
}
