package sweep

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"stylebook/stylelib/request"

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
	s, err := read(t, "set: {epochs: 3, quiet: true}")
	if err == nil {
		t.Errorf("an option of the process is taken: %v", s)
	}
	if s, err = read(t, "set: {epochs: 3, term: [moments, 'remd:2']}\nvary:\n  keep-colours: [luminance, '']\n  style-weight: [1, 0.5]\n"); err != nil {
		t.Fatal(err)
	}
	var got [][]string
	for i, r := range s.Runs {
		got = append(got, append(r.Words(), s.Label(i)))
	}
	var want [][]string
	for _, one := range [][2]string{{"luminance", "1"}, {"luminance", "0.5"}, {"", "1"}, {"", "0.5"}} {
		want = append(want, []string{"-preset=pytorch", "-epochs=3", "-keep-colours=" + one[0], "-style-weight=" + one[1], "-term=moments remd:2",
			"keep-colours=" + one[0] + "  style-weight=" + one[1]})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if s, err = read(t, `{"set": {"epochs": 3, "preset": "mxnet"}}`); err != nil || len(s.Runs) != 1 || s.Presets() != "mxnet, as the file says" {
		t.Errorf("JSON without anything to vary must be one run: %+v, %v", s, err)
	}
}

// Every option that names a file counts from the sweep's folder, but for one that names a place to write to, or a network, which a sweep
// can't have.
func TestFilesCountFromTheSweep(t *testing.T) {
	for _, o := range request.Table() {
		if o.Files == request.NoFile {
			continue
		}
		s, err := read(t, "vary: {"+o.Name+": [x/mask.png]}")
		if o.Files == request.Place || o.OfNet {
			if err == nil || !strings.Contains(err.Error(), o.Name+" can't be set in a sweep") {
				t.Errorf("%s: %v", o.Name, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if got, want := s.Runs[0].Text(o.Name), filepath.Join(filepath.Dir(s.Path), "x/mask.png"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
		if got, want := s.Label(0), o.Name+"=mask.png"; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestBadFiles(t *testing.T) {
	for text, want := range map[string]string{
		"vary: {seed: 1}":                   "vary: seed: want a list of values",
		"vary: {seed: []}":                  "vary: seed: want a list of values",
		"set: {seed: [1]}":                  "seed: want a text or a number",
		"vary: {seed: [[1]]}":               "seed: want a text or a number",
		"set: {seed: 1}\nvary: {seed: [1]}": "seed is set twice",
		"sat: {seed: 1}":                    "line 1: field sat not found",
		"set: {help: true}":                 `there is no option "help"`,
		"set: {'-out': x}":                  `there is no option "-out"; did you mean out?`,
		"set: {sead: 1}":                    `set: there is no option "sead"; did you mean seed?`,
		"vary: {seed: [one]}":               `seed: "one" is not a whole number`,
		"set: {quiet: true}":                "quiet can't be set in a sweep",
		"set: {seed: &x [*x]}":              "seed: want a text or a number",
		"set: 3":                            "set: want options",
		"vary: [1]":                         "vary: want options",
		"set: {seed: ~}":                    "seed: want a text or a number",
		"set: [":                            "line 1: did not find",
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
		if _, err := parse("", data); err == nil {
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
	for _, seed := range []string{"set: {epochs: 3, strength: 2}\nvary:\n  style: [x, 'y,z']\n  seed: [1, 5]\n", `{"set": {"epochs": 3}}`, "set: &a {b: *a}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := parse("", data); err == nil {
			for i := range s.Runs {
				s.Label(i)
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
