package tests

import (
	"html"
	"regexp"
	"strconv"
	"testing"
)

// What the notebook about later methods says of clouds of two channels.
func TestWhatCameAfterClouds(t *testing.T) {
	cells := stored(t, "what-came-after")
	same := with(t, cells, "the chapter's style loss")
	if loss, divided := same.row(t, "style loss", 0)[0], same.row(t, "divided", 0)[0]; loss != divided || loss == 0 {
		t.Errorf("the style loss is %g, the MMD %g", loss, divided)
	}

	const means, gram, all = 0, 1, 2
	const none = 0.0005
	table := with(t, cells, "settle(way.loss)")
	from := func(name string) []float64 { return table.row(t, name+"  ", 0) }
	content, byWasserstein, nearest, sliced := from("content"), from("Wasserstein"), from("nearest"), from("sliced")
	byGram := table.row(t, "Gram  ", 1) // the first is the heading
	below(t, "Gram brings the second moments, and the means not quite", byGram[gram], none, byGram[means], content[means]/10)
	below(t, "Wasserstein brings both", max(byWasserstein[means], byWasserstein[gram]), none)
	below(t, "by the kernel that sees everything both are equally far", 0.9, byGram[all]/byWasserstein[all], 1.1)
	below(t, "the nearest neighbours find the clumps", nearest[all], byWasserstein[all]/4)
	below(t, "and not the numbers; sliced does", sliced[all], none, nearest[all])

	adain := with(t, cells, "moved := adain").row(t, "AdaIN", 0)
	below(t, "by AdaIN the means agree, the Gram matrices don't quite", adain[means], none, adain[gram], content[gram]/20)
}

// What it says of pictures.
func TestWhatCameAfterPictures(t *testing.T) {
	cells := stored(t, "what-came-after")
	shown := with(t, cells, "its colours by AdaIN").pictures[0]
	before, after := panel(shown, 0, large), panel(shown, 1, large)
	below(t, "colours change, strokes don't come", 0.95, after.correlation(before))
}

// What it says of two channels of a real network.
func TestWhatCameAfterRealClouds(t *testing.T) {
	page := html.UnescapeString(with(t, stored(t, "what-came-after"), "nbui.ShowClouds(").page)
	var left [][2]float64
	for _, match := range regexp.MustCompile(`share of the first distance: Gram ([\d.]+), Wasserstein ([\d.]+)"`).FindAllStringSubmatch(page, -1) {
		gram, _ := strconv.ParseFloat(match[1], 64)
		wasserstein, _ := strconv.ParseFloat(match[2], 64)
		left = append(left, [2]float64{gram, wasserstein})
	}
	if len(left) != 8 {
		t.Fatalf("%d of 4 epochs of 2 trainings: %v", len(left), left)
	}
	for _, last := range [][2]float64{left[3], left[7]} {
		below(t, "about a tenth is left, or less", max(last[0], last[1]), 0.12)
	}
	if nearer := func(epoch int) bool { return left[epoch][1] < left[4+epoch][1] }; nearer(2) == nearer(3) {
		t.Errorf("which is closer does not change: %v", left)
	}
}
