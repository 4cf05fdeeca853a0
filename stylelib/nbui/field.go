package nbui

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strconv"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
	"stylebook/stylelib/film"
	"stylebook/stylelib/i18n"

	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/image/draw"
)

const (
	fieldColumns  = 24 // places across the photograph that can be pointed at
	fieldChannels = 8  // of each layer
	fieldMap      = 56 // positions of a map that is shown, along its longer side
)

// ShowReceptiveField shows what layers see of a picture, normalized, of shape [1, h, w, 3], at the place of the pointer: the receptive
// field of each layer, which are the pixels that decide what it puts out there, and for the layer that a slider chooses the eight
// strongest channels, each with its map and how strongly it responds at the place. An unknown layer is a *[sl.LayerError].
func ShowReceptiveField(e *sl.Extractor, x *tensors.Tensor, layers ...string) error {
	f, err := fieldsOf(e, x, layers)
	if err != nil {
		return err
	}
	scene, err := f.scene()
	if err != nil {
		return err
	}
	still, err := f.still()
	if err != nil {
		return err
	}
	return scene.show(still, i18n.Said("content image"))
}

// window is the receptive field of a layer: the value at position i is decided by the pixels from i·step - before to i·step + after.
type window struct{ step, before, after int }

// windowOf is that of the last of a network's first layers.
func windowOf(layers []sl.Layer) window {
	w := window{step: 1}
	for _, layer := range layers {
		switch {
		case layer.Kind == sl.PoolLayer: // of two values the second one lies behind
			w.after += w.step
		case layer.Reach < 0:
			w.before, w.after = math.MaxInt32, math.MaxInt32
		default:
			w.before, w.after = w.before+layer.Reach*w.step, w.after+layer.Reach*w.step
		}
		w.step = 1 << layer.Halvings
	}
	return w
}

// at is the window of the position to which a pixel belongs, along a side of so many pixels.
func (w window) at(pixel, side int) (from, to int) {
	middle := pixel / w.step * w.step
	return max(0, middle-w.before), min(side, middle+w.after+1)
}

// fields are a picture and what layers say of it.
type fields struct {
	picture   *image.RGBA
	names     []string
	windows   []window
	maps      []featureMap // of the channels that are shown
	strongest [][]int      // their numbers
}

func fieldsOf(e *sl.Extractor, x *tensors.Tensor, layers []string) (f fields, err error) {
	found, err := sl.FindLayers(e.Network, layers...)
	if err != nil {
		return f, err
	}
	if f.picture, err = sl.Postprocess(x); err != nil {
		return f, err
	}
	features, err := sl.GetStyles(e, x, sl.Options{StyleLayers: layers})
	if err != nil {
		return f, err
	}
	if len(features) < len(found) {
		return f, fmt.Errorf("%s is not computed: name it among the layers of the request", found[len(features)].Name)
	}
	for i, layer := range found {
		x, err := featuresOf(features[i])
		if err != nil {
			return f, err
		}
		f.names = append(f.names, layer.Name)
		f.windows = append(f.windows, windowOf(e.Network.Layers()[:layer.Index+1]))
		f.strongest = append(f.strongest, x.strongest(fieldChannels))
		f.maps = append(f.maps, x.only(f.strongest[i]))
	}
	return f, nil
}

// along tells where the windows of some pixels begin on a side, and how long they are.
func (w window) along(pixels []int, side int) (begin, length []string) {
	for _, pixel := range pixels {
		from, to := w.at(pixel, side)
		begin, length = append(begin, fmt.Sprint(from)), append(length, fmt.Sprint(to-from))
	}
	return begin, length
}

// middles are the pixels in the middle of equal parts of a side.
func middles(parts, side int) (pixels []int) {
	for i := range parts {
		pixels = append(pixels, (2*i+1)*side/(2*parts))
	}
	return pixels
}

