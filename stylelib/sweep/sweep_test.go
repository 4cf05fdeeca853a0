package sweep

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func read(t *testing.T, text string) (*Sweep, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sweep.yaml")
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return Read(path)
}

func TestCombinations(t *testing.T) {
	s, err := read(t, "set: {epochs: 3, quick: true}\nvary:\n  b: [x, 'y,z']\n  a: [1, 0.5]\n")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Setting{{"epochs", "3"}, {"quick", "true"}}, s.Set); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	want := [][]Setting{{{"b", "x"}, {"a", "1"}}, {{"b", "x"}, {"a", "0.5"}}, {{"b", "y,z"}, {"a", "1"}}, {{"b", "y,z"}, {"a", "0.5"}}}
	if diff := cmp.Diff(want, s.Combinations()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s, err = read(t, `{"set": {"epochs": 3}}`); err != nil || len(s.Combinations()) != 1 {
		t.Errorf("JSON without anything to vary must be one run: %+v, %v", s, err)
	}
}

func TestBadFiles(t *testing.T) {
	for text, want := range map[string]string{
		"vary: {a: 1}":                "vary: a: want a list of values",
		"vary: {a: []}":               "vary: a: want a list of values",
		"set: {a: [1]}":               "a: want a text or a number",
		"vary: {a: [[1]]}":            "a: want a text or a number",
		"set: {a: 1}\nvary: {a: [1]}": "a is set twice",
		"sat: {a: 1}":                 "unknown field",
		"set: [":                      "[1:",
	} {
		_, err := read(t, text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, want one line with %q", text, err, want)
		}
	}
}
