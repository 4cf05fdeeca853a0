package transfer

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"strings"
	"testing"

	"stylebook/stylelib/internal/imagefile"
)

// softDisc is a blue mask with a red disc, whose edge has shades.
func softDisc() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, 120, 90))
	for y := range 90 {
		for x := range 120 {
			d := (x-60)*(x-60) + (y-45)*(y-45)
			share := min(max(float64(900-d)/120, 0), 1)
			m.SetRGBA(x, y, color.RGBA{uint8(255 * share), 0, uint8(255 * (1 - share)), 255})
		}
	}
	return m
}

func asJPEG(t *testing.T, picture image.Image) image.Image {
	t.Helper()
	var file bytes.Buffer
	if err := jpeg.Encode(&file, picture, &jpeg.Options{Quality: 85}); err != nil {
		t.Fatal(err)
	}
	decoded, err := imagefile.Decode(file.Bytes(), "mask.jpg")
	if err != nil {
		t.Fatal(err)
	}
	return decoded
}

// Masks with soft edges, as JPEG, and one beside the other, have the regions that were painted.
func TestMasksAreSortedToTheirMainColours(t *testing.T) {
	hard := image.NewRGBA(image.Rect(0, 0, 50, 40))
	for i := range 50 * 40 {
		hard.SetRGBA(i%50, i/50, map[bool]color.RGBA{true: {255, 0, 0, 255}, false: {0, 0, 255, 255}}[i%50 < 20])
	}
	of := size{45, 60}
	for name, test := range map[string]struct{ content, style image.Image }{
		"soft": {softDisc(), hard}, "JPEG": {asJPEG(t, softDisc()), asJPEG(t, hard)}, "style as JPEG": {hard, asJPEG(t, hard)}, "content as JPEG": {asJPEG(t, hard), hard},
	} {
		contents, styles, err := masks(test.content, []image.Image{test.style}, of, func(int) size { return of })
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(contents) != 2 || len(styles[0]) != 2 {
			t.Errorf("%s: %d and %d regions", name, len(contents), len(styles[0]))
			continue
		}
		for _, region := range [][]mask{contents, styles[0]} {
			if sum := region[0].sum() + region[1].sum(); sum != float64(of.area()) {
				t.Errorf("%s: %v of %d positions are in a region", name, sum, of.area())
			}
		}
		if !masksAreSorted(test.content, []image.Image{test.style}) {
			t.Errorf("%s: nothing is said of it", name)
		}
	}
	if masksAreSorted(hard, []image.Image{hard}) {
		t.Error("masks that fit are sorted")
	}
}

// Colours that no style mask has stay an error, and so does a photograph.
func TestMasksThatCannotBeSorted(t *testing.T) {
	photo := image.NewRGBA(image.Rect(0, 0, 100, 100))
	for i := range 100 * 100 {
		photo.SetRGBA(i%100, i/100, color.RGBA{uint8(2 * (i % 100)), uint8(2 * (i / 100)), uint8(i), 255})
	}
	green := image.NewUniform(color.RGBA{0, 255, 0, 255})
	flat := image.NewRGBA(image.Rect(0, 0, 10, 10))
	for i := range 100 {
		flat.Set(i%10, i/10, green.C)
	}
	of := size{20, 30}
	for want, test := range map[string]struct{ content, style image.Image }{
		"more than 16 colours": {photo, flat}, "no style mask has the colour": {flat, asJPEG(t, softDisc())},
	} {
		_, _, err := masks(test.content, []image.Image{test.style}, of, func(int) size { return of })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
}
