package session

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/cli"
	"stylebook/stylelib/runs"
)

func laboratory(t *testing.T) *Laboratory {
	t.Helper()
	l, err := OpenLaboratory(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Close)
	return l
}

// A run gives what training without a store gives, and is there the second time.
func TestLaboratoryKeepsRuns(t *testing.T) {
	r := request(t)
	l := laboratory(t)
	first, err := l.Run(r)
	if err != nil {
		t.Fatal(err)
	}
	second, err := l.Run(r)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Paint(r)
	if err != nil {
		t.Fatal(err)
	}
	if first.Before || !second.Before || first.ID != second.ID || first.Measures != second.Measures {
		t.Errorf("first %+v\nthen %+v", first.Summary, second.Summary)
	}
	if !bytes.Equal(first.Image.Pix, want.Pix) || !bytes.Equal(second.Image.Pix, want.Pix) {
		t.Error("the picture is another than that of a training that is not kept")
	}
	clock := second.Clock()
	if len(clock) != 3 || clock[0] <= 0 || clock[1] <= clock[0] || clock[2] != second.Seconds {
		t.Errorf("clock %v of %g seconds", clock, second.Seconds)
	}
	r.Options.StyleWeight *= 2
	if other, err := l.Run(r); err != nil || other.Before || other.ID == first.ID {
		t.Errorf("another weight: %+v, %v", other, err)
	}
}

// The measures of the photograph and of the painting are those of the definitions: nothing is missing of itself.
func TestLaboratoryJudges(t *testing.T) {
	r := request(t)
	l := laboratory(t)
	content, err := sl.ReadImage(r.Content)
	if err != nil {
		t.Fatal(err)
	}
	style, err := sl.ReadImage(r.Styles[0])
	if err != nil {
		t.Fatal(err)
	}
	photograph, err := l.Judge.Measure(content, content, style, 48, 72)
	if err != nil {
		t.Fatal(err)
	}
	painting, err := l.Judge.Measure(style, content, style, 48, 72)
	if err != nil {
		t.Fatal(err)
	}
	if photograph.Content != 0 || photograph.Structure != 0 || photograph.Style <= 0 || photograph.Texture <= 0 {
		t.Errorf("the photograph: %+v", photograph)
	}
	if painting.Style != 0 || painting.Texture != 0 || painting.Grain != 1 || painting.Content <= 0 || painting.Structure <= 0 {
		t.Errorf("the painting: %+v", painting)
	}
}

// A run that was interrupted goes on here, and not by the command, which lacks what began it.
func TestLaboratoryGoesOn(t *testing.T) {
	r := request(t)
	l := laboratory(t)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	l.Context = ctx
	if _, err := l.Run(r); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	all, err := l.Store.List()
	if err != nil || len(all) != 1 || all[0].Status != runs.Stopped {
		t.Fatalf("%+v, %v", all, err)
	}
	var out, say bytes.Buffer
	if code := cli.Run(t.Context(), []string{"-runs", l.Store.Dir(), "-resume", all[0].ID}, &out, &say); code == 0 ||
		!strings.Contains(say.String(), "begun by a program or a notebook") {
		t.Errorf("the command: %d, %s", code, &say)
	}
	l.Context = t.Context()
	if done, err := l.Run(r); err != nil || done.Before || done.ID != all[0].ID || done.Status != runs.Finished {
		t.Errorf("it goes on: %+v, %v", done, err)
	}
}
