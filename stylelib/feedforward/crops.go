package feedforward

import (
	"image"
	"iter"
	"math"
	"math/rand/v2"

	"stylebook/stylelib/internal/resample"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/train"
)

// crops are pieces of photographs, as GoMLX's trainer takes them: for each step so many squares, the same squares a little moved
// and with noise, and the two matrices that move a picture as they were. What a step gets depends on seed and step alone.
type crops struct {
	photographs []*image.RGBA
	batch, side int
	seed        uint64
	next        int // step
}

func (c *crops) Name() string { return "photographs" }

// Iter never ends.
func (c *crops) Iter() iter.Seq2[train.Batch, error] {
	return func(yield func(train.Batch, error) bool) {
		for ; yield(train.Batch{Inputs: c.step(c.next)}, nil); c.next++ {
		}
	}
}

const (
	farthest = 8    // pixels that a crop moves at most
	noise    = 0.02 // the noise's deviation at most
)

func (c *crops) step(n int) []*tensors.Tensor {
	draw := rand.New(rand.NewPCG(c.seed, uint64(n)))
	dy, dx := draw.IntN(2*farthest+1)-farthest, draw.IntN(2*farthest+1)-farthest
	deviation := noise * draw.Float64()
	still, moved := make([]float32, 0, c.batch*c.side*c.side*3), make([]float32, 0, c.side*c.side*3)
	for i := range c.batch {
		square := c.square(draw)
		gain, lift, mirror := 0.7+0.5*draw.Float64(), 0.2*draw.Float64()-0.1, draw.IntN(2) == 1
		value := func(y, x, channel int) float32 {
			if mirror {
				x = c.side + 2*farthest - 1 - x
			}
			v := float64(square.Pix[y*square.Stride+4*x+channel]) / 255
			return float32(min(max(v*gain+lift, 0), 1))
		}
		for y := range c.side {
			for x := range c.side {
				for channel := range 3 {
					still = append(still, value(farthest+y, farthest+x, channel))
					if i == 0 {
						moved = append(moved, value(farthest+y+dy, farthest+x+dx, channel)+float32(deviation*draw.NormFloat64()))
					}
				}
			}
		}
	}
	return []*tensors.Tensor{tensors.FromFlatDataAndDimensions(still, c.batch, c.side, c.side, 3),
		tensors.FromFlatDataAndDimensions(moved, 1, c.side, c.side, 3),
		mover(c.side, dy), mover(c.side, dx)}
}

// square is a piece of a photograph, larger than a crop by what it may move.
func (c *crops) square(draw *rand.Rand) *image.RGBA {
	photograph := c.photographs[draw.IntN(len(c.photographs))]
	side, bounds := c.side+2*farthest, photograph.Bounds()
	from := min(int(math.Round(float64(side)/(0.45+0.55*draw.Float64()))), bounds.Dx(), bounds.Dy())
	x, y := draw.IntN(bounds.Dx()-from+1), draw.IntN(bounds.Dy()-from+1)
	part := photograph.SubImage(image.Rect(x, y, x+from, y+from).Add(bounds.Min)).(*image.RGBA)
	return resample.Antialias(&image.RGBA{Pix: part.Pix, Stride: part.Stride, Rect: image.Rect(0, 0, from, from)}, side, side)
}

// mover is the matrix that moves the rows of a picture of so many rows: row i of the result is row i + by, 0 where there is none.
func mover(side, by int) *tensors.Tensor {
	values := make([]float32, side*side)
	for i := range side {
		if j := i + by; j >= 0 && j < side {
			values[i*side+j] = 1
		}
	}
	return tensors.FromFlatDataAndDimensions(values, side, side)
}
