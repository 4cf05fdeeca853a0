package synth

import (
	"fmt"
	"time"

	sl "stylebook/stylelib"
)

// TooLargeError reports a training that needs more memory than there is.
type TooLargeError struct {
	Needs, Has    int64 // bytes
	Height, Width int   // the largest size of the same shape that fits; 0 where none does
}

func (e *TooLargeError) Error() string {
	message := fmt.Sprintf("the run needs about %s of memory, and %s may be taken: ", memory(e.Needs), memory(e.Has))
	if e.Height == 0 {
		return message + "no size fits"
	}
	return message + fmt.Sprintf("the largest size that fits is %d × %d (height × width); or compute in pieces with -tile", e.Height, e.Width)
}

func memory(bytes int64) string {
	if bytes < 1e9 {
		return fmt.Sprintf("%.0f MB", float64(bytes)/1e6)
	}
	return fmt.Sprintf("%.1f GB", float64(bytes)/1e9)
}

// firstPass is what the first of a tile's two passes takes, relative to a whole step.
const firstPass = 0.4

// EstimateRun is [sl.EstimateRun] for the options of this package.
func EstimateRun(extractor *sl.Extractor, height, width int, options Options) (sl.Estimate, error) {
	e, err := sl.EstimateRun(extractor, height, width, options.Options)
	if err != nil {
		return e, err
	}
	steps, perStep := 0.0, float64(e.PerEpoch)
	if e.PerEpoch > 0 {
		e.Total -= e.PerEpoch * time.Duration(options.Epochs) // what is left is the compilation, for each scale
	}
	for i, size := range options.sizes(height, width) {
		share := float64(size[0]*size[1]) / float64(height*width)
		steps += share * float64(options.epochsOf()[i])
	}
	if taken := taken(height, width, options); taken > 0 {
		perStep *= taken * (1 + firstPass)
	}
	e.PerEpoch = time.Duration(perStep)
	e.Total = e.Total*time.Duration(options.Scales) + time.Duration(steps*perStep)
	e.Bytes = estimateMemory(extractor, height, width, options)
	return e, nil
}

// taken is the area of all windows as a multiple of the picture's; 0 where it is computed whole.
func taken(height, width int, options Options) float64 {
	o := &objective{options: options}
	if !o.tiles(height, width) {
		return 0
	}
	area := 0
	for _, piece := range tilesOf(height, width, options.Tile, options.LastLayer()) {
		area += piece.window.height() * piece.window.width()
	}
	return float64(area) / float64(height*width)
}

const bytesPerPixel = 3 * 4 // of an image

// estimateMemory is [sl.EstimateMemory] with what tiles save and what optimizers keep.
func estimateMemory(extractor *sl.Extractor, height, width int, options Options) int64 {
	image := int64(height*width) * bytesPerPixel
	var bytes int64
	if o := (&objective{options: options}); o.tiles(height, width) {
		window := tilesOf(height, width, options.Tile, options.LastLayer())[0].window
		bytes = sl.EstimateMemory(extractor, window.height(), window.width()) + 10*image
	} else {
		bytes = sl.EstimateMemory(extractor, height, width)
	}
	if options.Optimizer == LBFGS {
		bytes += int64(2*options.History+8) * image
	}
	return bytes
}

// CheckMemory refuses a training that needs more than so many bytes, with a *[TooLargeError].
func CheckMemory(extractor *sl.Extractor, height, width int, options Options, has int64) error {
	needs := estimateMemory(extractor, height, width, options)
	if needs <= has {
		return nil
	}
	e := &TooLargeError{Needs: needs, Has: has}
	for low, high := 0.0, 1.0; high-low > 1e-4; {
		middle := (low + high) / 2
		h, w := int(float64(height)*middle), int(float64(width)*middle)
		if h >= sl.MinSide && w >= sl.MinSide && estimateMemory(extractor, h, w, options) <= has {
			low, e.Height, e.Width = middle, h, w
		} else if h >= sl.MinSide && w >= sl.MinSide {
			high = middle
		} else {
			low = middle
		}
	}
	return e
}
