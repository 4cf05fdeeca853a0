package tests

import (
	"fmt"
	"image"
	"math"
	"slices"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/figure"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"

	"github.com/gomlx/gomlx/core/tensors"
)

// The width of pictures in most notebooks, and of larger ones as they are drawn.
const small, large = 225, 388

// photograph is our content image at that size, drawn as the notebooks draw pictures.
func photograph(t *testing.T) image.Image {
	t.Helper()
	picture, err := sl.ReadImage("../../data/content.jpg")
	if err != nil {
		t.Fatal(err)
	}
	x, err := sl.Preprocess(picture, small*2/3, small, sl.AntialiasBilinear)
	if err != nil {
		t.Fatal(err)
	}
	back, err := sl.Postprocess(x)
	if err != nil {
		t.Fatal(err)
	}
	return figure.Pictures(figure.Picture{Title: "content", Image: back})
}

// below fails unless each value is smaller than the next.
func below(t *testing.T, claim string, values ...float64) {
	t.Helper()
	for i := 1; i < len(values); i++ {
		if !(values[i-1] < values[i]) {
			t.Errorf("%s: %.4g must each be below the next", claim, values)
		}
	}
}

// The chapter's result, and its last section.
func TestChapter(t *testing.T) {
	cells := stored(t, "style-transfer")
	both := with(t, cells, "r.Options.Normalize()")
	distance := func(picture string) []float64 { return both.row(t, picture, 0) }
	before, chapters, relative := distance("content image"), distance("the chapter's losses"), distance("relative losses")
	below(t, "the chapter's weights: conv5_1 is nearly there, conv1_1 has more than two fifths to go", chapters[4], before[4]/40, before[0]*2/5, chapters[0], before[0])
	below(t, "relative losses bring conv1_1 below 3 %, the others below 1 %", slices.Max(relative[1:]), 1, relative[0], 3)

	shown := with(t, cells, "nbui.ShowBeforeAfter(").pictures[0]
	content, result := panel(shown, 0, large), panel(shown, 1, large)
	below(t, "the scene is kept", 0.7, result.shrunk(8).correlation(content.shrunk(8)))
	detail := func(g grey, from, to float64) float64 { return g.part(from, to).detail(4).rms() }
	below(t, "the sky breaks up", detail(content, 0, 0.15), detail(result, 0, 0.15))
	below(t, "the forest becomes soft", detail(result, 0.4, 0.6), detail(content, 0.4, 0.6)/1.5)
	below(t, "the meadow becomes soft", detail(result, 0.85, 1), detail(content, 0.85, 1)/2)

	compared := both.pictures[len(both.pictures)-1]
	own, painted := panel(compared, 0, large), panel(compared, 1, large)
	below(t, "dots fill the forest", 1.5*detail(own, 0.4, 0.6), detail(painted, 0.4, 0.6))
	below(t, "dots fill the meadow", 2*detail(own, 0.85, 1), detail(painted, 0.85, 1))
	below(t, "it follows the photograph a little less closely", own.correlation(content)-0.05, painted.correlation(content), own.correlation(content))
}

var shallow, five, deep = "conv1_1 conv2_1 ", "conv1_1 conv2_1 conv3_1 conv4_1 conv5_1 ", "conv4_1 conv5_1 "

