package main

import (
	"fmt"
	"image/jpeg"

	files "stylebook/scripts/author/train-offline/photographs"
)

// photographs reads the photographs in the order of their names.
func photographs() ([]*canvas, error) {
	entries, err := files.Files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	var all []*canvas
	for _, entry := range entries {
		c, err := photograph(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		all = append(all, c)
	}
	return all, nil
}

func photograph(path string) (*canvas, error) {
	file, err := files.Files.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	picture, err := jpeg.Decode(file)
	if err != nil {
		return nil, err
	}
	bounds := picture.Bounds()
	return newCanvas(bounds.Dx(), bounds.Dy(), func(x, y float64) rgb {
		r, g, b, _ := picture.At(bounds.Min.X+int(x), bounds.Min.Y+int(y)).RGBA()
		return rgb{float64(r) / 65535, float64(g) / 65535, float64(b) / 65535}
	}), nil
}
