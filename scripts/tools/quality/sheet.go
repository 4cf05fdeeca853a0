package main

import (
	"errors"
	"image"
	"image/jpeg"
	"os"
	"strings"

	sl "stylebook/stylelib"
	"stylebook/stylelib/figure"
)

// shownSide is the longer side of a picture on the sheet.
const shownSide = 256

// sheet shows a pair in a row: photograph, painting, and what each contender made of them. Pairs of which a file lies outside the
// repository aren't shown, for they aren't the project's to show, nor contenders that don't know all paintings.
func (p *plan) sheet(results []result) (image.Image, error) {
	var pictures []figure.Picture
	columns := 0
	for _, pair := range p.Pairs {
		if strings.HasPrefix(pair.Style, "../") && len(p.Pairs) > 1 {
			continue
		}
		columns = 0
		for _, r := range ofPair(results, pair) {
			if r.contender.Styles != nil {
				continue
			}
			picture, err := sl.ReadImage(r.picture)
			if err != nil {
				return nil, err
			}
			longer := max(r.height, r.width)
			shown, err := sl.Resize(picture, r.height*shownSide/longer, r.width*shownSide/longer, sl.Default().Resize)
			if err != nil {
				return nil, err
			}
			pictures = append(pictures, figure.Picture{Title: r.contender.Name, Image: shown})
			columns++
		}
	}
	return figure.Sheet(columns, pictures...)
}

// writeJPEG writes a picture that is small to load.
func writeJPEG(picture image.Image, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(jpeg.Encode(file, picture, &jpeg.Options{Quality: 85}), file.Close())
}
