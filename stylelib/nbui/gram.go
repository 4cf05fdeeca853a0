package nbui

import (
	"fmt"
	"image"
	"math"
	"math/rand/v2"

	"stylebook/stylelib/figure"
	"stylebook/stylelib/film"
	"stylebook/stylelib/i18n"

	"github.com/gomlx/gomlx/core/tensors"
	"golang.org/x/image/draw"
)

const (
	gramChannels = 24 // that are shown
	gramSteps    = 12 // of the scan
	tilesDown    = 8  // that are shuffled
)

// ShowGram shows how the Gram matrix of a picture's features [1, h, w, c] grows: a scan goes over the picture, and each position x adds
// the outer product xxᵀ of its channels. A button shuffles the positions. Rows and columns are the 24 strongest channels, those that go
// together side by side; an entry is seen as a share of the largest that it can have in the end, with both channels always together.
func ShowGram(picture figure.Picture, features *tensors.Tensor) error {
	scene, still, err := gramScene(picture, features)
	if err != nil {
		return err
	}
	return scene.show(still, i18n.Said(picture.Title))
}

func gramScene(picture figure.Picture, features *tensors.Tensor) (*scene, image.Image, error) {
	x, err := featuresOf(features)
	if err != nil {
		return nil, nil, err
	}
	x = x.only(x.strongest(gramChannels))
	x = x.only(clustered(x.grams([]int{x.w * x.h}, nil)[0]))
	steps := min(gramSteps, x.h)
	scanned, rows, ends := Axis{Name: "rows scanned", At: steps / 2}, make([]int, steps+1), make([]int, steps+1)
	for i := range rows {
		rows[i] = (i*x.h + steps/2) / steps
		ends[i] = rows[i] * x.w
		scanned.Values = append(scanned.Values, fmt.Sprint(rows[i]))
	}
	s := newScene(scanned, Axis{Values: []string{"shuffle the positions", "put them back"}, Button: true})
	s.Point = []int{-1, 0}
	from := shuffledTiles(x.h, x.w)
	small := film.Within(picture.Image, 240)
	var sources []string
	for _, picture := range []image.Image{small, moved(small, from, x.w)} {
		source, err := photographURL(picture)
		if err != nil {
			return nil, nil, err
		}
		sources = append(sources, source)
	}
	matrices, seen := x.grams(ends, from), x.grams(ends, nil)
	var frames, told, tops, heights []string
	height := small.Bounds().Dy()
	end := seen[steps]
	for i := range rows {
		for _, gram := range [][]float64{seen[i], matrices[i]} {
			frame, err := greyPNG(shares(gram, end), x.c)
			if err != nil {
				return nil, nil, err
			}
			frames = append(frames, frame)
		}
		top := height * rows[i] / x.h
		tops, heights = append(tops, fmt.Sprint(top)), append(heights, fmt.Sprint(height-top))
		told = append(told, i18n.Format("the Gram matrix of %d positions", ends[i]))
	}
	s.add(pane{caption: escaped(picture.Title), width: small.Bounds().Dx(), height: height, shown: 400, point: true,
		picture: s.element("img", fmt.Sprintf(`alt="%s" %s`, escaped(picture.Title), photograph), of("src", sources, 1)),
		drawing: s.element("rect", fmt.Sprintf(`width="%d" fill="#808080" fill-opacity="0.75"`, small.Bounds().Dx()),
			of("y", tops, 0), of("height", heights, 0))})
	s.add(pane{caption: s.element("span", "", of("text", told, 0)), width: x.c, height: x.c, shown: 266,
		picture: s.element("img", cells, of("src", frames, 0, 1), of("alt", told, 0))})
	still, err := gramStill(seen, ends, x.c)
	return s, still, err
}

// gramStill is the matrix half way and in the end.
func gramStill(grams [][]float64, ends []int, c int) (image.Image, error) {
	var pictures []figure.Picture
	last := len(grams) - 1
	for _, i := range []int{last / 2, last} {
		m := figure.Map{Height: c, Width: c, Values: shares(grams[i], grams[last])}
		cells := image.NewGray(image.Rect(0, 0, 8*c, 8*c))
		draw.NearestNeighbor.Scale(cells, cells.Rect, m.Picture(0, 1), image.Rect(0, 0, c, c), draw.Src, nil)
		title := i18n.Format("the Gram matrix of %d positions", ends[i])
		pictures = append(pictures, figure.Picture{Title: title, Image: cells})
	}
	return figure.Sheet(len(pictures), pictures...)
}

// shares are a matrix's entries, without sign, as shares of the largest that they can have in the end.
func shares(gram, end []float64) (shares []float64) {
	c := int(math.Sqrt(float64(len(gram))))
	for i, v := range gram {
		shares = append(shares, math.Abs(v)/math.Sqrt(max(end[i/c*(c+1)]*end[i%c*(c+1)], 1e-30)))
	}
	return shares
}

// shuffledTiles says for each position from which one a shuffled map takes it: whole tiles change places, so that a shuffled
// picture can still be recognized; what is left beside them stays.
func shuffledTiles(h, w int) (from []int) {
	side := max(1, h/tilesDown)
	across, down := w/side, h/side
	for i := range h * w {
		from = append(from, i)
	}
	for to, tile := range rand.New(rand.NewPCG(1, 2)).Perm(across * down) {
		for i := range side * side {
			place := func(tile int) int { return (tile/across*side+i/side)*w + tile%across*side + i%side }
			from[place(to)] = place(tile)
		}
	}
	return from
}

// moved is a picture each of whose places shows that of a map w wide from which it takes its features.
func moved(picture image.Image, from []int, w int) image.Image {
	b, h := picture.Bounds(), len(from)/w
	corner := func(x, y int) image.Point { return image.Pt(x*b.Dx()/w, y*b.Dy()/h) }
	shuffled := image.NewRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for i, f := range from {
		place := image.Rectangle{corner(i%w, i/w), corner(i%w+1, i/w+1)}
		draw.Draw(shuffled, place, picture, b.Min.Add(corner(f%w, f/w)), draw.Src)
	}
	return shuffled
}
