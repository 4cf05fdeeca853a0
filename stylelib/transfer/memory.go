package transfer

import (
	"fmt"
	"math"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/memory"
	"stylebook/stylelib/kernels"

	"github.com/dustin/go-humanize"
)

// memoryModel is how an engine's memory grows: base, and so many copies of the weights and of all feature maps. While
// the weights are brought to the engine there are more copies of them, but no maps yet.
//
// Fitted on two cores with VGG-19's widths and a quarter of them, from 60 × 90 to 300 × 450; on sizes between and beyond that were not
// fitted it is off by less than 30 %. With loops of ours it is for what needs most, painting coarse to fine with VGG-16 from 60 × 90 to
// 450 × 675; with XLA the chapter's losses need two thirds of that.
type memoryModel struct {
	base                   float64 // bytes
	placing, weights, maps float64 // copies
}

var (
	memoryOfXLA     = memoryModel{base: 440e6, placing: 10, weights: 4.5, maps: 2}
	memoryOfXLALoop = memoryModel{base: 400e6, placing: 5, weights: 5, maps: 1.5} // with loops of ours
	memoryOfGo      = memoryModel{base: 100e6, placing: 6, weights: 6, maps: 9.9}
	memoryOfGoLoop  = memoryModel{base: 80e6, placing: 5, weights: 5, maps: 2.1}
)

// copiesOfColumns is how many copies of the image's hypercolumns a training by neighbours takes: measured with VGG-16 at 341 × 512 and
// 683 × 1024.
const copiesOfColumns = 4

// memory tells how much memory the process will take at most for an image of some size, in bytes: for the network and its
// maps of the image or the style images, or of a tile of them, and for what the optimizer and sampled terms keep.
func (t *Transfer) memory(of size) int64 {
	layers, image := t.Extractor.Layers, int64(of.area()*bytesPerPixel)
	maps := func(of size) (bytes int64, extra int64) {
		if !t.Options.inPieces(of, len(layers) > 0) {
			return t.mapBytes(of), 0
		}
		window := tilesOf(of, t.Options.Tile, layers)[0].window
		return t.mapBytes(size{window.height(), window.width()}), 10 * int64(of.area()*bytesPerPixel)
	}
	features, extra := maps(of)
	pictures := t.Pictures.bytes()
	for i := range t.Pictures.Styles {
		ofStyle := t.Options.styleSize(of, i)
		style, styleExtra := maps(ofStyle)
		features, extra = max(features, style), max(extra, styleExtra)
		pictures += int64(ofStyle.area() * bytesPerPixel)
	}
	model, withLoops := memoryOfGo, memoryOfGoLoop
	if t.Extractor.Backend.Name() == "xla" {
		model, withLoops = memoryOfXLA, memoryOfXLALoop
	}
	if in, out, ok := t.lastConvolution(); ok && kernels.FitChannels(t.Extractor.Backend, in, out) {
		model = withLoops
	}
	weights := float64(t.Extractor.Bytes())
	bytes := int64(model.base+max(model.placing*weights, model.weights*weights+model.maps*float64(features))) + extra
	if copies := t.Options.stateCopies(); copies > 2 { // as many as Adam keeps are in the model
		bytes += int64(copies+6) * image
	}
	for _, term := range t.Options.terms() {
		if term.Sampled != nil {
			bytes += 8 * int64(t.Options.Samples*t.Options.Samples) * bytesPerFloat
		}
	}
	if t.Options.byNeighbours() {
		places := t.Options.pieces(of, layers)[0].window.pooled(gridHalvings).area()
		neighbours := min(of.halved(gridHalvings).area(), t.offeredPlaces(of))
		bytes += int64(((copiesOfColumns-1)*places + neighbours) * t.columnChannels(allOf) * bytesPerFloat)
	}
	return bytes + pictures
}

// stateCopies is how many images the optimizer's state is as large as.
func (o Options) stateCopies() (copies int) {
	for _, array := range o.NewOptimizer(o.Epochs).State {
		copies += array.Copies
	}
	return copies
}

// lastConvolution is the number of channels that the last convolution sees and makes; ok says whether there is one.
func (t *Transfer) lastConvolution() (in, out int, ok bool) {
	before := 3
	for i, layer := range t.Extractor.Layers {
		if layer.Kind == sl.ConvLayer {
			in, out, ok = before, t.Extractor.Channels[i], true
		}
		before = t.Extractor.Channels[i]
	}
	return in, out, ok
}

// mapBytes is the memory of one copy of all feature maps.
func (t *Transfer) mapBytes(of size) (total int64) {
	t.eachMap(of, func(_ sl.Layer, of size, channels int) { total += int64(of.area()*channels) * bytesPerFloat })
	return total
}

// eachMap calls f with the size and the channels of each layer's map of a picture.
func (t *Transfer) eachMap(picture size, f func(layer sl.Layer, of size, channels int)) {
	for i, layer := range t.Extractor.Layers {
		f(layer, picture.halved(layer.Halvings), t.Extractor.Channels[i])
	}
}

// TooLargeError reports a training that needs more memory than there is.
type TooLargeError struct {
	Needs, Has    int64 // bytes
	Height, Width int   // the largest size of the same shape that fits; 0 where none does
}

func (e *TooLargeError) Error() string {
	message := fmt.Sprintf("the run needs about %s of memory, and %s may be taken: ", humanize.Bytes(uint64(e.Needs)), humanize.Bytes(uint64(max(e.Has, 0))))
	if e.Height == 0 {
		return message + "no size fits"
	}
	return message + fmt.Sprintf("the largest size that fits is %d × %d (height × width); or let it be computed in tiles", e.Height, e.Width)
}

// CheckMemory refuses a training that needs more than so many bytes, with a *[TooLargeError].
func (t *Transfer) CheckMemory(has int64) error {
	needs := t.memory(size{t.Height, t.Width})
	if needs <= has {
		return nil
	}
	e := &TooLargeError{Needs: needs, Has: has}
	for low, high := 0.0, 1.0; high-low > 1e-4; {
		middle := (low + high) / 2
		s := size{int(float64(t.Height) * middle), int(float64(t.Width) * middle)}
		switch {
		case s.height < MinSide || s.width < MinSide:
			low = middle
		case t.memory(s) <= has:
			low, e.Height, e.Width = middle, s.height, s.width
		default:
			high = middle
		}
	}
	return e
}

// FreeMemory is what the process may still take, in bytes: what the system has left, or its control group and those above it
// allow. ok is false where the system doesn't tell.
func FreeMemory() (free int64, ok bool) { return memory.Free() }

// ParseMemory reads an amount such as 500MB or 4GB.
func ParseMemory(text string) (int64, error) {
	bytes, err := humanize.ParseBytes(text)
	if err != nil || bytes == 0 || bytes > math.MaxInt64 || !strings.ContainsAny(text, "bB") {
		return 0, &sl.OptionError{Option: "memory", Reason: fmt.Sprintf("%q is no amount of memory: write 500MB or 4GB", text)}
	}
	return int64(bytes), nil
}