// Answers 1 to 4 of exercise 1.
func TestExercise1(t *testing.T) {
	cells := stored(t, "exercise-1-solution")

	weights := with(t, cells, "equal := make")
	shares, equal, fair := map[string]float64{}, map[string]float64{}, map[string]float64{}
	for _, layer := range sl.Default().StyleLayers {
		row := weights.row(t, "  "+layer, 0)
		shares[layer], equal[layer] = row[0], row[1]
		fair[layer] = weights.row(t, "  "+layer, 1)[1]
		below(t, "fair weights lower each loss to less than a tenth", fair[layer], 10)
	}
	below(t, "conv1_1 hardly counts, conv5_1 has nine tenths", shares["conv1_1"], 1, 85, shares["conv5_1"], 95)
	below(t, "conv1_1 and conv2_1 end further from the painting", 100, min(equal["conv1_1"], equal["conv2_1"]))
	below(t, "equal weights leave the picture rough", panel(weights.pictures[0], 1, small).noise(), panel(weights.pictures[0], 0, small).noise())

	grid := with(t, cells, "both := o.StyleRepeat")
	pictures, photo := grid.pictures[0], photograph(t)
	off := func(place, width int) float64 {
		return panel(pictures, place, width).less(panel(photo, 0, width)).rms()
	}
	noise := func(place int) float64 { return panel(pictures, place, small).noise() }
	for column := range 3 {
		below(t, "conv2_2 keeps more of the photograph", off(column, small), off(column+3, small))
	}
	losses := with(t, cells, `fmt.Printf("content loss at`)
	before := 0.0
	for _, layer := range sl.Default().StyleLayers {
		before += sl.Default().StyleWeight * losses.row(t, "style loss at   "+layer, 0)[0]
	}
	var all []float64
	for row, content := range []string{"conv2_2    ", "conv4_last "} {
		style := func(choice string) float64 { return grid.row(t, content+choice+"  ", 0)[1] }
		below(t, "shallow layers hardly lower the style loss", 0.75*before, style(shallow), before)
		below(t, "all five have the smallest style loss", style(five), min(style(shallow), style(deep)))
		below(t, "shallow layers bring the palette: areas change", off(3*row+2, small/4), off(3*row, small/4))
		below(t, "deep layers alone leave noise", max(noise(3*row), noise(3*row+1)), noise(3*row+2))
		all = append(all, style(five))
	}
	below(t, "the style loss is smaller beside conv2_2", all[0], all[1])
	below(t, "beside conv2_2 the deep layers lower the style loss", grid.row(t, "conv2_2    "+deep+"  ", 0)[1], before/5)
	below(t, "beside conv4_last it ends several times as large", 3*before, grid.row(t, "conv4_last "+deep+"  ", 0)[1])
	below(t, "beside conv4_last noise covers the picture, beside conv2_2 the forest",
		panel(pictures, 2, small).part(0, 0.3).noise(), panel(pictures, 2, small).part(0.3, 0.6).noise(), panel(pictures, 5, small).part(0, 0.3).noise())
}

// What exercise 1 says of the losses that it stores.
func TestExercise1Losses(t *testing.T) {
	losses, o := with(t, stored(t, "exercise-1"), `fmt.Printf("content loss at`), sl.Default()
	style := 0.0
	for _, layer := range o.StyleLayers {
		style += o.StyleRepeat * o.StyleWeight * losses.row(t, "style loss at   "+layer, 0)[0]
	}
	below(t, "by the chapter's weights the content has a tenth", 0.08, o.ContentWeight*losses.row(t, "content loss at conv4_last", 0)[0]/style, 0.12)
}

// tiny is a narrow VGG-16 with random filters, on the engine that needs nothing, and two pictures that differ everywhere.
func tiny(t *testing.T, o transfer.Options) (extractor *sl.Extractor, content, style *tensors.Tensor) {
	t.Helper()
	e, err := engine.Open("go")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	net, err := weights.Random(1, sl.VGG16, [5]int{4, 4, 8, 8, 8}, "conv5_1")
	if err != nil {
		t.Fatal(err)
	}
	if extractor, err = transfer.NewExtractor(e.Backend, net, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(extractor.Finalize)
	picture := func(period int) *tensors.Tensor {
		values := make([]float32, 32*48*3)
		for i := range values {
			values[i] = float32(i*i%period)/float32(period)*4 - 2
		}
		return tensors.FromFlatDataAndDimensions(values, 1, 32, 48, 3)
	}
	return extractor, picture(97), picture(61)
}

// Question and answer 5 of exercise 1.
func TestExercise1Question5(t *testing.T) {
	features := func(layers []string) (content []float32, styles [][]float32) {
		o := transfer.Default()
		o.StyleLayers = layers
		extractor, picture, _ := tiny(t, o)
		contents, err := sl.GetContents(extractor, picture, o.Options)
		if err != nil {
			t.Fatal(err)
		}
		found, err := sl.GetStyles(extractor, picture, o.Options)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			styles = append(styles, tensors.MustCopyFlatData[float32](f))
		}
		return tensors.MustCopyFlatData[float32](contents[0]), styles
	}
	layers := sl.Default().StyleLayers
	content, styles := features(layers)
	cut, cutStyles := features(layers[:4])
	if slices.Min(content) < 0 || slices.Min(cut) >= 0 {
		t.Error("conv4_last must be seen after its ReLU with conv5_1, before it without")
	}
	for i := range cutStyles {
		if !slices.Equal(styles[i], cutStyles[i]) {
			t.Errorf("%s changed", layers[i])
		}
	}
}

