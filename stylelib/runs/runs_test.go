package runs

import (
	"bytes"
	"errors"
	"image"
	"math"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/request"
	"stylebook/stylelib/safetensors"
	"stylebook/stylelib/transfer"

	"github.com/google/go-cmp/cmp"
)

func spec() Spec {
	return Spec{Version: specVersion, Height: 2, Width: 3, Bits: 8, Options: transfer.Default(), Files: map[string]string{"content": strings.Repeat("a", 64)},
		Weights: strings.Repeat("b", 64), Engine: "go"}
}

// state is one of a run with that spec.
func state(epoch int) *transfer.State {
	return &transfer.State{Epoch: epoch, Height: 2, Width: 3, Arrays: map[string][]float32{
		"image": make([]float32, 18), "adam_m": make([]float32, 18), "adam_v": make([]float32, 18)}}
}

// epochs reports the epochs from–to to a run.
func report(t *testing.T, r *Run, from, to int) {
	t.Helper()
	for epoch := from; epoch <= to; epoch++ {
		p := transfer.Epoch{Record: sl.Record{Epoch: epoch, Losses: []sl.TermLoss{{Name: "content", Value: 1}}, Total: float64(100 - epoch), Seconds: 0.5}}
		p.Snapshot = func() (*transfer.State, error) {
			return state(epoch), nil
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
	r, err := store.Claim(spec(), request.Request{"epochs": []byte("7")}, 3)
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
	other.Options.Taps = sl.TapsBeforeReLU
	other.Options.Epochs, other.Files = 9, map[string]string{"content": strings.Repeat("c", 64)}
	var changed *ChangedError
	if _, err := store.Resume(r.ID, other, 3); !errors.As(err, &changed) {
		t.Fatalf("got %v, want a ChangedError", err)
	}
	want := []string{"Epochs: 9, was 500", "Taps: before the ReLU, was after the ReLU", "content: cccccccccccc, was aaaaaaaaaaaa"}
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
	lbfgs := spec()
	lbfgs.Height, lbfgs.Width = 1, 2
	lbfgs.Options.Use(transfer.LBFGS)
	lbfgs.Options.Scales = 2
	want := map[string][]float32{"image": {1, 2, 3, 4, 5, 6}, "lbfgs_step": {0, -1, 1e-30, 4, 5, 6}, "lbfgs_gradient": make([]float32, 6),
		"lbfgs_steps": {}, "lbfgs_changes": {}}
	c := checkpoint{Spec: lbfgs, Scale: 1, Epoch: 4, Done: lbfgs.Options.Epochs/2 + 4, Height: 1, Width: 2, Seconds: 2.25}
	if err := writeCheckpoint(path, c, want); err != nil {
		t.Fatal(err)
	}
	got, state, err := readCheckpoint(path, lbfgs)
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
	for bit := range 8 * len(data) { // with one bit flipped it is an error, or still says the same
		data[bit/8] ^= 1 << (bit % 8)
		other, otherState, err := parseCheckpoint(data)
		if err == nil && !(cmp.Equal(other, got) && cmp.Equal(otherState, state)) {
			t.Fatalf("with bit %d of byte %d flipped it is taken for a checkpoint", bit%8, bit/8)
		}
		data[bit/8] ^= 1 << (bit % 8)
	}
}

// A checkpoint whose parts don't fit the run is refused, even if whoever made it hashed it.
func TestCheckpointIsChecked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run", "c")
	if err := os.Mkdir(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	for name, change := range map[string]func(c *checkpoint, arrays map[string][]float32){
		"":                        func(*checkpoint, map[string][]float32) {},
		"has no image":            func(_ *checkpoint, a map[string][]float32) { delete(a, "image") },
		"has no adam_m":           func(_ *checkpoint, a map[string][]float32) { a["adam_m"] = nil },
		"has 4 arrays":            func(_ *checkpoint, a map[string][]float32) { a["more"] = make([]float32, 18) },
		"that are no numbers":     func(_ *checkpoint, a map[string][]float32) { a["image"][3] = nan },
		"is 1 × 6":                func(c *checkpoint, _ map[string][]float32) { c.Height, c.Width = 1, 6 },
		"of scale 5":              func(c *checkpoint, _ map[string][]float32) { c.Scale = 5 },
		"of scale -1":             func(c *checkpoint, _ map[string][]float32) { c.Scale = -1 },
		"of epoch 1000000000":     func(c *checkpoint, _ map[string][]float32) { c.Epoch, c.Done = 1e9, 1e9 },
		"of epoch -4":             func(c *checkpoint, _ map[string][]float32) { c.Epoch, c.Done = -4, -4 },
		"can't be epoch 5":        func(c *checkpoint, _ map[string][]float32) { c.Done = 5 },
		"after -1 seconds":        func(c *checkpoint, _ map[string][]float32) { c.Seconds = -1 },
		"begun with something el": func(c *checkpoint, _ map[string][]float32) { c.Spec.Engine = "other" },
	} {
		s := state(4)
		c := checkpoint{Spec: spec(), Epoch: 4, Done: 4, Height: 2, Width: 3}
		change(&c, s.Arrays)
		if err := writeCheckpoint(path, c, s.Arrays); err != nil {
			t.Fatal(err)
		}
		if _, _, err := readCheckpoint(path, spec()); (err == nil) != (name == "") || err != nil && !strings.Contains(err.Error(), name) {
			t.Errorf("%q: got %v", name, err)
		}
	}
}

// FuzzCheckpoint reads what is no checkpoint, or a damaged one.
func FuzzCheckpoint(f *testing.F) {
	path := filepath.Join(f.TempDir(), "c")
	if err := writeCheckpoint(path, checkpoint{Spec: spec(), Epoch: 4, Done: 4, Height: 2, Width: 3}, state(4).Arrays); err != nil {
		f.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	for _, ours := range []string{"{}", `{"spec":{}}`, `{"spec":{"options":{"ContentLayers":[1]}},"epoch":-1}`} {
		var old bytes.Buffer
		if err := safetensors.Write(&old, map[string]string{ourKey: ours}, nil); err != nil {
			f.Fatal(err)
		}
		f.Add(old.Bytes())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, s, err := parseCheckpoint(data)
		if err == nil && c.Spec.Key() == spec().Key() {
			_ = c.check(s, spec())
		}
	})
}

// A folder without a row is what a process left that died between the two: it neither hides the run nor makes a second one.
func TestOrphanedFolderIsTaken(t *testing.T) {
	store, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	id := spec().Key()[:idLength]
	if err := os.Mkdir(filepath.Join(store.Dir(), id), 0o755); err != nil {
		t.Fatal(err)
	}
	first, err := store.Begin(spec(), nil, 3)
	if err != nil || first.ID != id {
		t.Fatalf("%+v, %v", first, err)
	}
	second, err := store.Begin(spec(), nil, 3)
	if err != nil || second.ID != id+"-2" {
		t.Fatalf("%+v, %v", second, err)
	}
	// With the row of the first gone, its ID must not be taken for the second's beginning.
	if _, err := store.db.Exec("delete from runs where id = ?", id); err != nil {
		t.Fatal(err)
	}
	first.Close()
	if third, err := store.Begin(spec(), nil, 3); err != nil || third.ID != id {
		t.Errorf("%+v, %v", third, err)
	}
}

// A finished run whose picture is gone is computed again.
func TestLostPicture(t *testing.T) {
	store, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	for range 2 {
		r, err := store.Claim(spec(), nil, 3)
		if err != nil {
			t.Fatal(err)
		}
		report(t, r, 1, 2)
		if err := r.Finish(image.NewRGBA(image.Rect(0, 0, 3, 2))); err != nil {
			t.Fatal(err)
		}
		r.Close()
		if _, err := store.Claim(spec(), nil, 3); !errors.As(err, new(*FinishedError)) {
			t.Errorf("got %v, want a FinishedError", err)
		}
		if err := os.RemoveAll(r.Folder); err != nil {
			t.Fatal(err)
		}
	}
}

// One row that can't be read does not hide the others, and a database of another program is named.
func TestDatabaseURL(t *testing.T) {
	for path, want := range map[string]string{
		"/home/a b/ü?.sqlite": "file:///home/a%20b/%C3%BC%3F.sqlite?x=1",
		"C:/Users/ö/r.sqlite": "file:///C:/Users/%C3%B6/r.sqlite?x=1",
		"//server/share/r":    "file:////server/share/r?x=1",
	} {
		if got := databaseURL(path, url.Values{"x": {"1"}}); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
}

func TestDamagedDatabase(t *testing.T) {
	dir := t.TempDir()
	store, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	var ids []string
	for range 3 {
		r, err := store.Begin(spec(), nil, 3)
		if err != nil {
			t.Fatal(err)
		}
		r.Close()
		ids = append(ids, r.ID)
	}
	for _, change := range []string{"spec = '{'", "epoch = 'many'", "created = 'once'", "spec = '{\"version\":99}'"} {
		if _, err := store.db.Exec("update runs set "+change+" where id = ?", ids[1]); err != nil {
			t.Fatal(err)
		}
		all, err := store.List()
		if err != nil || len(all) != 3 {
			t.Fatalf("%s: %+v, %v", change, all, err)
		}
		if _, err := store.Find(ids[1]); err == nil || !strings.Contains(err.Error(), "the row of "+ids[1]) {
			t.Errorf("%s: %v", change, err)
		}
		if _, err := store.Find(ids[2]); err != nil {
			t.Error(err)
		}
	}
	if _, err := store.db.Exec("alter table runs rename column spec to other"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir); err == nil || !strings.Contains(err.Error(), "it is damaged, or of another program") {
		t.Errorf("got %v", err)
	}
	if err := os.MkdirAll(filepath.Join(dir, "x", databaseName), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(filepath.Join(dir, "x")); err == nil || !strings.Contains(err.Error(), "is no file") {
		t.Errorf("got %v", err)
	}
}
