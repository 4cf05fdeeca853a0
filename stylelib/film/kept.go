package film

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"stylebook/stylelib/internal/atomicfile"
)

// Keep lets the recorder lie in a folder, so that a training which is resumed after so many epochs has the pictures of those.
func (r *Recorder) Keep(folder string, done int) error {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return fmt.Errorf("keep the film's pictures: %w", err)
	}
	r.folder = folder
	epochs, err := Kept(folder)
	if err != nil {
		return err
	}
	for _, epoch := range epochs {
		if epoch > done {
			break // those are computed again
		}
		data, err := os.ReadFile(File(folder, epoch))
		if err != nil {
			return fmt.Errorf("read the film's pictures: %w", err)
		}
		r.Frames = append(r.Frames, Frame{epoch, data})
	}
	return nil
}

// Kept returns the epochs whose pictures lie in a folder, in order; none where there is no folder.
func Kept(folder string) (epochs []int, err error) {
	entries, err := os.ReadDir(folder)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read the film's pictures: %w", err)
	}
	for _, entry := range entries {
		epoch, err := strconv.Atoi(strings.TrimSuffix(entry.Name(), ".jpg"))
		if err == nil && File(folder, epoch) == filepath.Join(folder, entry.Name()) {
			epochs = append(epochs, epoch)
		}
	}
	slices.Sort(epochs)
	return epochs, nil
}

// File is where a folder keeps the picture after an epoch.
func File(folder string, epoch int) string {
	return filepath.Join(folder, fmt.Sprintf("%06d.jpg", epoch))
}

func (f Frame) write(folder string) error {
	_, err := atomicfile.Write(File(folder, f.Epoch), func(w io.Writer) error {
		_, err := w.Write(f.JPEG)
		return err
	})
	return err
}
