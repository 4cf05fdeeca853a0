package main

import (
	"errors"
	"image"
	"image/draw"
	"image/jpeg"
	"os"

	sl "stylebook/stylelib"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

// Pixels of the contact sheet.
const (
	gap    = 4
	header = 16
)

// sheet shows a pair in a row, each picture pixel by pixel: photograph, painting, and what each contender made of them.
func (p *plan) sheet(results []result) (image.Image, error) {
	width, y := 0, header
	for _, r := range results {
		width = max(width, r.width+gap)
	}
	var rows []int
	for _, pair := range p.Pairs {
		rows = append(rows, y)
		y += ofPair(results, pair)[0].height + gap
	}
	sheet := image.NewRGBA(image.Rect(0, 0, width*len(p.Contenders), y))
	draw.Draw(sheet, sheet.Bounds(), image.White, image.Point{}, draw.Src)
	for i, c := range p.Contenders {
		write(sheet, width*i, c.Name)
		for k, pair := range p.Pairs {
			for _, r := range of(ofPair(results, pair), c.Name, c.middle()) {
				picture, err := r.read()
				if err != nil {
					return nil, err
				}
				left := width*i + (width-r.width)/2
				draw.Draw(sheet, image.Rect(left, rows[k], left+r.width, rows[k]+r.height), picture, image.Point{}, draw.Src)
			}
		}
	}
	return sheet, nil
}

// read returns the picture at the size of the results.
func (r result) read() (*image.RGBA, error) {
	picture, err := sl.ReadImage(r.picture)
	if err != nil {
		return nil, err
	}
	return sl.Resize(picture, r.height, r.width, sl.Default().Resize)
}

func write(sheet draw.Image, x int, text string) {
	d := font.Drawer{Dst: sheet, Src: image.Black, Face: basicfont.Face7x13, Dot: fixed.P(x+gap, header-gap)}
	d.DrawString(text)
}

// writeJPEG writes a picture that is small to load.
func writeJPEG(picture image.Image, path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(jpeg.Encode(file, picture, &jpeg.Options{Quality: 85}), file.Close())
}
