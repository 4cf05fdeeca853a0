package main

import (
	"embed"
	"fmt"
	"image/jpeg"
)

//go:embed photographs/*.jpg
var photographFiles embed.FS

// Each photograph is cut into cells, and each cell is a class of its own.
const (
	cellsAcross, cellsDown = 4, 3
	smallestCell           = 96 // pixels; cells of a small photograph overlap
)

// photographs reads the pictures that the README beside them lists, in the order of their names.
func photographs() ([]*canvas, error) {
	entries, err := photographFiles.ReadDir("photographs")
	if err != nil {
		return nil, err
	}
	var all []*canvas
	for _, entry := range entries {
		c, err := photograph("photographs/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		all = append(all, c)
	}
	return all, nil
}

func photograph(path string) (*canvas, error) {
	file, err := photographFiles.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	picture, err := jpeg.Decode(file)
	if err != nil {
		return nil, err
	}
	bounds := picture.Bounds()
	c := newCanvas(bounds.Dx(), bounds.Dy(), rgb{})
	for i := range c.pix {
		r, g, b, _ := picture.At(bounds.Min.X+i%c.w, bounds.Min.Y+i/c.w).RGBA()
		c.pix[i] = rgb{float64(r) / 65535, float64(g) / 65535, float64(b) / 65535}
	}
	return c, nil
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
