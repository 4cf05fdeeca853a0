package session

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// A training that was finished is not repeated: what a cell gets the second time is what it got the first time, and what another
// loss gets is another's.
func TestTrainingsAreKept(t *testing.T) {
	folder := t.TempDir()
	t.Setenv(TrainingsEnv, folder)
	r := request(t)
	count := func() int {
		files, _ := filepath.Glob(filepath.Join(folder, "*.gob"))
		return len(files)
	}
	first, err := Paint(r)
	if err != nil || count() != 1 {
		t.Fatal(count(), err)
	}
	s := open(t, r)
	ctx, stop := context.WithCancel(t.Context())
	s.Context = ctx
	under, err := s.Under(chapters)
	if err != nil || count() != 2 {
		t.Fatal(count(), err)
	}
	stop() // whatever trains now ends at once
	if again, err := s.Paint(); err != nil || !bytes.Equal(again.Pix, first.Pix) {
		t.Errorf("the picture is made anew: %v", err)
	}
	again, err := s.Under(chapters)
	if err != nil || !bytes.Equal(again.Picture.Pix, under.Picture.Pix) || again.Last.Total != under.Last.Total ||
		again.Last.Loss("style") != under.Last.Loss("style") || again.Last.Epoch != 3 {
		t.Errorf("the training is made anew: %+v, %v", again.Last, err)
	}
	double := func(contents, styles []*Node, tv *Node) *Node { return MulScalar(chapters(contents, styles, tv), 2) }
	_, err = s.Under(double)
	if err == nil || err.Error() != "interrupted before the training began" || count() != 2 {
		t.Errorf("another loss is taken for the same, or an interrupted training is kept: %v", err)
	}
}

func TestOldTrainingsGo(t *testing.T) {
	folder := t.TempDir()
	for i := range keptFiles + 5 {
		if err := os.WriteFile(filepath.Join(folder, string(rune('a'+i%26))+string(rune('a'+i/26))+".gob"), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	makeRoom(folder)
	if files, _ := filepath.Glob(filepath.Join(folder, "*.gob")); len(files) != keptFiles-1 {
		t.Errorf("%d are left", len(files))
	}
}
