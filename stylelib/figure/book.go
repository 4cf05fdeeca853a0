package figure

import (
	"image"
	"math/bits"
	"reflect"

	sl "stylebook/stylelib"

	"golang.org/x/image/draw"
)

// The losses of the book's own run, read off the curves that its page shows (Dive into Deep Learning, Chinese edition, section
// 风格迁移, PyTorch tab, executed with VGG-19); the reading is good to about 0.001.
var (
	bookEpochs  = []float64{10, 20, 30, 40, 50, 60, 80, 100, 120, 140, 160, 180, 200, 250, 300, 350, 400, 450, 500}
	bookContent = []float64{1.814, 1.698, 1.751, 1.483, 1.349, 1.259, 1.187, 1.196, 1.019, 0.926, 0.920, 0.932, 0.897, 0.824, 0.802, 0.792, 0.773, 0.772, 0.766}
	bookStyle   = []float64{1.792, 0.809, 0.358, 0.171, 0.095, 0.082, 0.074, 0.162, 0.071, 0.072, 0.043, 0.058, 0.041, 0.040, 0.041, 0.039, 0.041, 0.039, 0.039}
	bookTV      = []float64{7.909, 7.768, 6.530, 5.396, 4.323, 3.608, 3.322, 3.153, 2.658, 2.085, 1.923, 1.697, 1.773, 1.451, 1.369, 1.276, 1.224, 1.192, 1.168}
)

// Fingerprints of the book's two pictures, Mount Rainier and the autumn oak.
const (
	bookMountain fingerprint = 0x332b010c41e13107
	bookOak      fingerprint = 0x43178ddd970f0fcb
)

// Book returns the loss curves that the book shows for its own run, if a training is the same one: its two pictures, in
// any file, at 300 × 450 pixels, with the options of its PyTorch tab but for the number of epochs. Otherwise it returns nil.
func Book(content, style image.Image, height, width int, options sl.Options) []Curve {
	chapter := sl.Default()
	chapter.Epochs = options.Epochs
	same := height == sl.ChapterHeight && width == sl.ChapterWidth && reflect.DeepEqual(options, chapter) &&
		fingerprintOf(content).near(bookMountain) && fingerprintOf(style).near(bookOak)
	if !same {
		return nil
	}
	return []Curve{{Name: "content", X: bookEpochs, Y: bookContent}, {Name: "style", X: bookEpochs, Y: bookStyle}, {Name: "tv", X: bookEpochs, Y: bookTV}}
}

// fingerprint tells a picture from others whatever its size: a bit for each place of a grid of 8 × 8, set where the brightness
// rises to the right.
type fingerprint uint64

func fingerprintOf(picture image.Image) (f fingerprint) {
	grid := image.NewGray(image.Rect(0, 0, 9, 8))
	draw.BiLinear.Scale(grid, grid.Bounds(), picture, picture.Bounds(), draw.Src, nil)
	for i := range 64 {
		y, x := i/8, i%8
		if grid.GrayAt(x, y).Y < grid.GrayAt(x+1, y).Y {
			f |= 1 << i
		}
	}
	return f
}

// near allows for another decoder, another size and rounding.
func (f fingerprint) near(other fingerprint) bool { return bits.OnesCount64(uint64(f^other)) <= 6 }
