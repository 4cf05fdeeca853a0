package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	cells, err := split("# Title\ntext\n\n```go parameters\nvar a = 1\n```\n\n## Section\nmore\n```\nnot a cell\n```\n## Next\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []cell{
		{source: "# Title\ntext"},
		{code: true, source: "var a = 1", tags: []string{"parameters"}},
		{source: "## Section\nmore\n```\nnot a cell\n```"},
		{source: "## Next"},
	}
	if diff := cmp.Diff(want, cells, cmp.AllowUnexported(cell{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if _, err := split("```go\nx"); err == nil {
		t.Error("a block without end is taken")
	}
}

var theLibrary = sync.OnceValues(func() (*library, error) { return loadLibrary("../../..", libraryPath) })

func testLibrary(t *testing.T) *library {
	t.Helper()
	l, err := theLibrary()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestCutQualifiesWhatTheNotebookDoesNotDeclare(t *testing.T) {
	l := testLibrary(t)
	cells, err := weave("```go\n%include Gram\n```\n```go\n%include StyleLoss ComputeLoss\n```", "", l)
	if err != nil {
		t.Fatal(err)
	}
	if source := cells[0].source; !strings.HasPrefix(source, "import (\n\t\"stylebook/stylelib/ops\"\n\t. \"github.com/gomlx/gomlx/core/graph\"\n)\n\n// Gram returns") {
		t.Errorf("the first cell lacks its import or its comment:\n%s", source)
	}
	source := cells[1].source
	for _, want := range []string{"ReduceAllMean(Square(Sub(Gram(features)", "MulScalar(sl.TVLoss(x)", "import sl \"stylebook/stylelib\""} {
		if !strings.Contains(source, want) {
			t.Errorf("want %q in\n%s", want, source)
		}
	}
	if strings.Contains(source, "core/graph") {
		t.Error("an import of an earlier cell is repeated")
	}
}

func TestCutRefuses(t *testing.T) {
	l := testLibrary(t)
	for text, want := range map[string]string{
		"```go\n%include Nothing\n```":                              "no such declaration",
		"```go\n%include StyleLoss\n```\n```go\n%include Gram\n```": "which only a later cell declares",
	} {
		if _, err := weave(text, "", l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestCutRefusesWhatIsNotExported(t *testing.T) {
	l, err := loadLibrary("../../..", libraryPath+"/transfer")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := weave("```go\n%include RelaxedEMD\n```", "", l); err == nil || !strings.Contains(err.Error(), "it uses cosineDistances, which a notebook can't see") {
		t.Errorf("got %v", err)
	}
}

func TestRenderKeepsOutputsUpToTheFirstChange(t *testing.T) {
	old := []cell{{code: true, source: "%%\na()"}, {source: "text"}, {code: true, source: "%%\nb()"}, {code: true, source: "%%\nc()"}}
	file, err := render(old, nil)
	if err != nil {
		t.Fatal(err)
	}
	executed := strings.ReplaceAll(string(file), `"outputs": []`, `"outputs": [{"output_type": "stream"}]`)
	changed := append([]cell{}, old...)
	changed[1].source, changed[2].source = "other text", "%%\nb(2)"
	file, err = render(changed, []byte(executed))
	if err != nil {
		t.Fatal(err)
	}
	var book notebook
	if err := json.Unmarshal(file, &book); err != nil {
		t.Fatal(err)
	}
	for i, want := range []int{1, 0, 0, 0} {
		if got := len(book.Cells[i].Outputs); got != want {
			t.Errorf("cell %d keeps %d outputs, want %d", i, got, want)
		}
	}
}

func TestRenderRefusesWhatIsNoGo(t *testing.T) {
	if _, err := render([]cell{{code: true, source: "%%\nx := "}}, nil); err == nil {
		t.Error("a cell that can't be parsed is taken")
	}
}

func TestCheckFindsStaleNotebooks(t *testing.T) {
	root := repositoryWith(t, map[string]string{"a.md": "# One\n"})
	source := filepath.Join(root, "notebooks", "src", "a.md")
	notebook := filepath.Join(root, "notebooks", "00-a.ipynb")
	if stale, err := weaveAll(root, testLibrary(t), true); err != nil || len(stale) != 1 {
		t.Fatalf("a missing notebook isn't found: %v %v", stale, err)
	}
	if _, err := os.Stat(notebook); err == nil {
		t.Error("-check has written a notebook")
	}
	if _, err := weaveAll(root, testLibrary(t), false); err != nil {
		t.Fatal(err)
	}
	if stale, err := weaveAll(root, testLibrary(t), true); err != nil || len(stale) != 0 {
		t.Fatalf("stale right after weaving: %v %v", stale, err)
	}
	write(t, source, "# Two\n")
	if stale, _ := weaveAll(root, testLibrary(t), true); len(stale) != 1 {
		t.Error("a changed text isn't found")
	}
}

func TestTranslate(t *testing.T) {
	originals := []cell{{source: "One"}, {code: true, source: "var a = 1", tags: []string{"parameters"}}, {source: "Two"}, {code: true, source: "%%\nb()"}}
	cells, err := translate("# 一\n\n%cell var a\n\n二\n%cell b()\n", originals)
	if err != nil {
		t.Fatal(err)
	}
	want := []cell{{source: "# 一"}, originals[1], {source: "二"}, originals[3]}
	if diff := cmp.Diff(want, cells, cmp.AllowUnexported(cell{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	for text, want := range map[string]string{
		"%cell var a\n":                       "no %cell line for 1 code cells",
		"%cell var a\n%cell c()\n":            "the code cell at this place",
		"%cell var a\n%cell b()\n%cell b()\n": "no more code cells",
		"```go\nvar a = 2\n```\n":             "no code of its own",
	} {
		if _, err := translate(text, originals); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestATranslationHasTheOutputsOfItsOriginal(t *testing.T) {
	root := repositoryWith(t, map[string]string{"a.md": "One\n```go\n%%\nprintln(1)\n```\n", "a.zh.md": "一\n\n%cell println\n"})
	wovenWith(t, root, `"outputs": [{"output_type": "stream"}]`)
	if stale, err := weaveAll(root, testLibrary(t), true); err != nil || len(stale) == 0 {
		t.Errorf("a translation without the new output isn't found: %v %v", stale, err)
	}
	if _, err := weaveAll(root, testLibrary(t), false); err != nil {
		t.Fatal(err)
	}
	translated, err := os.ReadFile(filepath.Join(root, "notebooks", "00-a.zh.ipynb"))
	if err != nil || !strings.Contains(string(translated), `"stream"`) || !strings.Contains(string(translated), "一") {
		t.Errorf("want the output and the text, got %v\n%s", err, translated)
	}
	write(t, filepath.Join(root, "notebooks", "src", "b.zh.md"), "二\n")
	if _, err := weaveAll(root, testLibrary(t), true); err == nil || !strings.Contains(err.Error(), "there is no b.md") {
		t.Errorf("a translation of nothing gives %v", err)
	}
}

func TestGivenCells(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "task.md"), "Text\n```go parameters\nvar a = 1\n```\n```go\nvar b = 2\n```\n")
	text, err := withGiven("Solution\n\n%given task var a\n\nMore\n", folder)
	if want := "Solution\n\n```go parameters\nvar a = 1\n```\n\nMore\n"; err != nil || text != want {
		t.Errorf("got %q and %v, want %q", text, err, want)
	}
	for text, want := range map[string]string{
		"%given task var c":  "0 code cells",
		"%given task var":    "2 code cells",
		"%given task":        "want 1",
		"%given other var a": "other.md",
	} {
		if _, err := withGiven(text, folder); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
	}
}

func TestAMissingFigure(t *testing.T) {
	root := repositoryWith(t, map[string]string{"a.md": "![Gram](figures/gram.svg)\n"})
	if _, err := weaveAll(root, testLibrary(t), false); err == nil || !strings.Contains(err.Error(), "figures/gram.svg") {
		t.Errorf("want an error that names the figure, got %v", err)
	}
}

func TestNotebooksAreNumbered(t *testing.T) {
	root := repositoryWith(t, map[string]string{"a.md": "One\n", "b.md": "[one](a.ipynb), [中文](a.zh.ipynb)\n"})
	if _, err := weaveAll(root, testLibrary(t), false); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(root, "notebooks", "01-b.ipynb"))
	if err != nil || !strings.Contains(string(file), "[one](00-a.ipynb), [中文](00-a.zh.ipynb)") {
		t.Errorf("%v\n%s", err, file)
	}
	for name, want := range map[string]string{"b.md": "c.ipynb) leads to no notebook", "c.md": "c is not in notebooks/src/order"} {
		root := repositoryWith(t, map[string]string{"a.md": "One\n", name: "[three](c.ipynb)\n"})
		if _, err := weaveAll(root, testLibrary(t), false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: want %q, got %v", name, want, err)
		}
	}
}

// Every text has its Chinese one.
func TestEveryTextIsTranslated(t *testing.T) {
	texts, err := filepath.Glob("../../../notebooks/src/*.md")
	if err != nil || len(texts) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	for _, text := range texts {
		if original(text) != "" {
			continue
		}
		if _, err := os.Stat(strings.TrimSuffix(text, ".md") + ".zh.md"); err != nil {
			t.Error(err)
		}
	}
}

// repositoryWith returns a folder with the given texts.
func repositoryWith(t *testing.T, texts map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range texts {
		write(t, filepath.Join(root, "notebooks", "src", name), text)
	}
	write(t, filepath.Join(root, "notebooks", "src", "order"), "a\nb\n")
	return root
}

// wovenWith weaves, and gives the cells of the notebook a the outputs.
func wovenWith(t *testing.T, root, outputs string) {
	t.Helper()
	if _, err := weaveAll(root, testLibrary(t), false); err != nil {
		t.Fatal(err)
	}
	notebook := filepath.Join(root, "notebooks", "00-a.ipynb")
	file, err := os.ReadFile(notebook)
	if err != nil {
		t.Fatal(err)
	}
	write(t, notebook, strings.ReplaceAll(string(file), `"outputs": []`, outputs))
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Whatever stands in a text, cutting it into cells loses no line of code.
func FuzzSplit(f *testing.F) {
	for _, text := range []string{"# Title\ntext\n\n```go parameters\nvar a = 1\n```\n", "```go\nx", "```\n```go\n```", "```go a b\n%include x\n```"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		cells, err := split(text)
		if err != nil {
			return
		}
		for _, c := range cells {
			for line := range strings.Lines(c.source) {
				if !strings.Contains(text, strings.TrimRight(line, "\n")) {
					t.Errorf("%q is not in the text", line)
				}
			}
		}
	})
}

// Chinese has no spaces, so that a line which ends within it is joined with the next; what begins something of its own is not.
func TestUnbroken(t *testing.T) {
	for text, want := range map[string]string{
		"风格\n   迁移，\n`Gram` 是\n矩阵。\n*就是*": "风格迁移，`Gram` 是矩阵。*就是*",
		"看 `Gram`\n是什么":                   "看 `Gram`\n是什么",
		"是什么\n`Gram`":                     "是什么\n`Gram`",
		"如下：\n* 一\n* 二\n1. 三\n\n四\n| 五 |": "如下：\n* 一\n* 二\n1. 三\n\n四\n| 五 |",
		"即，\n$$x$$\n和，\n$y$":              "即，\n$$x$$\n和，$y$",
		"`conv4_4`\n（25）":                 "`conv4_4`（25）",
		"one,\ntwo":                       "one,\ntwo",
	} {
		if got := unbroken(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}
