package runs

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"io"
	"os"
	"path/filepath"

	sl "stylebook/stylelib"
	"stylebook/stylelib/internal/atomicfile"
	"stylebook/stylelib/internal/imagefile"
	"stylebook/stylelib/internal/resample"
)

const (
	smallSide    = 360 // pixels
	smallQuality = 80
)

// Small returns a small JPEG of a picture of the run: its result where option is "", else the i-th file that its request names for an option.
// It is made once, and kept in the run's folder as long as the picture does not change.
func (r Summary) Small(option string, i int) ([]byte, error) {
	path := r.Picture()
	if option != "" {
		inputs := r.Inputs(option)
		if i < 0 || i >= len(inputs) {
			return nil, fmt.Errorf("run %s has no such picture", r.ID)
		}
		path = inputs[i]
	}
	of, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("run %s: its picture is gone: %w", r.ID, err)
	}
	kept := filepath.Join(r.Folder, fmt.Sprintf("small%s%d.jpg", option, i))
	if info, err := os.Stat(kept); err == nil && info.ModTime().After(of.ModTime()) {
		return os.ReadFile(kept)
	}
	small, err := Shrink(path)
	if err != nil {
		return nil, err
	}
	_, _ = atomicfile.Write(kept, func(w io.Writer) error { // a folder that can't be written to only costs time
		_, err := w.Write(small)
		return err
	})
	return small, nil
}

// Shrink makes a small JPEG of a picture file.
func Shrink(path string) ([]byte, error) {
	f, err := imagefile.ReadFree(path)
	if err != nil {
		return nil, err
	}
	height, width := f.Picture.Rect.Dy(), f.Picture.Rect.Dx()
	if longer := max(height, width); longer > smallSide {
		height, width = max(1, height*smallSide/longer), max(1, width*smallSide/longer)
	}
	var out bytes.Buffer
	err = jpeg.Encode(&out, resample.Antialias(f.Picture, height, width), &jpeg.Options{Quality: smallQuality})
	return out.Bytes(), err
}

// PhotographFile is the file of the run's photograph, "" for a run of pictures in memory.
func (r Summary) PhotographFile() string {
	if paths := r.Inputs("content"); len(paths) == 1 {
		return paths[0]
	}
	return ""
}

// Photograph is the run's photograph, brought to the size of its result. Another file that has taken its name is refused.
func (r Summary) Photograph() (image.Image, error) {
	file, err := imagefile.ReadFree(r.PhotographFile())
	if err != nil {
		return nil, err
	}
	if file.SHA256 != r.Spec.Files["content"] {
		return nil, fmt.Errorf("run %s: its photograph has changed", r.ID)
	}
	return sl.Resize(file.Picture, r.Spec.Height, r.Spec.Width, r.Spec.Options.Resize)
}
