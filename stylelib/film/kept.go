package film

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"stylebook/stylelib/internal/atomicfile"
)

// Keep lets the recorder lie in a folder, so that a training which is resumed after so many epochs has the pictures of those.
func (r *Recorder) Keep(folder string, done int) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("keep the film's pictures: %w", err)
	}
	r.folder = folder
	paths, err := filepath.Glob(filepath.Join(folder, "*.jpg"))
	if err != nil {
		return fmt.Errorf("read the film's pictures: %w", err)
	}
	slices.Sort(paths)
	for _, path := range paths {
		epoch := 0
		if _, err := fmt.Sscanf(filepath.Base(path), kept, &epoch); err != nil || epoch > done {
			continue // of epochs that are computed again
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return fmt.Errorf("read the film's pictures: %w", err)
		}
		r.Frames = append(r.Frames, Frame{epoch, data})
	}
	return nil
}

const kept = "%06d.jpg" // the file of an epoch

func (f Frame) write(folder string) error {
	_, err := atomicfile.Write(filepath.Join(folder, fmt.Sprintf(kept, f.Epoch)), func(w io.Writer) error {
		_, err := w.Write(f.JPEG)
		return err
	})
	return err
}
