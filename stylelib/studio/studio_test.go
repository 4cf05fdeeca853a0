package studio_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"stylebook/stylelib/internal/testkit"
	"stylebook/stylelib/studio"
)

// A limit takes pixels first and epochs then; a size that is asked for holds.
func TestLimit(t *testing.T) {
	e := testkit.Engine(t, "go")
	open := func(change func(r *studio.Request)) (height, width, epochs int, said string) {
		r := studio.Default()
		data := filepath.Join(testkit.Root(t), "data")
		r.Content, r.Style, r.Weights.Spec = filepath.Join(data, "content.jpg"), filepath.Join(data, "style.jpg"), "offline"
		r.Area = 150 * 225
		r.Say = func(line string) { said += line + "\n" }
		change(&r)
		s, err := studio.Open(t.Context(), e.Backend, r)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		shape := s.Content.Shape()
		if !shape.Equal(s.Style.Shape()) {
			t.Errorf("content %s, style %s", shape, s.Style.Shape())
		}
		return shape.Dim(1), shape.Dim(2), s.Options.Epochs, said
	}
	h, w, epochs, said := open(func(r *studio.Request) { r.Limit = time.Hour })
	if h*w < 149*224 || epochs != 500 || strings.Contains(said, "limit") {
		t.Errorf("an hour gives %d × %d and %d epochs:\n%s", h, w, epochs, said)
	}
	h, w, epochs, said = open(func(r *studio.Request) { r.Limit = time.Second })
	if h*w > 101*152 || h*w < 99*148 || epochs >= 250 || epochs < 1 || !strings.Contains(said, "limit    1s: ") {
		t.Errorf("a second gives %d × %d and %d epochs:\n%s", h, w, epochs, said)
	}
	h, w, epochs, _ = open(func(r *studio.Request) { r.Limit, r.Height, r.Width = time.Second, 60, 90 })
	if h != 60 || w != 90 || epochs != 500 {
		t.Errorf("60 × 90 became %d × %d and %d epochs", h, w, epochs)
	}
}