// Answers 1 to 4 of exercise 2.
func TestExercise2(t *testing.T) {
	table := with(t, stored(t, "exercise-2-solution"), "plot := figure.Chart")
	at := func(row string) (content, style, noise float64) {
		values := table.row(t, row+" ", 0)
		return values[0], values[1], values[2]
	}
	near := func(claim string, a, b float64) { below(t, claim, 0.8, a/b, 1.25) }

	content, style, noise := at("content        10")
	otherContent, otherStyle, otherNoise := at("style         0.1")
	near("ten times the content, a tenth of the style: content", content, otherContent)
	near("ten times the content, a tenth of the style: style", style, otherStyle)
	near("half the noise", 2*otherNoise, noise)

	c, s, n := map[string]float64{}, map[string]float64{}, map[string]float64{}
	for name, row := range map[string]string{"C.01": "content      0.01", "C.1": "content       0.1", "C1": "content         1", "C10": "content        10",
		"C100": "content       100", "S10": "style          10", "S100": "style         100", "T.01": "TV           0.01", "T.1": "TV            0.1",
		"T1": "TV              1", "T10": "TV             10", "T100": "TV            100"} {
		c[name], s[name], n[name] = at(row)
	}
	below(t, "content loss falls with its weight", c["C100"], c["C10"], c["C1"], c["C.1"])
	below(t, "style loss pays for it", s["C.1"], s["C1"], s["C10"], s["C100"])
	below(t, "the flat end: a hundredth of the content weight", c["C.1"], c["C.01"])
	below(t, "the flat end: a hundredth of the content weight", s["C.1"], s["C.01"])
	below(t, "the flat end: a hundred times the style weight", c["S10"], c["S100"])
	below(t, "the flat end: a hundred times the style weight", s["S10"], s["S100"])
	below(t, "noise falls with the TV weight", n["T100"], n["T10"], n["T1"], n["T.1"], n["T.01"])
	below(t, "the noise wasn't in the content image", 3*panel(photograph(t), 0, small).noise(), n["T.01"])
	below(t, "style pays for it late", max(s["T.01"], s["T.1"], s["T1"], s["T10"])/s["T1"], 1.25, 3, s["T100"]/s["T1"])
	for _, factor := range []string{"T.01", "T.1", "T10", "T100"} {
		near("content hardly notices the TV weight", c[factor], c["T1"])
	}
	near("as much noise from the content weight as from little TV", n["C100"], n["T.01"])
	near("as much noise from the style weight as from little TV", n["S100"], n["T.01"])
}

// Answer 1 of exercise 2: doubling all weights changes nothing, ten times the content weight does.
func TestExercise2OnlyRatiosCount(t *testing.T) {
	trained := func(content, all float64) []float32 {
		o := transfer.Default()
		o.ContentWeight, o.StyleWeight, o.TVWeight, o.Epochs = all*content*o.ContentWeight, all*o.StyleWeight, all*o.TVWeight, 5
		extractor, photo, painting := tiny(t, o)
		image, err := sl.Train(t.Context(), extractor, photo, painting, o.Options, nil)
		if err != nil {
			t.Fatal(err)
		}
		return tensors.MustCopyFlatData[float32](image)
	}
	off := func(a, b []float32) (largest float64) {
		for i := range a {
			largest = max(largest, math.Abs(float64(a[i]-b[i])))
		}
		return largest
	}
	chapter := trained(1, 1)
	below(t, "the largest change of a value", off(trained(1, 2), chapter), 0.01, off(trained(10, 1), chapter))
}

