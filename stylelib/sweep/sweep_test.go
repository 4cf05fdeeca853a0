package sweep

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"stylebook/stylelib/internal/fileoption"

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

// Every option that names a file counts from the sweep's folder, but for one that names a place to write to, which a sweep can't
// have.
func TestFilesCountFromTheSweep(t *testing.T) {
	for _, name := range fileoption.Names() {
		s, err := read(t, "set: {"+name+": x/mask.png}")
		if fileoption.IsPlace(name) {
			if err == nil || !strings.Contains(err.Error(), name+" can't be set in a sweep") {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		want := "-" + name + "=" + filepath.Join(filepath.Dir(s.Path), "x/mask.png")
		if got := s.Arguments(nil)[0]; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := s.Label(s.Set), name+"=mask.png"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestBadFiles(t *testing.T) {
	for text, want := range map[string]string{
		"vary: {a: 1}":                "vary: a: want a list of values",
		"vary: {a: []}":               "vary: a: want a list of values",
		"set: {a: [1]}":               "a: want a text or a number",
		"vary: {a: [[1]]}":            "a: want a text or a number",
		"set: {a: 1}\nvary: {a: [1]}": "a is set twice",
		"sat: {a: 1}":                 "line 1: field sat not found",
		"set: {help: true}":           "help can't be set",
		"set: {'-out': x}":            `there is no option "-out"`,
		"set: {a: &x [*x]}":           "a: want a text or a number",
		"set: 3":                      "set: want options",
		"vary: [1]":                   "vary: want options",
		"set: {a: ~}":                 "a: want a text or a number",
		"set: [":                      "line 1: did not find",
	} {
		_, err := read(t, text)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %v, want one line with %q", text, err, want)
		}
	}
}

// Whatever a file of the allowed size nests or repeats, reading it takes little.
func TestBadFilesTakeLittleMemory(t *testing.T) {
	for _, piece := range []string{"[", "{a: ", "- ", "? ", "a: ", "&a ", "!a ", "{", "\x00", "a: [b, "} {
		data := append([]byte("set: "), bytes.Repeat([]byte(piece), maxBytes/len(piece)-5)...)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := parse(data); err == nil {
			t.Errorf("%q again and again is taken for a sweep", piece)
		}
		if runtime.ReadMemStats(&after); after.TotalAlloc-before.TotalAlloc > 64<<20 {
			t.Errorf("%q again and again took %d MB", piece, (after.TotalAlloc-before.TotalAlloc)>>20)
		}
	}
	if _, err := Read("/dev/zero"); err == nil || runtime.GOOS == "linux" && !strings.Contains(err.Error(), "more than 1048576 bytes") {
		t.Errorf("an endless file: %v", err)
	}
}

func FuzzSweep(f *testing.F) {
	for _, seed := range []string{"set: {epochs: 3, quick: true}\nvary:\n  b: [x, 'y,z']\n  a: [1, 0.5]\n", `{"set": {"epochs": 3}}`, "set: &a {b: *a}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := parse(data); err == nil {
			for _, settings := range s.Combinations() {
				s.Arguments(settings)
			}
		}
	})
}

// Cells that a spreadsheet would compute are text, numbers stay numbers.
func TestTableIsHarmless(t *testing.T) {
	want := [][]string{{"'=1+1", "'+a", "'-b,c", "'@x", "-1.5", "a=1", "", "'\tx"}}
	if diff := cmp.Diff(want, harmless([][]string{{"=1+1", "+a", "-b,c", "@x", "-1.5", "a=1", "", "\tx"}})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
