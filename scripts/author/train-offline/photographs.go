package main

import (
	"image"

	"stylebook/scripts/author/train-offline/photographs"
)

// Each photograph is cut into cells, and each cell is a class of its own.
const (
	cellsAcross, cellsDown = 4, 3
	smallestCell           = 96 // pixels; cells of a small photograph overlap
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
	c := newCanvas(bounds.Dx(), bounds.Dy(), rgb{})
	for i := range c.pix {
		r, g, b, _ := picture.At(bounds.Min.X+i%c.w, bounds.Min.Y+i/c.w).RGBA()
		c.pix[i] = rgb{float64(r) / 65535, float64(g) / 65535, float64(b) / 65535}
	}
	return c
}

// cells cuts a photograph into its classes.
func (c *canvas) cells() (cells []*canvas) {
	w, h := max(smallestCell, c.w/cellsAcross), max(smallestCell, c.h/cellsDown)
	for cell := range cellsAcross * cellsDown {
		x, y := min(cell%cellsAcross*c.w/cellsAcross, c.w-w), min(cell/cellsAcross*c.h/cellsDown, c.h-h)
		cells = append(cells, c.part(x, y, w, h))
	}
	return cells
}
