// Package film keeps pictures of a training while it runs, and makes a film of them: GIF by itself, MP4 and WebP through ffmpeg.
package film

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"

	"golang.org/x/image/draw"
)

const (
	// Frames is how many pictures of a training are kept, beside the first and the last.
	Frames = 60
	// Side is how high and wide a picture is at most, in pixels; larger ones are shrunk.
	Side = 720
)

// Recorder keeps pictures of one training.
type Recorder struct {
	Frames  []Frame
	Quality int // of their JPEG, 1 to 100

	every, epochs int
	folder        string // "": in memory only
}

// Frame is the picture after an epoch.
type Frame struct {
	Epoch int
	JPEG  []byte
}

// NewRecorder returns one for a training of that many epochs, whose pictures can be had after every so many of them.
func NewRecorder(epochs, every int) *Recorder {
	every = max(1, every)
	possible := max(1, epochs/every)
	return &Recorder{Quality: 95, every: every * ((possible-1)/Frames + 1), epochs: epochs}
}

// Wants says whether the picture after an epoch is to be kept: the first, some between, and the last.
func (r *Recorder) Wants(epoch int) bool {
	return len(r.Frames) == 0 || epoch%r.every == 0 || epoch == r.epochs
}

// Add keeps the picture after an epoch.
func (r *Recorder) Add(epoch int, picture image.Image) error {
	var file bytes.Buffer
	if err := jpeg.Encode(&file, Within(picture, Side), &jpeg.Options{Quality: r.Quality}); err != nil {
		return fmt.Errorf("keep the picture of epoch %d: %w", epoch, err)
	}
	frame := Frame{epoch, file.Bytes()}
	r.Frames = append(r.Frames, frame)
	if r.folder == "" {
		return nil
	}
	if err := frame.write(r.folder); err != nil {
		return fmt.Errorf("keep the picture of epoch %d: %w", epoch, err)
	}
	return nil
}

// Picture is the frame's picture.
func (f Frame) Picture() (image.Image, error) { return jpeg.Decode(bytes.NewReader(f.JPEG)) }

// Within is a picture of the same shape that is no higher or wider than so many pixels.
func Within(picture image.Image, side int) image.Image {
	b := picture.Bounds()
	longest := max(b.Dx(), b.Dy())
	if longest <= side {
		return picture
	}
	shrunk := image.NewRGBA(image.Rect(0, 0, max(1, b.Dx()*side/longest), max(1, b.Dy()*side/longest)))
	draw.CatmullRom.Scale(shrunk, shrunk.Bounds(), picture, b, draw.Src, nil)
	return shrunk
}
