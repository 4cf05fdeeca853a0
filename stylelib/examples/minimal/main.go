// Minimal paints a photograph in the style of a painting, with a loss of its own: minimal PHOTOGRAPH PAINTING RESULT.
package main

import (
	"context"
	"image"
	"log"
	"os"

	sl "stylebook/stylelib"
	"stylebook/stylelib/paint"
	"stylebook/stylelib/transfer"

	. "github.com/gomlx/gomlx/core/graph"
)

func main() {
	content, style := read(os.Args[1]), read(os.Args[2])
	options, err := transfer.Choose(transfer.Choice{Preset: transfer.Painting})
	check(err)
	options.Epochs = 50
	options.Add(transfer.Term{Name: "grey", Weight: 10, Image: func(image *Node) *Node {
		return ReduceAllMean(Square(Sub(image, ReduceAndKeep(image, ReduceMean, -1)))) // 0 where red, green and blue are equal
	}})
	picture, err := paint.Picture(context.Background(), content, style, &options)
	check(err)
	check(sl.WriteImage(os.Args[3], picture))
}

func read(path string) image.Image {
	picture, err := sl.ReadImage(path)
	check(err)
	return picture
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
