package tests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stylebook/stylelib/feedforward"
)

// What the notebook about a network that paints says of the library's.
func TestPaintingNetworkNumbers(t *testing.T) {
	o := feedforward.Default()
	all, style := 0, 0
	for name, shape := range o.Shapes() {
		size := 1
		for _, n := range shape {
			size *= n
		}
		all += size
		if strings.HasSuffix(name, "/scale") || strings.HasSuffix(name, "/offset") {
			style += size
		}
	}
	below(t, "422,000 numbers of two bytes each", 421_500, float64(all), 422_500)
	if o.Style != 3 || o.TV != 0.05 || o.Steady != 100 {
		t.Errorf("the formula has other weights than %+v", o.Weights)
	}
	photographs, err := filepath.Glob("../../data/photographs/*.jpg")
	if err != nil || len(photographs) != 11 {
		t.Errorf("%d photographs: one is not seen, ten are: %v", len(photographs), err)
	}
	counted := with(t, stored(t, "a-network-instead-of-an-image"), "maps.Copy")
	network, changed := counted.row(t, "numbers of the network:", 0)[0], counted.row(t, "of them for the style:", 0)[0]
	if network != float64(all) || changed != float64(style) || all != 421_715 || style != 1568 {
		t.Errorf("%g and %g numbers where there are %d and %d", network, changed, all, style)
	}
}

// The networks that are shown beside the notebook's own were trained for much longer.
func TestPaintingNetworksThatShip(t *testing.T) {
	networks, err := filepath.Glob("../../data/networks/*.safetensors")
	if err != nil || len(networks) == 0 {
		t.Skip("no network is here")
	}
	painted := with(t, stored(t, "a-network-instead-of-an-image"), "painter.Paint(photograph)")
	for _, path := range networks {
		row := painted.row(t, filepath.Base(path)+", of", 0)
		below(t, "many more steps than 300, and a picture in a pass", 1500, row[0])
		below(t, "a picture takes a pass", row[1], 1)
		if info, err := os.Stat(path); err != nil || info.Size() < 840_000 || info.Size() >= 850_000 {
			t.Errorf("%s: 0.85 MB: %v", path, err)
		}
	}
}

// The loss's two parts, and the mean in the Gram matrix.
func TestPaintingNetworkLoss(t *testing.T) {
	cell := with(t, stored(t, "a-network-instead-of-an-image"), "chapters :=")
	for _, layer := range feedforward.Taps().StyleLayers {
		row := cell.row(t, layer, 0)
		below(t, layer+": without the means the matrix has about half of its size", 35, row[0], 60)
		below(t, layer+": most of the chapter's loss is gone, more than half of ours is left", row[1], 50, row[2])
	}
}

// What its trainings show.
func TestPaintingNetworkTrainings(t *testing.T) {
	cells := stored(t, "a-network-instead-of-an-image")
	style := func(words string) float64 { return with(t, cells, words).row(t, "style loss at the end:", 0)[0] }
	own := style("live := nbui.NewLive")
	below(t, "the library's network differs a little", with(t, cells, "live := nbui.NewLive").row(t, "is off by", 0)[0], 3)
	below(t, "the style loss falls lower without steady", style("o.Steady = 0"), own)
	below(t, "and less low without blocks", 1.05*own, style("blocks = 0"))

	flicker := with(t, cells, "flicker of")
	below(t, "with steady it flickers less", 1.2*flicker.row(t, "steady.safetensors ", 0)[0], flicker.row(t, "unsteady.safetensors ", 0)[0])

	contrast := with(t, cells, "normalize = batchNorm")
	below(t, "instance normalization takes the contrast away, batch normalization doesn't",
		contrast.row(t, "instance ", 0)[0], 1, contrast.row(t, "batch ", 0)[0]/10)

	below(t, "its style loss ends higher", own, style("normalize = batchNorm"))
	transposed := with(t, cells, "double = zerosBetween")
	enlarged, zeros := transposed.row(t, "enlarged ", 0), transposed.row(t, "transposed ", 0)
	for i, period := range []string{"two", "four"} {
		below(t, "a transposed convolution leaves dots every "+period+" pixels", 3*enlarged[i], zeros[i])
	}
}
