package figure

import (
	"image/color"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// onAny says whether two boxes share an area.
func onAny(box vg.Rectangle, others []vg.Rectangle) bool {
	return slices.ContainsFunc(others, func(other vg.Rectangle) bool {
		return max(box.Min.X, other.Min.X) < min(box.Max.X, other.Max.X) && max(box.Min.Y, other.Min.Y) < min(box.Max.Y, other.Max.Y)
	})
}

// Points that lie close together, and one said by two curves: labels stand in the canvas, and none on a point or on another.
func TestLabelsDontOverlap(t *testing.T) {
	p := newPlot()
	l := labels{style: p.X.Tick.Label}
	for _, ink := range curveColors[:2] {
		curve := plotter.XYs{{X: 100, Y: 100}, {X: 103, Y: 101}, {X: 106, Y: 99}, {X: 108, Y: 103}, {X: 300, Y: 200}}
		for i, name := range []string{"×0.01", "×0.1", "×1", "×10", "×100"} {
			l.all = append(l.all, label{curve[i], name, ink})
		}
		l.curves = append(l.curves, curve)
	}
	canvas := vg.Rectangle{Max: vg.Point{X: 300, Y: 200}}
	found := l.arranged(canvas, func(at plotter.XY) vg.Point { return vg.Point{X: vg.Length(at.X), Y: vg.Length(at.Y)} })
	if len(found) != 5 {
		t.Errorf("%d labels for five points", len(found))
	}
	for i, one := range found {
		if one.box.Min.X < 0 || one.box.Min.Y < 0 || one.box.Max.X > 300 || one.box.Max.Y > 200 {
			t.Errorf("%s is outside: %v", one.text, one.box)
		}
		var others []vg.Rectangle
		for k, other := range found {
			others = append(others, around(other.point, vg.Point{X: 5, Y: 5}))
			if k != i {
				others = append(others, other.box)
			}
		}
		if onAny(one.box, others) {
			t.Errorf("%s at %v is on something", one.text, one.box)
		}
	}
}

// Names that are long stand in lines below the curves, none beside the panel and none on another.
func TestLegendHasRoomForAllNames(t *testing.T) {
	p := panel{Plot: newPlot()}
	line, err := plotter.NewLine(plotter.XYs{{X: 0, Y: 0}, {X: 1, Y: 1}})
	if err != nil {
		t.Fatal(err)
	}
	line.Color = color.Black
	names := []string{"content", "style", "TV", strings.Repeat("Optimizer=lbfgs, ", 8), "one", strings.Repeat("long", 60), "last"}
	for _, name := range names {
		p.explain(name, line)
	}
	places, height := p.place()
	var boxes []vg.Rectangle
	for i, at := range places {
		size := p.entries[i].Rectangle(draw.Canvas{}).Size()
		box := vg.Rectangle{Min: at, Max: at.Add(size)}
		if box.Max.X > inside || box.Max.Y > height || onAny(box, boxes) {
			t.Errorf("%.20s is at %v of %v × %v", names[i], box, inside, height)
		}
		boxes = append(boxes, box)
	}
	if places[2].Y != places[0].Y || places[3].Y == places[0].Y {
		t.Errorf("short names share a line: %v", places)
	}
}

func TestFittingBreaksBetweenWords(t *testing.T) {
	style := newPlot().X.Tick.Label
	for _, text := range []string{"one", "one two three four five", "Style=autumn-oak.jpg, StyleWeight=10000", "withoutanyspaceatallandverylong", "内容图像和风格图像叠在一起"} {
		got := fitting(text, style, 60)
		for line := range strings.SplitSeq(got, "\n") {
			if style.Width(line) > 60 {
				t.Errorf("%q is too wide", line)
			}
		}
		if join := strings.NewReplacer("\n", "", " ", ""); join.Replace(got) != join.Replace(text) {
			t.Errorf("%q became %q", text, got)
		}
	}
	if got := fitting("one two three four", style, 60); got != "one two\nthree four" {
		t.Errorf("got %q", got)
	}
}
