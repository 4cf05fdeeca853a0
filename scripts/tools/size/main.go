// Size prints the height and width in pixels at which the chapter's training of so many epochs is likely to end within some time on
// this machine, the chapter's 300 × 450 or less of the same shape, and how long it is likely to take.
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
	step     = 10 // heights are multiples of it
	smallest = 100
)

func main() {
	epochs := flag.Int("epochs", sl.Default().Epochs, "`epochs` of the training")
	within := flag.Duration("within", 3*time.Minute, "`time` that the training may take")
	flag.Parse()
	if flag.NArg() != 2 {
		fmt.Fprintln(os.Stderr, "usage: size [-epochs N] [-within TIME] CONTENT STYLE")
		os.Exit(2)
	}
	full, err := chapterTakes(flag.Arg(0), flag.Arg(1), *epochs)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	height, takes := fits(full, *within)
	fmt.Println(height, height*sl.ChapterWidth/sl.ChapterHeight, takes)
}

func chapterTakes(content, style string, epochs int) (time.Duration, error) {
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
	return estimate.Total, err
}

// fits is the largest height whose training is within limit, and what it takes, where the chapter's takes so long: time goes
// with the area.
func fits(full, limit time.Duration) (height int, takes time.Duration) {
	share := math.Sqrt(float64(limit) / float64(full))
	height = int(sl.ChapterHeight*share) / step * step
	height = min(max(height, smallest), sl.ChapterHeight)
	return height, (full * time.Duration(height*height) / sl.ChapterHeight / sl.ChapterHeight).Round(time.Second)
}
