package main

import (
	"flag"
	"image"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"stylebook/scripts/author/lattice"
)

var full = flag.Bool("full", false, "also render at full size and compare every pixel")

const data = "../../../data"

func (p picture) size() image.Point {
	w, h := size(p.scale)
	return image.Pt(w, h)
}

func load(t *testing.T, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := jpeg.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

// blocks averages red, green and blue over an n × m lattice.
func blocks(img image.Image, n, m int) []float64 {
	b := img.Bounds()
	sum, count := make([]float64, 3*n*m), make([]float64, n*m)
	for y := range b.Dy() {
		for x := range b.Dx() {
			k := y*m/b.Dy()*n + x*n/b.Dx()
			r, g, bl, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			sum[3*k] += float64(r) / 257
			sum[3*k+1] += float64(g) / 257
			sum[3*k+2] += float64(bl) / 257
			count[k]++
		}
	}
	for i := range sum {
		sum[i] /= count[i/3]
	}
	return sum
}

// gap is the mean and the 99th percentile of absolute differences.
func gap(a, b []float64) (mean, high float64) {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = max(a[i]-b[i], b[i]-a[i])
		mean += d[i] / float64(len(a))
	}
	slices.Sort(d)
	return mean, d[len(d)*99/100]
}

func TestPicturesAreAsCommitted(t *testing.T) {
	if testing.Short() {
		t.Skip("renders all pictures")
	}
	for _, p := range pictures {
		t.Run(p.file, func(t *testing.T) {
			img := load(t, filepath.Join(data, p.file))
			if b := img.Bounds(); b.Size() != p.size() {
				t.Fatalf("size %v", b)
			}
			// A quarter of the size has coarser detail (needles come out
			// denser), so only the means of blocks agree, and loosely.
			mean, high := gap(blocks(img, 30, 20), blocks(p.render(p.scale/4).image(), 30, 20))
			t.Logf("blocks: mean %.2f, 99%% %.2f", mean, high)
			if mean > 6 || high > 35 {
				t.Errorf("blocks differ by %.2f on average, %.2f at the 99th percentile", mean, high)
			}
			if *full {
				compareFull(t, img, p)
			}
		})
	}
}

// compareFull puts a new rendering through JPEG and compares pixel by pixel.
// The tolerance is for other processors, which may round differently.
func compareFull(t *testing.T, img image.Image, p picture) {
	path, n := filepath.Join(t.TempDir(), "picture.jpg"), p.size()
	if err := writeJPEG(path, p.render(p.scale).image()); err != nil {
		t.Fatal(err)
	}
	mean, high := gap(blocks(img, n.X, n.Y), blocks(load(t, path), n.X, n.Y))
	t.Logf("pixels: mean %.3f, 99%% %.2f", mean, high)
	if mean > 0.5 || high > 2 {
		t.Errorf("pixels differ by %.3f on average, %.2f at the 99th percentile", mean, high)
	}
}

func TestRenderingRepeats(t *testing.T) {
	if testing.Short() {
		t.Skip("renders a picture twice")
	}
	a, b := valley.paint(0.15).image(), valley.paint(0.15).image()
	if !slices.Equal(a.Pix, b.Pix) {
		t.Error("two renderings differ")
	}
}

func TestNoiseStaysInRange(t *testing.T) {
	low, high := 0.0, 0.0
	for i := range 20000 {
		v := lattice.Noise(float64(i)*0.137, float64(i)*0.071, 3)
		low, high = min(low, v), max(high, v)
	}
	if low < -1.05 || high > 1.05 || high-low < 1.2 {
		t.Errorf("noise2 runs from %.2f to %.2f", low, high)
	}
}

func TestProjectionUndoesRay(t *testing.T) {
	for _, mirrored := range []bool{false, true} {
		v := newView(300, 200, mirrored)
		p := v.origin().add(v.ray(70, 150).scale(25))
		x, y, _ := v.project(p)
		if d := max(x-70, 70-x) + max(y-150, 150-y); d > 1e-9 {
			t.Errorf("mirrored %v: (70, 150) came back as (%g, %g)", mirrored, x, y)
		}
	}
}
