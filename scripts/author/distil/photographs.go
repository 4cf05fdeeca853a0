package main

import (
	"image"

	"stylebook/data/photographs"
)

// readPhotographs reads the photographs in the order of their names.
func readPhotographs() (all []*canvas, err error) {
	pictures, err := photographs.All()
	for _, picture := range pictures {
		all = append(all, canvasOf(picture))
	}
	return all, err
}

func canvasOf(picture image.Image) *canvas {
	bounds := picture.Bounds()
	return newCanvas(bounds.Dx(), bounds.Dy(), func(x, y float64) rgb {
		r, g, b, _ := picture.At(bounds.Min.X+int(x), bounds.Min.Y+int(y)).RGBA()
		return rgb{float64(r) / 65535, float64(g) / 65535, float64(b) / 65535}
	})
}
