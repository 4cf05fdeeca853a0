package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
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

func testLibrary(t *testing.T) *library {
	t.Helper()
	l, err := loadLibrary("../..")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestCutQualifiesWhatTheNotebookDoesNotDeclare(t *testing.T) {
	l := testLibrary(t)
	cells, err := weave("```go\n%include Gram\n```\n```go\n%include StyleLoss\n```", l)
	if err != nil {
		t.Fatal(err)
	}
	if source := cells[0].source; !strings.HasPrefix(source, "import . \"github.com/gomlx/gomlx/core/graph\"\n\n// Gram returns") {
		t.Errorf("the first cell lacks its import or its comment:\n%s", source)
	}
	source := cells[1].source
	for _, want := range []string{"sl.Mean(Square(Sub(Gram(features)", "import sl \"stylebook/stylelib\""} {
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
		"```go\n%include NewExtractor\n```":                         "which a notebook can't see",
	} {
		if _, err := weave(text, l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want an error with %q", text, err, want)
		}
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
	root := t.TempDir()
	for _, name := range []string{"go.mod", "go.sum", "stylelib"} {
		if err := os.Symlink(mustAbs(t, filepath.Join("../..", name)), filepath.Join(root, name)); err != nil {
			t.Skip("skipped: no symbolic links here")
		}
	}
	source := filepath.Join(root, "notebooks", "src", "a.md")
	write(t, source, "# One\n")
	if stale, err := weaveAll("../..", true); err != nil || len(stale) != 0 {
		t.Fatalf("the committed notebooks are stale: %v %v", stale, err)
	}
	notebook := filepath.Join(root, "notebooks", "a.ipynb")
	if stale, err := weaveAll(root, true); err != nil || len(stale) != 1 {
		t.Fatalf("a missing notebook isn't found: %v %v", stale, err)
	}
	if _, err := os.Stat(notebook); err == nil {
		t.Error("-check has written a notebook")
	}
	if _, err := weaveAll(root, false); err != nil {
		t.Fatal(err)
	}
	if stale, err := weaveAll(root, true); err != nil || len(stale) != 0 {
		t.Fatalf("stale right after weaving: %v %v", stale, err)
	}
	write(t, source, "# Two\n")
	if stale, _ := weaveAll(root, true); len(stale) != 1 {
		t.Error("a changed text isn't found")
	}
}

func mustAbs(t *testing.T, path string) string {
	t.Helper()
	abs, err := filepath.Abs(path)
	if err != nil {
		t.Fatal(err)
	}
	return abs
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
