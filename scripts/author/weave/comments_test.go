package main

import (
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"stylebook/stylelib/i18n"

	"github.com/google/go-cmp/cmp"
)

func TestCommentsAreTranslated(t *testing.T) {
	list := comments{"// one\n// two": "// 一\n// 二", "// three": "// 三", "// four": "// 四"}
	source := "%%\n// one\n// two\nx := \"// three\" // three\nif x == \"\" {\n\t// four\n}\n!echo // three\n\t// one\n\t// two\n// five"
	want := "%%\n// 一\n// 二\nx := \"// three\" // 三\nif x == \"\" {\n\t// 四\n}\n!echo // three\n\t// 一\n\t// 二\n// five"
	got, missing := list.apply(source)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"// five"}, missing); diff != "" {
		t.Errorf("missing (-want +got)\n%s", diff)
	}
	if a, b := bare(source), bare(got+"\n%env STYLEBOOK_LANGUAGE zh"); a != b {
		t.Errorf("comments and language must not count:\n%q\n%q", a, b)
	}
	if bare("x := 1 // a") == bare("x := 2 // a") {
		t.Error("code must count")
	}
}

func TestReadComments(t *testing.T) {
	for text, refused := range map[string]bool{
		"// one\n= // 一\n\n// two\n//\n// lines\n= // 二\n": false,
		"// one\n\n// two\n= // 二\n":                       true,
		"= // 一\n":                                         true,
		"// one\n= // 一\n\n// one\n= // 二\n":               true,
	} {
		folder := t.TempDir()
		write(t, filepath.Join(folder, "comments.zh.txt"), text)
		if list, err := readComments(folder, "zh"); (err != nil) != refused || (err == nil && len(list) != 2) {
			t.Errorf("%q: %v, %v", text, list, err)
		}
	}
}

var sources = filepath.Join("..", "..", "..", "notebooks", "src")

