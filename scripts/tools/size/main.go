// Size prints the height and width in pixels at which the chapter's training of so many epochs is likely to end within three
// minutes on this machine: the chapter's 300 × 450, or less of the same shape.
package main

import (
	"context"
	"flag"
	"fmt"
	"math"
	"os"
	"time"

	sl "stylebook/stylelib"
	"stylebook/stylelib/engine"
	"stylebook/stylelib/transfer"
)

const (
	limit    = 3 * time.Minute
	step     = 10 // heights are multiples of it
	smallest = 100
)

func main() {
	epochs := flag.Int("epochs", sl.Default().Epochs, "`epochs` of the training")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: size [-epochs N] CONTENT STYLE")
		os.Exit(2)
	}
	height, err := choose(flag.Arg(0), flag.Arg(1), *epochs)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(height, height*sl.ChapterWidth/sl.ChapterHeight)
}

func choose(content, style string, epochs int) (height int, err error) {
	e, err := engine.Open("")
	if err != nil {
		return 0, err
	}
	defer e.Close()
	request := transfer.NewRequest(content, style)
	request.Height, request.Width, request.Options.Epochs = sl.ChapterHeight, sl.ChapterWidth, epochs
	t, err := transfer.Open(context.Background(), e.Backend, request)
	if err != nil {
		return 0, err
	}
	defer t.Close()
	estimate, err := t.Estimate()
	if err != nil {
		return 0, err
	}
	return fits(estimate.Total), nil
}

// fits is the largest height whose training is within the limit, where the chapter's takes so long: time goes with the area.
func fits(full time.Duration) int {
	share := math.Sqrt(float64(limit) / float64(full))
	height := int(sl.ChapterHeight*share) / step * step
	return min(max(height, smallest), sl.ChapterHeight)
}
