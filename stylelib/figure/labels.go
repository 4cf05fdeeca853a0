package figure

import (
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// label is a text at a point.
type label struct {
	at   plotter.XY
	text string
	ink  color.Color
}

// labels writes each beside its point, where no other label is and, if it can be, no curve: close to it, or further away with a
// thin line to it. One for which there is no room is left out.
type labels struct {
	style  text.Style
	all    []label
	curves []plotter.XYs
}

// placed is a label with its room.
type placed struct {
	label
	point vg.Point
	box   vg.Rectangle
	far   bool // so far away that it could be taken for another point's
}

// Plot draws the labels.
func (l labels) Plot(c draw.Canvas, p *plot.Plot) {
	toX, toY := p.Transforms(&c)
	for _, one := range l.arranged(c.Rectangle, func(at plotter.XY) vg.Point { return vg.Point{X: toX(at.X), Y: toY(at.Y)} }) {
		style := l.style
		style.Color, style.XAlign, style.YAlign = one.ink, text.XCenter, text.YCenter
		middle := one.box.Min.Add(one.box.Max).Scale(0.5)
		if one.far {
			nearer := min(max(one.point.Y, one.box.Min.Y), one.box.Max.Y)
			c.StrokeLine2(draw.LineStyle{Color: one.ink, Width: 0.4}, one.point.X, one.point.Y, middle.X, nearer)
		}
		c.FillText(style, middle, one.text)
	}
}

// arranged gives labels their places on a canvas.
func (l labels) arranged(canvas vg.Rectangle, place func(plotter.XY) vg.Point) (all []placed) {
	var taken, crossed []vg.Rectangle
	for _, curve := range l.curves {
		for i := range curve {
			at := place(curve[i])
			taken = append(taken, around(at, vg.Point{X: 6, Y: 6}))
			crossed = append(crossed, along(place(curve[max(0, i-1)]), at)...)
		}
	}
	for _, one := range l.all {
		at := place(one.at)
		if slices.ContainsFunc(all, func(p placed) bool { return p.point == at && p.text == one.text }) {
			continue // curves that meet say the same of a point
		}
		box, far, ok := l.free(canvas, at, one.text, taken, crossed)
		if !ok {
			box, far, ok = l.free(canvas, at, one.text, taken)
		}
		if ok {
			taken, all = append(taken, box), append(all, placed{one, at, box, far})
		}
	}
	return all
}

// along are small boxes from one point to another.
func along(from, to vg.Point) (boxes []vg.Rectangle) {
	way := to.Sub(from)
	count := int(math.Hypot(float64(way.X), float64(way.Y)))/5 + 1
	for i := range count + 1 {
		boxes = append(boxes, around(from.Add(way.Scale(vg.Length(i)/vg.Length(count))), vg.Point{X: 5, Y: 5}))
	}
	return boxes
}

// free finds room for a text near a point, and says whether it is far away from it.
func (l labels) free(canvas vg.Rectangle, at vg.Point, words string, taken ...[]vg.Rectangle) (box vg.Rectangle, far, ok bool) {
	size := vg.Point{X: l.style.Width(words), Y: l.style.Rectangle(words).Size().Y}
	all := slices.Concat(taken...)
	for _, away := range []vg.Length{5, 16, 28, 40, 55} {
		for _, turn := range []float64{2, 6, 10, 14, 0, 8, 4, 12, 1, 3, 5, 7, 9, 11, 13, 15} { // of 16: first beside it, above and below
			sin, cos := math.Sincos(turn * math.Pi / 8)
			middle := at.Add(vg.Point{X: vg.Length(cos) * (away + size.X/2), Y: vg.Length(sin) * (away + size.Y/2)})
			box = around(middle, size)
			if within(box, canvas) && !overlaps(box, all) {
				return box, away > 5, true
			}
		}
	}
	return box, false, false
}

func around(middle, size vg.Point) vg.Rectangle {
	half := size.Scale(0.5)
	return vg.Rectangle{Min: middle.Sub(half), Max: middle.Add(half)}
}

func within(box, canvas vg.Rectangle) bool {
	return box.Min.X >= canvas.Min.X && box.Max.X <= canvas.Max.X && box.Min.Y >= canvas.Min.Y && box.Max.Y <= canvas.Max.Y
}

func overlaps(box vg.Rectangle, taken []vg.Rectangle) bool {
	for _, other := range taken {
		if box.Min.X < other.Max.X && other.Min.X < box.Max.X && box.Min.Y < other.Max.Y && other.Min.Y < box.Max.Y {
			return true
		}
	}
	return false
}