// allCells are the cells of each notebook, but for the translations, by the name of its text.
func allCells(t *testing.T) map[string][]cell {
	t.Helper()
	texts, err := filepath.Glob(filepath.Join(sources, "*.md"))
	if err != nil || len(texts) == 0 {
		t.Fatalf("no texts: %v", err)
	}
	all := map[string][]cell{}
	for _, path := range texts {
		if original(path) != "" {
			continue
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if all[filepath.Base(path)], err = weave(string(text), sources, testLibrary(t)); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

// Whatever stands in a comment of a notebook has its Chinese, and nothing else is in the list.
func TestEveryCommentIsTranslated(t *testing.T) {
	list, err := readComments(sources, "zh")
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]bool{}
	for name, cells := range allCells(t) {
		for _, c := range cells {
			if !c.code {
				continue
			}
			for _, n := range notes(c.source) {
				used[n.text] = true
			}
			_, missing := list.apply(c.source)
			for _, comment := range missing {
				t.Errorf("%s: notebooks/src/comments.zh.txt lacks\n%s", name, comment)
			}
		}
	}
	for comment := range list {
		if !used[comment] {
			t.Errorf("no notebook has this comment any more:\n%s", comment)
		}
	}
}

// What a notebook writes on figures and sliders has its Chinese, but for numbers and names of layers.
func TestEveryTitleIsTranslated(t *testing.T) {
	count := 0
	for name, cells := range allCells(t) {
		for _, c := range cells {
			for _, title := range titles(c) {
				count++
				if !i18n.Known(title) && i18n.Translate(title+"1") == title+"1" {
					t.Errorf("%s: stylelib/i18n/zh.txt lacks %q", name, title)
				}
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d titles were found", count)
	}
}

var verbs = regexp.MustCompile(`%[.0-9]*[a-z]`)

// titles are the texts that a cell gives figures and sliders, or their formats.
func titles(c cell) (found []string) {
	file, _ := parsed(c.source)
	if !c.code || file == nil {
		return nil
	}
	add := func(value ast.Expr) {
		if call, ok := value.(*ast.CallExpr); ok && len(call.Args) > 0 { // Sprintf
			value = call.Args[0]
		}
		literal, ok := value.(*ast.BasicLit)
		if !ok {
			return
		}
		if text, err := strconv.Unquote(literal.Value); err == nil && regexp.MustCompile("[A-Za-z]").MatchString(verbs.ReplaceAllString(text, "")) {
			found = append(found, text)
		}
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.KeyValueExpr:
			if key, ok := n.Key.(*ast.Ident); ok && slices.Contains([]string{"Title", "Name", "X", "Y"}, key.Name) {
				add(n.Value)
			}
		case *ast.CompositeLit: // what an optimizer remembers is not shown
			if array, ok := n.Type.(*ast.ArrayType); ok && types.ExprString(array.Elt) == "sl.StateArray" {
				return false
			}
		case *ast.AssignStmt:
			if name, ok := n.Lhs[0].(*ast.Ident); ok && name.Name == "title" {
				add(n.Rhs[0])
			}
		case *ast.CallExpr:
			if function, ok := n.Fun.(*ast.SelectorExpr); ok && function.Sel.Name == "ShowSteps" {
				add(n.Args[0])
			}
		}
		return true
	})
	return found
}

func TestATranslationSpeaksItsLanguage(t *testing.T) {
	root := repositoryWith(t, map[string]string{
		"a.md": "One\n```go\n%noautoget\n```\n```go\n%%\nfmt.Println(checks.Gram(Gram)) // see\n```\n", "a.zh.md": "一\n\n%cell %noautoget\n\n%cell checks.Gram\n",
		"comments.zh.txt": "// see\n= // 看\n"})
	output := `"outputs": [{"output_type": "stream", "name": "stdout", "text": ["its gradient: yours 1, expected 2 ✗\n", "Gram: not yet\n"]},
 {"data": {"image/png": "QQ==", "text/html": ["<div class=\"stylebook-play\" data-play=\"{&#34;name&#34;:&#34;epoch&#34;,&#34;at&#34;:[&#34;data:a&#43;b&#34;,&#34;&#34;,&#34;content&#34;]}\">\n",
  "<img src=\"data:image/png;base64,style&#43;\" alt=\"synthesized image, epoch 60\"><img alt=\"\" title=\"style\"> loss<text x=\"1\">loss</text></div><script>const a = \"content\";</script>\n"]},
 "metadata": {}, "output_type": "display_data"}]`
	wovenWith(t, root, output)
	if _, err := weaveAll(root, testLibrary(t), false); err != nil {
		t.Fatal(err)
	}
	translated, err := os.ReadFile(filepath.Join(root, "notebooks", "00-a.zh.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	readable := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">", `\u0026`, "&").Replace(string(translated))
	for _, want := range []string{`%env STYLEBOOK_LANGUAGE zh`, "// 看", "它的梯度：你的结果 1，应为 2 ✗", "Gram：还不对", `{&#34;name&#34;:&#34;迭代周期&#34;,&#34;at&#34;:[&#34;data:a&#43;b&#34;,&#34;&#34;,&#34;内容&#34;]}`,
		`base64,style&#43;\" alt=\"合成图像，迭代周期 60\"><img alt=\"\" title=\"风格\"> 损失<text x=\"1\">损失</text>`, `const a = \"content\";`, `"image/png": "QQ=="`} {
		if !strings.Contains(readable, want) {
			t.Errorf("want %s in\n%s", want, readable)
		}
	}
}

func TestWhatIsPlayedWithGetsTheScriptOfNow(t *testing.T) {
	root := repositoryWith(t, map[string]string{"a.md": "One\n```go\n%noautoget\n```\n"})
	write(t, filepath.Join(root, "stylelib", "nbui", "play.js"), "const b = \"<\";\n")
	wovenWith(t, root, `"outputs": [{"data": {"text/html": ["<div class=\"stylebook-play\"></div><script>const a;\n", "</script>\n"]}, "output_type": "display_data"},
 {"data": {"text/html": ["<script>other</script>\n"]}, "output_type": "display_data"}]`)
	if _, err := weaveAll(root, testLibrary(t), false); err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(root, "notebooks", "00-a.ipynb"))
	if err != nil {
		t.Fatal(err)
	}
	got := strings.NewReplacer(`\u003c`, "<", `\u003e`, ">").Replace(string(file))
	if !strings.Contains(got, `</div><script>const b = \"<\";\n",`) || !strings.Contains(got, `"</script>"`) || strings.Contains(got, "const a") ||
		!strings.Contains(got, `"<script>other</script>\n"`) {
		t.Error(got)
	}
	if stale, err := weaveAll(root, testLibrary(t), true); err != nil || len(stale) > 0 {
		t.Errorf("woven again: %v, %v", stale, err)
	}
}
