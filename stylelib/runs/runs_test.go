package runs

import (
	"errors"
	"image"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/transfer"

	"github.com/google/go-cmp/cmp"
)

func spec() Spec {
	return Spec{Version: specVersion, Height: 2, Width: 3, Bits: 8, Options: transfer.Default(), Files: map[string]string{"content": strings.Repeat("a", 64)},
		Weights: strings.Repeat("b", 64), Engine: "go"}
}

// epochs reports the epochs from–to to a run.
func report(t *testing.T, r *Run, from, to int) {
	t.Helper()
	for epoch := from; epoch <= to; epoch++ {
		p := transfer.Epoch{Record: sl.Record{Epoch: epoch, Losses: []sl.TermLoss{{Name: "content", Value: 1}}, Total: float64(100 - epoch), Seconds: 0.5}}
		p.Snapshot = func() (*transfer.State, error) {
			return &transfer.State{Epoch: epoch, Height: 2, Width: 3, Arrays: map[string][]float32{"image": make([]float32, 18)}}, nil
		}
		if err := r.Report(p, false); err != nil {
			t.Fatal(err)
		}
	}
}

func TestRunGoesOnFromItsCheckpoint(t *testing.T) {
	store, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	r, err := store.Claim(spec(), []string{"-epochs=7"}, 3)
	if err != nil {
		t.Fatal(err)
	}
	if r.From() != nil {
		t.Error("a new run has a state")
	}
	report(t, r, 1, 5)

	var busy *BusyError
	if _, err := store.Claim(spec(), nil, 3); !errors.As(err, &busy) {
		t.Errorf("got %v, want a BusyError", err)
	}
	if found, err := store.Find(r.ID[:4]); err != nil || found.Status != Running || found.Epoch != 3 {
		t.Errorf("%+v, %v", found, err)
	}
	r.Close() // as if the process had died

	if found, err := store.Find(r.ID); err != nil || found.Status != Stopped {
		t.Errorf("%+v, %v", found, err)
	}
	other := spec()
	other.Options.Epochs, other.Files = 9, map[string]string{"content": strings.Repeat("c", 64)}
	var changed *ChangedError
	if _, err := store.Resume(r.ID, other, 3); !errors.As(err, &changed) {
		t.Fatalf("got %v, want a ChangedError", err)
	}
	want := []string{"Epochs: 9, was 500", "content: cccccccccccc, was aaaaaaaaaaaa"}
	if diff := cmp.Diff(want, changed.Differences); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}

	if r, err = store.Resume(r.ID, spec(), 3); err != nil {
		t.Fatal(err)
	}
	if r.From() == nil || r.From().Epoch != 3 || r.Epoch != 3 || r.Seconds != 1.5 {
		t.Errorf("it goes on from %+v, epoch %d, %g seconds", r.From(), r.Epoch, r.Seconds)
	}
	report(t, r, 4, 7)
	if err := r.Finish(image.NewRGBA(image.Rect(0, 0, 3, 2))); err != nil {
		t.Fatal(err)
	}
	r.Close()
	losses, err := store.Losses(r.ID)
	if err != nil || len(losses) != 7 || losses[6].Total != 93 {
		t.Errorf("%+v, %v", losses, err)
	}
	var finished *FinishedError
	if _, err := store.Claim(spec(), nil, 3); !errors.As(err, &finished) || finished.Run.Seconds != 3.5 {
		t.Errorf("got %v, want a FinishedError", err)
	}
	if _, err := os.Stat(filepath.Join(r.Folder, checkpointName)); !os.IsNotExist(err) {
		t.Errorf("the checkpoint of a finished run is still there: %v", err)
	}
	if again, err := store.Begin(spec(), nil, 3); err != nil || again.ID != r.ID+"-2" {
		t.Errorf("a run begun anew: %v", err)
	}
	var missing *NoRunError
	if _, err := store.Find(r.ID[:3]); !errors.As(err, &missing) || len(missing.Found) != 2 {
		t.Errorf("got %v, want both runs named", err)
	}
	if found, err := store.Find(r.ID); err != nil || found.ID != r.ID {
		t.Errorf("the whole name must do: %v", err)
	}
}

func TestCheckpointRoundTrip(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c")
	want := map[string][]float32{"image": {1, 2, 3, 4, 5, 6}, "adam_m": {0, -1, 1e-30, 4, 5, 6}, "lbfgs_steps": {}}
	c := checkpoint{Spec: spec(), Epoch: 4, Done: 9, Height: 1, Width: 2, Seconds: 2.25}
	if err := writeCheckpoint(path, c, want); err != nil {
		t.Fatal(err)
	}
	got, state, err := readCheckpoint(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&c, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, state.Arrays); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for n := range data { // cut off anywhere it is an error, never a panic
		if _, _, err := parseCheckpoint(data[:n]); err == nil {
			t.Fatalf("the first %d of %d bytes are taken for a checkpoint", n, len(data))
		}
	}
}
