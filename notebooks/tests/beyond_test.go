package tests

import (
	"testing"

	sl "stylebook/stylelib"
)

// What beyond the chapter says of feature maps, Gram matrices and the ReLU.
func TestBeyondFeatures(t *testing.T) {
	cells := stored(t, "beyond")
	maps := with(t, cells, "strongest(styles[i], 3)").pictures[0]
	areas := func(place int) float64 {
		return mapPanel(maps, place).shrunk(8).centred().rms() / mapPanel(maps, place).centred().rms()
	}
	for column := range 3 {
		below(t, "conv1_1 follows edges, conv5_1 responds to areas", areas(column), 0.75, 0.9, areas(3+column))
	}
	off := with(t, cells, "scattered(style)").row(t, "at most", 0)[0]
	below(t, "the Gram matrix forgets places", off, 1e-6)

	list := with(t, cells, "after the ReLU")
	for i, layer := range sl.Default().StyleLayers {
		after, before := list.row(t, "  "+layer, 0), list.row(t, "  "+layer, 1) // mean, zeros, negative entries
		if i == len(sl.Default().StyleLayers)-1 {
			if after[0] != before[0] || after[1] != before[1] || after[2] != before[2] {
				t.Errorf("%s: the last layer has no ReLU: %v, %v", layer, after, before)
			}
			continue
		}
		below(t, layer+": half to four fifths are 0", 45, after[1], 85)
		if after[2] != 0 {
			t.Errorf("%s has negative entries after its ReLU: %v", layer, after)
		}
		below(t, layer+": negative entries before the ReLU", 0, before[2])
		below(t, layer+": the mean before and after", before[0], 0, after[0])
	}
	after, before, photo := panel(list.pictures[0], 0, large).shrunk(8), panel(list.pictures[0], 1, large).shrunk(8), panel(photograph(t), 0, large).shrunk(8)
	below(t, "the two pictures are alike, and the scene is in both", 0.9, min(after.correlation(before), after.correlation(photo), before.correlation(photo)))
}

// Content alone, and style alone.
func TestBeyondReconstructions(t *testing.T) {
	cells := stored(t, "beyond")
	photo := panel(photograph(t), 0, large)
	content := with(t, cells, `"conv3_2"`)
	off := func(layer string) float64 { return content.row(t, "from "+layer, 0)[0] }
	below(t, "the error grows with depth", off("conv1_2"), 8, off("conv3_2"), off("conv4_last"))
	shallow, middle, deep := panel(content.pictures[0], 0, large), panel(content.pictures[0], 1, large), panel(content.pictures[0], 2, large)
	below(t, "detail goes with depth", deep.detail(8).correlation(photo.detail(8)), 0.05, 0.5, middle.detail(8).correlation(photo.detail(8)),
		0.98, shallow.detail(8).correlation(photo.detail(8)))

	style := with(t, cells, `"up to "`)
	length := func(layer string) float64 {
		return style.row(t, "up to "+layer+": the correlation falls to a half in", 0)[0]
	}
	below(t, "three blocks give larger strokes than two", 1.6*length("conv2_1"), length("conv3_1"))
	below(t, "five blocks give no larger ones", 0.9, length("conv5_1")/length("conv3_1"), 1.1)
	const radius = 14
	two, three, five := panel(style.pictures[0], 0, small), panel(style.pictures[0], 1, small), panel(style.pictures[0], 2, small)
	below(t, "deep layers make swirls", two.swirl(radius), three.swirl(radius), 0.55, five.swirl(radius))
	for place := range 3 {
		scene := panel(style.pictures[0], place, large).correlation(photo)
		below(t, "the scene doesn't come back", scene*scene, 0.01)
		below(t, "the arrangement does, from content", 0.2, deep.shrunk(8).correlation(photo.shrunk(8)))
	}
}

// Coarse to fine, and the loss that takes the colour out.
func TestBeyondTrainings(t *testing.T) {
	cells := stored(t, "beyond")
	scales := with(t, cells, "fine.Options.Scales").pictures[0]
	small, alone, both := panel(scales, 0, large), panel(scales, 1, large), panel(scales, 2, large)
	below(t, "strokes of the large picture are finer, seen in the scene", alone.strokes(), 0.85*small.strokes())
	alike := func(a, b grey) float64 { return a.shrunk(4).detail(4).correlation(b.shrunk(4).detail(4)) }
	below(t, "small, then large has the small one's lines", alike(small, alone)+0.1, alike(small, both))
	below(t, "it has hardly more noise", both.noise(), 1.2*alone.noise())

	own := with(t, cells, "grey.Options.Add").row(t, "blue differ by", 0)
	below(t, "the term takes most of the colour", own[1], own[0]/3)
}
