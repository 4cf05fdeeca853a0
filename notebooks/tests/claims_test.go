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
	below(t, "conv1_1 hardly counts, conv5_1 has three quarters", shares["conv1_1"], 1, 70, shares["conv5_1"], 80)
	below(t, "nearly half of conv1_1's loss is left", 40, equal["conv1_1"], 50)
	below(t, "conv5_1's falls to a fiftieth", 1.8, equal["conv5_1"], 2.3)

	grid := with(t, cells, "both := o.StyleRepeat")
	pictures, photo := grid.pictures[0], photograph(t)
	off := func(place, width int) float64 {
		return panel(pictures, place, width).less(panel(photo, 0, width)).rms()
	}
	edges := func(place int) float64 {
		return panel(pictures, place, small).detail(4).correlation(panel(photo, 0, small).detail(4))
	}
	for column := range 3 {
		below(t, "conv2_2 keeps more of the photograph's edges", edges(column+3), edges(column))
	}
	losses := with(t, cells, `fmt.Printf("content loss at`)
	before := 0.0
	for _, layer := range sl.Default().StyleLayers {
		before += sl.Default().StyleWeight * losses.row(t, "style loss at   "+layer, 0)[0]
	}
	var all, deeper []float64
	for row, content := range []string{"conv2_2    ", "conv4_last "} {
		style := func(choice string) float64 { return grid.row(t, content+choice+"  ", 0)[1] }
		below(t, "shallow layers lower the style loss by a third at most", 0.65*before, style(shallow), before)
		below(t, "shallow layers bring the palette: areas change", off(3*row+2, small/4), off(3*row, small/4))
		all, deeper = append(all, style(five)), append(deeper, style(deep))
		below(t, "the shallow layers have the largest", max(style(five), style(deep)), style(shallow))
	}
	below(t, "the style loss of all five is smaller beside conv2_2", all[0], all[1])
	below(t, "beside conv2_2 all five have the smallest", all[0], deeper[0])
	below(t, "beside conv4_last the two deep ones, by a little", deeper[1], all[1], 1.25*deeper[1])

	others := with(t, cells, `style[0] + " to "`).pictures[0]
	for row := range 2 {
		noise := panel(others, 3*row+2, small).noise() / panel(others, 3*row+1, small).noise()
		below(t, "deep layers alone have twice the noise", 1.8, noise, 2.5)
	}
}

// What exercise 1 says of the losses that it stores.
func TestExercise1Losses(t *testing.T) {
	losses, o := with(t, stored(t, "exercise-1"), `fmt.Printf("content loss at`), sl.Default()
	style := 0.0
	for _, layer := range o.StyleLayers {
		style += o.StyleRepeat * o.StyleWeight * losses.row(t, "style loss at   "+layer, 0)[0]
	}
	below(t, "by the chapter's weights the content has a fifth", 0.17, o.ContentWeight*losses.row(t, "content loss at conv4_last", 0)[0]/style, 0.23)
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

// Answers 1 to 5 of exercise 2, and what it says of other pictures.
func TestExercise2(t *testing.T) {
	cells := stored(t, "exercise-2-solution")
	table, settled := with(t, cells, "plot := figure.Chart"), with(t, cells, "transfer.Adam, transfer.Fast")
	near := func(claim string, a, b float64) { below(t, claim, 0.8, a/b, 1.25) }

	at := func(row string) []float64 { return settled.row(t, row+" ", 0) } // content, style, noise
	for i, value := range at("fast      300") {
		below(t, "the fast optimizer has settled", 0.9, value/at("fast      150")[i], 1)
	}
	below(t, "Adam's content loss falls by a fifth", 0.75, at("adam      300")[0]/at("adam      150")[0], 0.85)
	below(t, "Adam's noise falls by two fifths", 0.55, at("adam      300")[2]/at("adam      150")[2], 0.65)
	below(t, "Adam leaves nearly twice the noise", 1.6, at("adam      150")[2]/at("fast      150")[2], 2)

	c, s, n := map[string]float64{}, map[string]float64{}, map[string]float64{}
	for name, row := range map[string]string{"C.01": "content      0.01", "C.1": "content       0.1", "C1": "content         1", "C10": "content        10",
		"C100": "content       100", "S.1": "style         0.1", "S100": "style         100", "T.01": "TV           0.01", "T.1": "TV            0.1",
		"T1": "TV              1", "T10": "TV             10", "T100": "TV            100"} {
		values := table.row(t, row+" ", 0)
		c[name], s[name], n[name] = values[0], values[1], values[2]
	}
	below(t, "a tenth of the style weight has a third of the noise of ten times the content weight", 0.3, n["S.1"]/n["C10"], 0.4)
	below(t, "and nearly twice its style loss", 1.6, s["S.1"]/s["C10"], 2)
	below(t, "content loss falls with its weight", c["C100"], c["C10"], c["C1"], c["C.1"])
	below(t, "style loss pays for it", s["C.1"], s["C1"], s["C10"], s["C100"])
	below(t, "the flat end: content is a quarter larger", 1.2, c["C.01"]/c["C.1"], 1.3)
	below(t, "the flat end: style is hardly smaller", 0.9, s["C.01"]/s["C.1"], 1)
	below(t, "noise falls with the TV weight", n["T100"], n["T10"], n["T1"], n["T.1"], n["T.01"])
	below(t, "the noise wasn't in the content image", 3*panel(photograph(t), 0, small).noise(), n["T.01"])
	below(t, "ten times the TV weight leave a third of the noise", 0.28, n["T10"]/n["T1"], 0.38)
	below(t, "style pays for it", 3.5, s["T10"]/s["T1"], 4.5, 10, s["T100"]/s["T1"])
	below(t, "content has doubled", 1.9, c["T100"]/c["T1"], 2.2)
	near("about as much noise from the content weight as from little TV", n["C100"], n["T.01"])
	near("about as much noise from the style weight as from little TV", n["S100"], n["T.01"])

	others := with(t, cells, `fmt.Sprintf("content × %.3g", f)`)
	for pair := range 2 {
		little, much := others.row(t, "content × 0.1", pair), others.row(t, "content × 10", pair)
		below(t, "on other pictures content falls below a third", much[0]/little[0], 1./3)
		below(t, "on other pictures style becomes nine or ten times as large", 8.5, much[1]/little[1], 10.5)
	}
}

// Answer 2 of exercise 2: doubling all weights changes nothing, ten times the content weight does.
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

// Answer 6 of exercise 2: fine strokes count as noise, wide ones hardly, a blurred picture has none.
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
