package transfer_test

import (
	"image"
	"testing"

	"stylebook/stylelib/transfer"
)

// Pictures in memory make the same run as long as their pixels are the same.
func TestPicturesInMemoryAreARun(t *testing.T) {
	key := func(content, style image.Image) string {
		r := small(t).With(transfer.Pictures{Content: content, Styles: []image.Image{style}})
		return specOf(t, r).Key()
	}
	one, other := key(waves(40, 60, 1), waves(50, 50, 3)), key(waves(40, 60, 1), waves(50, 50, 4))
	if again := key(waves(40, 60, 1), waves(50, 50, 3)); one != again || one == other {
		t.Errorf("keys %s, %s, another picture's %s", one, again, other)
	}
}
