package main

import (
	"fmt"
	"strings"
)

// drawing is an SVG in the making.
type drawing struct {
	strings.Builder
	language int
}

const (
	ink     = "#333333"
	blue    = "#1f77b4" // content
	magenta = "#c81ea0" // style
	green   = "#1e8c3c" // total variation
)

func newDrawing(language, width, height int) *drawing {
	d := &drawing{language: language}
	d.add(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="15">`,
		width, height, width, height)
	d.add(`<rect width="%d" height="%d" fill="white"/>`, width, height)
	for _, color := range []string{ink, blue, magenta, green} {
		d.add(`<marker id="to%s" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto"><path d="M0,1 L10,5 L0,9 z" fill="%s"/></marker>`,
			color[1:], color)
	}
	return d
}

func (d *drawing) add(format string, values ...any) { fmt.Fprintf(d, format+"\n", values...) }

func (d *drawing) finish() string {
	d.add("</svg>")
	return d.String()
}

// text writes one label, centred at x; there is one in each language.
func (d *drawing) text(x, y int, color string, labels ...string) {
	d.add(`<text x="%d" y="%d" text-anchor="middle" fill="%s">%s</text>`, x, y, color, labels[d.language%len(labels)])
}

// arrow draws a line with a head; dashed for what runs backward.
func (d *drawing) arrow(x1, y1, x2, y2 int, color string, dashed bool) {
	dashes := ""
	if dashed {
		dashes = ` stroke-dasharray="6 4"`
	}
	d.add(`<line x1="%d" y1="%d" x2="%d" y2="%d" stroke="%s" stroke-width="2"%s marker-end="url(#to%s)"/>`,
		x1, y1, x2, y2, color, dashes, color[1:])
}

// maps draws a layer's feature maps as a stack of cards, centred.
func (d *drawing) maps(x, y, size, count int, fill string) {
	for i := count - 1; i >= 0; i-- {
		left, top := x-size/2+4*i-2*(count-1), y-size/2-4*i+2*(count-1)
		d.add(`<rect x="%d" y="%d" width="%d" height="%d" fill="%s" stroke="%s"/>`, left, top, size, size, fill, ink)
	}
}

// loss draws a loss as a round plate with its name beside it.
func (d *drawing) loss(x, y int, color, symbol string) {
	d.add(`<circle cx="%d" cy="%d" r="17" fill="white" stroke="%s" stroke-width="2.5"/>`, x, y, color)
	d.add(`<text x="%d" y="%d" text-anchor="middle" fill="%s" font-style="italic">%s</text>`, x, y+5, color, symbol)
}

// scene is how a thumbnail is painted.
type scene struct {
	sky, far, near, water string
	strokes               bool // with a brush
}

var (
	photograph  = scene{"#cfe3f3", "#8d9db0", "#4f7a52", "#7fb2d6", false}
	painting    = scene{"#f2b45c", "#b5543c", "#6b3a6e", "#e0803d", true}
	synthesized = scene{"#f2c078", "#a3627a", "#6f4a76", "#d98f55", true}
)

// thumbnail draws a lake before mountains, or for the painting hills under a sun, 100 × 68 around x, y.
func (d *drawing) thumbnail(x, y int, s scene) {
	d.add(`<g transform="translate(%d,%d)">`, x-50, y-34)
	d.add(`<rect width="100" height="68" fill="%s"/>`, s.sky)
	if s == painting {
		d.add(`<circle cx="70" cy="20" r="10" fill="#fbe7a1"/>`)
		d.add(`<path d="M0,42 Q25,22 50,40 T100,36 V68 H0 z" fill="%s"/>`, s.far)
		d.add(`<path d="M0,56 Q30,42 60,54 T100,52 V68 H0 z" fill="%s"/>`, s.near)
	} else {
		d.add(`<path d="M0,40 L22,16 L38,32 L58,8 L82,34 L100,22 V68 H0 z" fill="%s"/>`, s.far)
		d.add(`<path d="M0,44 L14,36 L26,44 L40,38 L100,46 V54 H0 z" fill="%s"/>`, s.near)
		d.add(`<rect y="50" width="100" height="18" fill="%s"/>`, s.water)
	}
	if s.strokes {
		for i := range 9 {
			left, top := 5+(i*37)%78, 8+(i*23)%54
			d.add(`<path d="M%d,%d q7,-6 15,0" fill="none" stroke="white" stroke-opacity=".55" stroke-width="2.5" stroke-linecap="round"/>`, left, top)
		}
	}
	d.add(`<rect width="100" height="68" fill="none" stroke="%s"/></g>`, ink)
}