func (f fields) scene() (*scene, error) {
	width, height := f.picture.Rect.Dx(), f.picture.Rect.Dy()
	across, down := middles(fieldColumns, width), middles(max(1, fieldColumns*height/width), height)
	s := newScene(Axis{Name: "layer", Values: f.names, At: len(f.names) / 2}, Axis{Name: "row", Values: texts(down), At: len(down) / 2},
		Axis{Name: "column", Values: texts(across), At: len(across) / 2})
	s.Point, s.Hover = []int{2, 1}, true
	source, err := photographURL(film.Within(f.picture, 300))
	if err != nil {
		return nil, err
	}
	var lefts, widths, tops, heights, told []string
	drawing := `<g fill="none" style="filter: drop-shadow(0 0 1px #000000)">`
	for i, w := range f.windows {
		left, wide := w.along(across, width)
		top, high := w.along(down, height)
		drawing += s.element("rect", `stroke="#ffffff" stroke-opacity="0.8" vector-effect="non-scaling-stroke"`, of("x", left, 2), of("width", wide, 2),
			of("y", top, 1), of("height", high, 1))
		lefts, widths, tops, heights = append(lefts, left...), append(widths, wide...), append(tops, top...), append(heights, high...)
		side := w.before + w.after + 1
		told = append(told, i18n.Format("%s sees %d × %d pixels", f.names[i], side, side))
	}
	drawing += s.element("rect", `stroke="#ffd400" stroke-width="3" vector-effect="non-scaling-stroke"`, of("x", lefts, 0, 2), of("width", widths, 0, 2),
		of("y", tops, 0, 1), of("height", heights, 0, 1)) + "</g>"
	s.add(pane{caption: s.element("span", "", of("text", told, 0)), drawing: drawing, width: width, height: height, shown: 450, point: true,
		picture: fmt.Sprintf(`<img src="%s" alt="%s" %s>`, source, escaped("content image"), photograph)})
	s.panels.WriteString(`<div style="flex: 1 1 340px; display: flex; flex-wrap: wrap; gap: 0 1em">`)
	for i := range len(slices.MinFunc(f.strongest, func(a, b []int) int { return len(a) - len(b) })) {
		if err := f.addChannel(s, i, across, down); err != nil {
			return nil, err
		}
	}
	s.panels.WriteString("</div>")
	return s, nil
}

// addChannel adds the i-th channel of each layer: its map with the place in it, and how strongly it responds there.
func (f fields) addChannel(s *scene, i int, across, down []int) error {
	var sources, told []string
	var responses strings.Builder
	for layer, x := range f.maps {
		values, width, square := x.shrunk(i, fieldMap)
		source, err := greyPNG(values, width)
		if err != nil {
			return err
		}
		sources, told = append(sources, source), append(told, i18n.Format("channel %d", f.strongest[layer][i]))
		step := f.windows[layer].step
		for _, top := range down {
			for _, left := range across {
				at := min(top/step, x.h-1)/square*width + min(left/step, x.w-1)/square
				responses.WriteString(strconv.FormatInt(int64(math.Round(35*values[at])), 36))
			}
		}
	}
	bar := s.element("rect", `height="3" fill="#1f77b4"`, changing{attribute: "width", digits: responses.String(), by: []int{0, 1, 2}})
	caption := s.element("span", "", of("text", told, 0)) + `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 35 3" ` +
		`preserveAspectRatio="none" style="display: block; width: 100%; height: 8px; outline: 1px solid #808080">` + bar + "</svg>"
	width, height := f.picture.Rect.Dx(), f.picture.Rect.Dy()
	mark := s.element("circle", fmt.Sprintf(`r="%d" fill="none" stroke="#ffd400" stroke-width="%d"`, width/25, max(1, width/75)),
		of("cx", texts(across), 2), of("cy", texts(down), 1))
	s.add(pane{caption: caption, picture: s.element("img", cells, of("src", sources, 0), of("alt", told, 0)), drawing: mark, width: width, height: height, shown: 160})
	return nil
}

// shrunk are the responses of a channel as shares of the largest, as means over squares of positions, so that neither side is longer
// than asked for.
func (x featureMap) shrunk(channel, side int) (shares []float64, width, square int) {
	square = (max(x.h, x.w) + side - 1) / side
	width = (x.w + square - 1) / square
	shares = make([]float64, width*((x.h+square-1)/square))
	count := make([]float64, len(shares))
	for i := range x.h * x.w {
		at := i/x.w/square*width + i%x.w/square
		shares[at] += max(0, float64(x.values[i*x.c+channel]))
		count[at]++
	}
	for i := range shares {
		shares[i] /= count[i]
	}
	largest := max(slices.Max(shares), 1e-30)
	for i := range shares {
		shares[i] /= largest
	}
	return shares, width, square
}

// still is the picture with the receptive fields of the position in the middle.
func (f fields) still() (image.Image, error) {
	picture := image.NewRGBA(f.picture.Rect)
	draw.Draw(picture, picture.Rect, f.picture, image.Point{}, draw.Src)
	b := picture.Rect
	for _, w := range f.windows {
		left, right := w.at(b.Dx()/2, b.Dx())
		top, bottom := w.at(b.Dy()/2, b.Dy())
		for _, line := range []image.Rectangle{{image.Pt(left, top), image.Pt(right, top+1)}, {image.Pt(left, bottom-1), image.Pt(right, bottom)},
			{image.Pt(left, top), image.Pt(left+1, bottom)}, {image.Pt(right-1, top), image.Pt(right, bottom)}} {
			draw.Draw(picture, line, image.NewUniform(fieldInk), image.Point{}, draw.Src)
		}
	}
	return figure.Sheet(1, figure.Picture{Title: strings.Join(f.names, ", "), Image: picture})
}

var fieldInk = color.RGBA{255, 212, 0, 255}

func texts(numbers []int) (all []string) {
	for _, number := range numbers {
		all = append(all, fmt.Sprint(number))
	}
	return all
}
