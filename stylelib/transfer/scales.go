package transfer

import (
	"math"

	"github.com/gomlx/compute/shapes"
)

// size is the height and width of an image in pixels.
type size struct{ height, width int }

func sizeOf(image shapes.HasShape) size { return size{image.Shape().Dim(1), image.Shape().Dim(2)} }

// halved is the size of a map that was pooled so many times.
func (s size) halved(times int) size { return size{s.height >> times, s.width >> times} }

// stage is one of the trainings that follow each other, coarsest first.
type stage struct {
	size
	epochs int
	finer  int  // how many scales are finer
	places bool // the style loss is [placesPart]'s
}

// leastShorterSide is the least shorter side, in pixels, that halving a picture for a coarser scale may leave.
const leastShorterSide = 2 * MinSide

// stages returns the trainings of a picture. Each has the whole share of its epochs, and the last what is left over.
func (o Options) stages(height, width int) []stage {
	n, step, share := o.Scales, math.Sqrt2, 1.0
	if o.Coarsest > 0 {
		halvings := min(math.Round(math.Log2(float64(max(height, width))/float64(o.Coarsest))),
			math.Floor(math.Log2(float64(min(height, width))/leastShorterSide)))
		n, step, share = 1+int(max(0, halvings)), 2, o.FinerEpochs
	}
	stages := make([]stage, n)
	for i := range stages {
		factor := math.Pow(step, -float64(n-1-i))
		stages[i] = stage{finer: n - 1 - i,
			size: size{max(1, int(math.Round(float64(height)*factor))), max(1, int(math.Round(float64(width)*factor)))}}
	}
	if o.byNeighbours() {
		stages = append(stages, stage{size: size{height, width}, places: true})
	}
	sum, left := 0.0, o.Epochs
	for i := range stages {
		sum += math.Pow(share, float64(i))
	}
	for i := range stages {
		stages[i].epochs = int(float64(o.Epochs)*math.Pow(share, float64(i))/sum + 1e-9)
		left -= stages[i].epochs
	}
	stages[len(stages)-1].epochs += left
	return stages
}

// settled are the options without what has no say at a size: there a run is the same with and without them.
func (o Options) settled(height, width int) Options {
	if o.Coarsest > 0 && len(o.stages(height, width)) == 1 {
		o.Scales, o.Coarsest, o.FinerEpochs = 1, 0, 1
	}
	if of := (size{height, width}); o.Tile == TileAsNeeded {
		o.Tile = neededTile
		if !o.inPieces(of, true) || o.whole() != "" {
			o.Tile = 0
		}
	}
	return o
}

// Stages is how many trainings follow each other for a picture of height × width pixels.
func (o Options) Stages(height, width int) int { return len(o.stages(height, width)) }

// EpochsBefore returns how many epochs the stages before one have, for a picture of height × width pixels.
func (o Options) EpochsBefore(stage, height, width int) (epochs int) {
	for _, s := range o.stages(height, width)[:stage] {
		epochs += s.epochs
	}
	return epochs
}
