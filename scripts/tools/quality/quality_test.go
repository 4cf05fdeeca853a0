package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestPlanIsChecked(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"x.jpg", "y.jpg", "z.jpg"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	good := `{side: 100, champion: a, pairs: [{content: x.jpg, style: y.jpg}, {content: z.jpg, style: y.jpg}, {content: x.jpg, style: gone.jpg}], contenders: [{name: a, set: {epochs: 1}}]}`
	read := func(text string, s settings) (*plan, error) {
		s.plan = filepath.Join(dir, "plan.yaml")
		if err := os.WriteFile(s.plan, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return readPlan(s)
	}
	p, err := read(good, settings{})
	if err != nil || len(p.Pairs) != 2 {
		t.Fatalf("without the pair whose painting is gone: %+v, %v", p, err)
	}
	if p, err = read(good, settings{pairs: "z-y", side: 7}); err != nil || len(p.Pairs) != 1 || p.Pairs[0].Content != "z.jpg" || p.Side != 7 {
		t.Errorf("taken: %+v, %v", p, err)
	}
	if _, err := read(good, settings{pairs: "x-z"}); err == nil || !strings.Contains(err.Error(), `there is no "x-z": choose of x-y, z-y, x-gone`) {
		t.Errorf("an unknown pair: %v", err)
	}
	for what, change := range map[string][2]string{
		"an unknown champion": {"champion: a", "champion: b"},
		"no side":             {"side: 100", "side: 0"},
		"nothing to do":       {"set: {epochs: 1}", "about: x"},
		"no pair that is":     {"y.jpg", "gone.jpg"},
		"an unknown key":      {"side", "sdie"},
	} {
		if _, err := read(strings.ReplaceAll(good, change[0], change[1]), settings{}); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// The whole way at a small size, twice: what was painted is there the second time.
func TestSmallRun(t *testing.T) {
	t.Setenv("GOMLX_BACKEND", "go")
	laboratory, err := open(t.Context(), t.TempDir())
	if err != nil {
		t.Skip("VGG-16 is in no cache")
	}
	laboratory.Close()
	content, err := filepath.Abs("../../../data/content.jpg")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	path := filepath.Join(dir, "plan.yaml")
	text := `
side: 48
champion: offline
pairs: [{content: CONTENT, style: STYLE}]
contenders:
  - {name: photograph, picture: "{content}"}
  - {name: painting, picture: "{style}"}
  - {name: offline, set: {weights: offline, epochs: 2}}
  - {name: copy, command: [cp, "{content}", "{out}"]}
  - {name: another, styles: [none.jpg], command: [cp, "{content}", "{out}"]}
`
	text = strings.NewReplacer("CONTENT", content, "STYLE", filepath.Join(filepath.Dir(content), "style.jpg")).Replace(text)
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out")
	var before []byte
	for range 2 {
		if err := run(t.Context(), []string{"-plan", path, "-work", filepath.Join(dir, "work"), "-out", out}); err != nil {
			t.Fatal(err)
		}
		table, err := os.ReadFile(filepath.Join(out, "quality.csv"))
		if err != nil {
			t.Fatal(err)
		}
		if before != nil && string(before) != string(table) {
			t.Errorf("the second time\n%s\nafter\n%s", table, before)
		}
		before = table
	}
	rows := strings.Split(strings.TrimSpace(string(before)), "\n")
	if len(rows) != 5 {
		t.Fatalf("not 4 results:\n%s", before)
	}
	for i, want := range []string{"0.0000,", "0.0000,"} { // the photograph's content, the painting's style
		fields := strings.SplitAfter(rows[1+i], ",")
		if fields[5-i] != want {
			t.Errorf("%s: field %d is not 0", rows[1+i], 5-i)
		}
	}
	for _, name := range []string{"quality.md", "quality.jpg"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}
