package transfer

import (
	"cmp"
	"image"
	"image/color"
	"maps"
	"slices"
)

const (
	mainShare = 0.005 // of all pixels, which a main colour of a mask has at least
	nearby    = 40    // levels by which two colours may differ, in each channel, and be meant as one
	mostFlat  = 0.75  // share of pixels near a main colour: with fewer it is a photograph
)

// sortedMask brings each pixel to the nearest of a mask's main colours: smooth edges and JPEG make more. It is nil where there are
// no such, and picture itself where it has only them.
func sortedMask(picture *image.RGBA) *image.RGBA {
	counts, inside := map[color.RGBA]int{}, map[color.RGBA]int{}
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			c := picture.RGBAAt(x, y)
			counts[c]++
			if isInside(picture, x, y) {
				inside[c]++
			}
		}
	}
	mains := mainColours(counts, inside, picture.Rect.Dx()*picture.Rect.Dy())
	if mains == nil {
		return nil
	}
	if len(mains) == len(counts) {
		return picture
	}
	nearest := make(map[color.RGBA]color.RGBA, len(counts))
	for c := range counts {
		nearest[c] = slices.MinFunc(mains, func(a, b color.RGBA) int { return cmp.Compare(squares(a, c), squares(b, c)) })
	}
	sorted := &image.RGBA{Pix: slices.Clone(picture.Pix), Stride: picture.Stride, Rect: picture.Rect}
	eachPixel(sorted, func(c color.RGBA) color.RGBA { return nearest[c] })
	return sorted
}

// isInside says whether a pixel's neighbours are like it; those along an edge aren't.
func isInside(picture *image.RGBA, x, y int) bool {
	c := picture.RGBAAt(x, y)
	for _, at := range []image.Point{{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}} {
		if at.In(picture.Rect) && apart(c, picture.RGBAAt(at.X, at.Y)) > nearby/2 {
			return false
		}
	}
	return true
}

// mainColours are those of many pixels inside regions that differ enough from each other; nil where they are too many, or too few
// pixels are near.
func mainColours(counts, inside map[color.RGBA]int, pixels int) (mains []color.RGBA) {
	all := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(inside[b], inside[a]), cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	flat := 0
	for _, c := range all {
		near := slices.ContainsFunc(mains, func(of color.RGBA) bool { return apart(c, of) <= nearby })
		if !near && float64(inside[c]) >= mainShare*float64(pixels) {
			mains, near = append(mains, c), true
		}
		if near {
			flat += counts[c]
		}
	}
	if len(mains) > maxRegions || float64(flat) < mostFlat*float64(pixels) {
		return nil
	}
	return mains
}

// eachPixel replaces each colour.
func eachPixel(picture *image.RGBA, by func(color.RGBA) color.RGBA) {
	for y := range picture.Rect.Dy() {
		for x := range picture.Rect.Dx() {
			p := picture.Pix[y*picture.Stride+4*x:]
			c := by(color.RGBA{p[0], p[1], p[2], p[3]})
			p[0], p[1], p[2], p[3] = c.R, c.G, c.B, c.A
		}
	}
}

func apart(a, b color.RGBA) int {
	d := func(a, b uint8) int { return max(int(a), int(b)) - min(int(a), int(b)) }
	return max(d(a.R, b.R), d(a.G, b.G), d(a.B, b.B))
}

func squares(a, b color.RGBA) int {
	r, g, bl := int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B)
	return r*r + g*g + bl*bl
}

// likeContent gives each of a style mask's colours the name that it has in the content mask: that of the nearest, if one is near.
func likeContent(style *image.RGBA, colours map[color.RGBA]int) *image.RGBA {
	of := slices.SortedFunc(maps.Keys(colours), func(a, b color.RGBA) int { return cmp.Compare(colours[a], colours[b]) })
	names := map[color.RGBA]color.RGBA{}
	named := &image.RGBA{Pix: slices.Clone(style.Pix), Stride: style.Stride, Rect: style.Rect}
	eachPixel(named, func(c color.RGBA) color.RGBA {
		name, known := names[c]
		if !known {
			name = slices.MinFunc(of, func(a, b color.RGBA) int { return cmp.Compare(squares(a, c), squares(b, c)) })
			if apart(name, c) > nearby {
				name = c
			}
			names[c] = name
		}
		return name
	})
	return named
}
