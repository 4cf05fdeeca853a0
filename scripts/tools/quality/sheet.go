package main

import (
	"errors"
	"image"
	"image/jpeg"
	"os"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
)

// sheet shows a pair in a row: photograph, painting, and what each contender made of them.
func (p *plan) sheet(results []result) (image.Image, error) {
	var pictures []figure.Picture
	for _, pair := range p.Pairs {
		for _, c := range p.Contenders {
			shown := figure.Picture{Title: c.Name}
			for _, r := range of(ofPair(results, pair), c.Name, c.middle()) {
				picture, err := sl.ReadImage(r.picture)
				if err != nil {
					return nil, err
				}
				if shown.Image, err = sl.Resize(picture, r.height, r.width, sl.Default().Resize); err != nil {
					return nil, err
				}
			}
			pictures = append(pictures, shown)
		}
	}
	return figure.Sheet(len(p.Contenders), pictures...)
}

// writeJPEG writes a picture that is small to load.
func writeJPEG(picture image.Image, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(jpeg.Encode(file, picture, &jpeg.Options{Quality: 85}), file.Close())
}
