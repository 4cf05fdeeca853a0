package nbui_test

import (
	"encoding/json"
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
