package film

import (
	"cmp"
	"image"
	"image/color"
	"slices"
)

// paletteOf chooses at most so many colours for all pictures together, so that colours don't flicker from one to the next: a
// box of all colours is cut where it is longest, and its parts again, always the part that is worst told by one colour.
func paletteOf(pictures []*image.RGBA, count int) (palette color.Palette) {
	boxes := []box{newBox(histogram(pictures))}
	for len(boxes) < count {
		worst := 0
		for i := range boxes {
			if boxes[i].error > boxes[worst].error {
				worst = i
			}
		}
		if boxes[worst].error == 0 {
			break // every colour has its own
		}
		low, high := boxes[worst].cut()
		boxes[worst] = low
		boxes = append(boxes, high)
	}
	for _, b := range boxes {
		palette = append(palette, color.RGBA{uint8(b.mean[0] + 0.5), uint8(b.mean[1] + 0.5), uint8(b.mean[2] + 0.5), 255})
	}
	return palette
}

// tone is the mean of colours that are hard to tell apart, and how many pixels have them.
type tone struct {
	mean  [3]float64
	count float64
}

// histogram sorts the pixels by the first five bits of red, green and blue.
func histogram(pictures []*image.RGBA) (tones []tone) {
	all := make([]tone, 1<<15)
	for _, picture := range pictures {
		for i := 0; i+3 < len(picture.Pix); i += 4 {
			pixel := picture.Pix[i : i+3]
			t := &all[int(pixel[0]>>3)<<10|int(pixel[1]>>3)<<5|int(pixel[2]>>3)]
			t.count++
			for c := range 3 {
				t.mean[c] += (float64(pixel[c]) - t.mean[c]) / t.count
			}
		}
	}
	return slices.DeleteFunc(all, func(t tone) bool { return t.count == 0 })
}

type box struct {
	tones []tone
	mean  [3]float64
	axis  int     // the longest
	error float64 // sum of squares along it
}

func newBox(tones []tone) box {
	b, count := box{tones: tones}, 0.0
	var squares [3]float64
	for _, t := range tones {
		count += t.count
		for c := range 3 {
			step := t.mean[c] - b.mean[c]
			b.mean[c] += step * t.count / count
			squares[c] += step * (t.mean[c] - b.mean[c]) * t.count
		}
	}
	for c, square := range squares {
		if square > b.error {
			b.axis, b.error = c, square
		}
	}
	return b
}

// cut divides the box at its mean.
func (b box) cut() (low, high box) {
	slices.SortFunc(b.tones, func(x, y tone) int { return cmp.Compare(x.mean[b.axis], y.mean[b.axis]) })
	at := slices.IndexFunc(b.tones, func(t tone) bool { return t.mean[b.axis] > b.mean[b.axis] })
	at = min(max(at, 1), len(b.tones)-1)
	return newBox(b.tones[:at]), newBox(b.tones[at:])
}
