package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"stylebook/stylelib/quality"
)

func TestLowest(t *testing.T) {
	curve := []result{{Measures: quality.Measures{Content: 4, Style: 1}}, {Measures: quality.Measures{Content: 1, Style: 16}}}
	for at, want := range map[float64]float64{0.5: math.Inf(1), 1: 16, 2: 4, 4: 1, 9: 1} {
		if got := lowest(curve, content, style, at); math.Abs(got-want) > 1e-9 {
			t.Errorf("at content %g: %g, not %g", at, got, want)
		}
	}
}

func TestPlanIsChecked(t *testing.T) {
	good := `{area: 100, champion: a, pairs: [{content: x.jpg, style: y.jpg}, {content: z.jpg, style: y.jpg}], contenders: [{name: a, set: {epochs: 1}, dial: style-weight, values: [1, 2, 3]}]}`
	read := func(text string, s settings) (*plan, error) {
		s.plan = filepath.Join(t.TempDir(), "plan.yaml")
		if err := os.WriteFile(s.plan, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return readPlan(s)
	}
	p, err := read(good, settings{pairs: "z-y", quick: true, area: 7})
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Pairs) != 1 || p.Pairs[0].Content != "z.jpg" || p.Area != 7 || len(p.Contenders[0].Values) != 1 || p.Contenders[0].middle() != "2" {
		t.Errorf("taken: %+v", p)
	}
	if _, err := read(good, settings{pairs: "x-z"}); err == nil || !strings.Contains(err.Error(), `there is no "x-z": choose of x-y, z-y`) {
		t.Errorf("an unknown pair: %v", err)
	}
	for what, change := range map[string][2]string{
		"an unknown champion":   {"champion: a", "champion: b"},
		"no area":               {"area: 100", "area: 0"},
		"a dial without values": {"values: [1, 2, 3]", "values: []"},
		"nothing to do":         {"set: {epochs: 1}, dial: style-weight, values: [1, 2, 3]", "about: x"},
		"an unknown key":        {"area", "aera"},
	} {
		if _, err := read(strings.Replace(good, change[0], change[1], 1), settings{}); err == nil || strings.Contains(err.Error(), "\n") {
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
area: 1536
champion: offline
presets: [copy]
pairs: [{content: CONTENT, style: STYLE}]
contenders:
  - {name: photograph, picture: "{content}"}
  - {name: painting, picture: "{style}"}
  - {name: offline, set: {weights: offline, epochs: 2}, dial: style-weight, values: [1000, 2000]}
  - {name: copy, command: [cp, "{content}", "{out}"]}
  - {name: another, pairs: 1, command: [cp, "{content}", "{out}"]}
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
	if len(rows) != 7 {
		t.Fatalf("not 6 results:\n%s", before)
	}
	for i, want := range []string{"0.0000,", "0.0000,"} { // the photograph's content, the painting's style
		fields := strings.SplitAfter(rows[1+i], ",")
		if fields[4-i] != want {
			t.Errorf("%s: field %d is not 0", rows[1+i], 4-i)
		}
	}
	for _, name := range []string{"quality.md", "quality.jpg", "quality-curves.png"} {
		if _, err := os.Stat(filepath.Join(out, name)); err != nil {
			t.Error(err)
		}
	}
}
