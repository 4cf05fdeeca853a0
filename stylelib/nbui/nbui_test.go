package nbui_test

import (
	"encoding/json"
	"errors"
	"image"
	"image/gif"
	"os"
	"path/filepath"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/nbui"

	"github.com/gomlx/gomlx/core/tensors"
)

// Who runs a notebook without a screen reads a line for each epoch, with whatever losses there are.
func TestLiveTellsTheProgress(t *testing.T) {
	path := filepath.Join(t.TempDir(), "progress.jsonl")
	t.Setenv(nbui.ProgressEnv, path)
	live := nbui.NewLive(2)
	for epoch := 1; epoch <= 2; epoch++ {
		record := sl.Record{Epoch: epoch, Losses: []sl.TermLoss{{Name: "content", Value: 1}, {Name: "mine", Value: 2}}, Total: 3,
			Image: tensors.FromFlatDataAndDimensions(make([]float32, 2*3*3), 1, 2, 3, 3)}
		if err := live.Report(record); err != nil {
			t.Fatal(err)
		}
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	lines := json.NewDecoder(file)
	for epoch := 1.0; epoch <= 2; epoch++ {
		var line map[string]any
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		time, _ := line["time"].(string)
		if line["epoch"] != epoch || line["epochs"] != 2.0 || line["content"] != 1.0 || line["mine"] != 2.0 || line["total"] != 3.0 || time == "" {
			t.Errorf("epoch %g is told as %v", epoch, line)
		}
	}
	if lines.More() {
		t.Error("there are more than two lines")
	}
}

// A training of something else than an image shows a picture of its own, and its film has it.
func TestLiveShowsAnotherPicture(t *testing.T) {
	live := nbui.NewLive(1)
	live.Picture = func(r sl.Record) (image.Image, error) {
		return image.NewRGBA(image.Rect(0, 0, 10+r.Epoch, 7)), nil
	}
	if err := live.Report(sl.Record{Epoch: 1}); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "film.gif")
	if err := live.Film(path); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if film, err := gif.DecodeConfig(file); err != nil || film.Width != 10 || film.Height != 6 { // even, as in videos
		t.Errorf("%d × %d: %v", film.Height, film.Width, err)
	}
	live.Picture = func(sl.Record) (image.Image, error) { return nil, os.ErrClosed }
	if err := live.Report(sl.Record{Epoch: 1}); !errors.Is(err, os.ErrClosed) {
		t.Error(err)
	}
}