// Answer 5 of exercise 2: fine strokes count as noise, wide ones hardly, a blurred picture has none.
func TestExercise2NoiseOfStrokes(t *testing.T) {
	strokes := func(width float64) grey {
		g := grey{width: 90, height: 60}
		for i := range 90 * 60 {
			x, y := float64(i%90), float64(i/90)
			g.values = append(g.values, 128+60*math.Sin(2*math.Pi*(x+9*math.Sin(y/7))/(2*width)))
		}
		return g
	}
	below(t, "noise of strokes 12, 4 and 1.5 pixels wide", strokes(12).noise(), 1, strokes(4).noise(), strokes(1.5).noise())
}

// What the laboratory says of its runs. The columns of its table:
const (
	style = iota
	content
	texture
	structure
	grain
	seconds
)

// table returns a column of the rows with these names, in their order; the names begin the lines.
func (c cell) table(t *testing.T, column int, names ...string) (values []float64) {
	t.Helper()
	for _, name := range names {
		values = append(values, c.row(t, fmt.Sprintf("%-24s", name), 0)[column])
	}
	return values
}

func TestLaboratory(t *testing.T) {
	cells := stored(t, "laboratory")
	kept := with(t, cells, "once more")
	if kept.table(t, style, "the first time")[0] != kept.table(t, style, "once more")[0] || !strings.Contains(kept.printed, "before: true - the same run: true") {
		t.Errorf("the second run is not the first:\n%s", kept.printed)
	}
	edges := with(t, cells, "weight of edges")
	below(t, "the larger the weight of edges, the nearer the structure", edges.table(t, structure, "100", "10", "1", "0")...)
	of := edges.table(t, style, "0", "1", "10", "100")
	below(t, "at 1 the style hardly suffers, at 100 its distance is nearly twice", of[1]/of[0], 1.05, of[2]/of[0], 1.7, of[3]/of[0], 2)

	optimizers := with(t, cells, "loss over time")
	end := func(name string) float64 { return optimizers.row(t, name+" ends at loss", 0)[0] }
	below(t, "the fast schedule ends lowest, Adam highest", end("fast"), end("lbfgs"), end("adam"))
	below(t, "L-BFGS has left the photograph least", optimizers.table(t, content, "lbfgs", "fast", "adam")...)

	seeds := with(t, cells, "heading(\"seed\")")
	styles, contents := seeds.row(t, "style: ", 0), seeds.row(t, "content: ", 0) // mean and spread
	below(t, "the style of three seeds spreads by a thirtieth", styles[1]/styles[0], 0.034)
	below(t, "their content by a twentieth", contents[1]/contents[0], 0.051)
	start := func(column int) float64 { return kept.table(t, column, "the first time")[0] }
	below(t, "another start makes no other style distance than chance", math.Abs(start(style)-styles[0]), 2*styles[1])
	below(t, "another start makes the content distance less", 2*contents[1], contents[0]-start(content))

	losses := with(t, cells, "range pairs()")
	for pair := range 3 {
		value := func(loss string, column int) float64 { return losses.row(t, fmt.Sprintf("%-24s", loss), pair)[column] }
		below(t, "Gram is nearest in Gram matrices, Wasserstein within a third, REMD furthest", value("gram", style), value("wasserstein", style),
			1.33*value("gram", style), value("moments", style), value("remd", style))
		below(t, "with less grain", value("wasserstein", grain), value("gram", grain))
		below(t, "moments keep the photograph best", value("moments", content), 0.5*value("wasserstein", content))
	}

	options := with(t, cells, "names, requests := options()")
	option := func(name string, column int) float64 {
		return options.table(t, column, name)[0] / options.table(t, column, "as above")[0]
	}
	below(t, "tiles lead as far", 0.97, option("tiles", style), 1.03)
	below(t, "and take three times as long", 2.7, option("tiles", seconds), 3.4)
	below(t, "three scales leave grain", 1.5, option("three scales", grain))
	below(t, "with the photograph's colours the style is far", 4, min(option("own luminance", style), option("own histogram", style)))
	below(t, "the bundled network is faster", option("bundled network", seconds), 0.66)
	below(t, "and further from the painting", 1.5, option("bundled network", style))

	channels := with(t, cells, "excite(layer, 7)")
	for _, layer := range []string{"conv3_3", "conv4_3", "conv5_1"} {
		of := func(tv string) float64 { return channels.row(t, layer+", TV "+tv+" ", 0)[0] }
		below(t, "total variation takes the grain out of "+layer, of("20"), of("2"), of("0"))
	}
}
