// Command pictures renders the project's two sample pictures, a landscape, the
// content, and an oil painting, the style, and the other paintings on which
// quality is measured. All are computed from fixed seeds, so each run gives the
// same pixels.
package main

import (
	"flag"
	"image"
	"image/jpeg"
	"log"
	"os"
	"path/filepath"
	"time"
)

// Full size of the sample pictures, in whose pixels all paintings are laid out.
const (
	fullWidth  = 900
	fullHeight = 600
)

// quality is that of the JPEG files.
const quality = 92

// picture is a file's name, its size, 1 being 900 × 600, and the function that
// renders it at a size.
type picture struct {
	file   string
	scale  float64
	render func(scale float64) *canvas
}

var pictures = []picture{
	{"content.jpg", 1, landscape},
	{"style.jpg", 1, valley.paint},
	{"quality/harbour.jpg", smaller, harbour.paint},
	{"quality/poppies.jpg", smaller, poppies.paint},
	{"quality/facets.jpg", smaller, facets.paint},
	{"quality/shore.jpg", smaller, shore},
	{"quality/leaves.jpg", smaller, leaves},
	{"quality/ink.jpg", smaller, ink},
}

const smaller = 2.0 / 3

func main() {
	log.SetFlags(0)
	out := flag.String("out", "data", "`folder` to write to")
	scale := flag.Float64("scale", 1, "size of the pictures, 1 being that of the files in data")
	only := flag.String("only", "", "render just this `file`")
	flag.Parse()
	for _, p := range pictures {
		if *only != "" && *only != p.file {
			continue
		}
		start := time.Now()
		path := filepath.Join(*out, p.file)
		if err := writeJPEG(path, p.render(*scale*p.scale).image()); err != nil {
			log.Fatal(err)
		}
		log.Printf("%s: %.1f s", path, time.Since(start).Seconds())
	}
}

func writeJPEG(path string, img image.Image) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := jpeg.Encode(f, img, &jpeg.Options{Quality: quality}); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// size is the width and height at a scale.
func size(scale float64) (w, h int) {
	return int(fullWidth*scale + 0.5), int(fullHeight*scale + 0.5)
}
