// Command examples makes the small pictures of the page of stylize web, in stylelib/web/static: pairs to begin with, each with what the
// page makes of it, and what the ends of the sliders do. It takes some minutes; scripts/setup comes before.
//
//	go run ./scripts/author/examples
package main

import (
	"context"
	"fmt"
	"image"
	"image/jpeg"
	"log"
	"os"
	"path/filepath"

	sl "stylebook/stylelib"
	"stylebook/stylelib/cli"
	_ "stylebook/stylelib/engine"

	"golang.org/x/image/draw"
)

const static = "stylelib/web/static"

// pairs are an example's name, its photograph and its painting, in data.
var pairs = [][3]string{{"cat", "photographs/chelsea", "quality/shore"}, {"rocket", "photographs/rocket", "quality/harbour"},
	{"astronaut", "photographs/astronaut", "style"}, {"lake", "content", "quality/ink"}}

// ends are the options with which both ends of each slider are painted.
var ends = map[string][2][]string{
	"strength": {{"-strength=0"}, {"-strength=10"}}, "size": {{"-size=48"}, {"-size=256"}}, "epochs": {{"-epochs=4"}, {"-epochs=300"}},
	"content-weight": {{"-content-weight=0"}, {"-content-weight=10"}}, "tv-weight": {{"-tv-weight=0"}, {"-tv-weight=100"}},
	"style-scale": {{"-style-scale=0.4"}, {"-style-scale=3"}},
}

func main() {
	work, err := os.MkdirTemp("", "examples-")
	if err == nil {
		err = all(work)
	}
	if err != nil {
		log.Fatal(err)
	}
	os.RemoveAll(work)
}

func all(work string) error {
	painted := filepath.Join(work, "painted.png")
	for _, pair := range pairs {
		name, content, style := pair[0], "data/"+pair[1]+".jpg", "data/"+pair[2]+".jpg"
		if err := small(content, "examples/"+name+"-content.jpg", 224, 72); err != nil {
			return err
		}
		if err := small(style, "examples/"+name+"-style.jpg", 224, 72); err != nil {
			return err
		}
		if err := paint(painted, content, style, "-size=320"); err != nil {
			return err
		}
		if err := small(painted, "examples/"+name+".jpg", 144, 72); err != nil {
			return err
		}
	}
	for name, options := range ends {
		for i, end := range []string{"low", "high"} {
			if name != "size" {
				options[i] = append(options[i], "-size=192")
			}
			if err := paint(painted, "data/photographs/chelsea.jpg", "data/quality/shore.jpg", options[i]...); err != nil {
				return err
			}
			if err := small(painted, "ends/"+name+"-"+end+".jpg", 72, 75); err != nil {
				return err
			}
		}
	}
	return nil
}

func paint(to, content, style string, options ...string) error {
	arguments := append([]string{"-quiet", "-runs=off", "-content", content, "-style", style, "-out", to}, options...)
	if status := cli.Run(context.Background(), arguments, os.Stdout, os.Stderr); status != 0 {
		return fmt.Errorf("stylize %v ended with %d", arguments, status)
	}
	return nil
}

// small makes of a picture a JPEG in the page's folder, of so many pixels at most in height and width.
func small(from, to string, side, quality int) error {
	picture, err := sl.ReadImage(from)
	if err != nil {
		return err
	}
	bounds := picture.Bounds()
	scale := min(1, float64(side)/float64(max(bounds.Dx(), bounds.Dy())))
	drawn := image.NewRGBA(image.Rect(0, 0, int(scale*float64(bounds.Dx())), int(scale*float64(bounds.Dy()))))
	draw.CatmullRom.Scale(drawn, drawn.Rect, picture, bounds, draw.Src, nil)
	file, err := os.Create(filepath.Join(static, to))
	if err != nil {
		return err
	}
	defer file.Close()
	return jpeg.Encode(file, drawn, &jpeg.Options{Quality: quality})
}
