package checks

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	sl "stylebook/stylelib"
	"stylebook/stylelib/i18n"

	. "github.com/gomlx/gomlx/core/graph"
)

// sentence is what hints look like: the notebooks' example sentences of exercise 4 have no full stop.
var sentence = regexp.MustCompile(`^[^%]+ [^%]+[.?]$`)

// Every hint has its Chinese.
func TestHintsAreTranslated(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			literal, ok := node.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(literal.Value)
			if err == nil && sentence.MatchString(text) {
				if count++; !i18n.Known(text) {
					t.Errorf("%s: no Chinese for %q", name, text)
				}
			}
			return true
		})
	}
	if count < 90 {
		t.Errorf("found %d hints: is this what hints look like?", count)
	}
}

var english = regexp.MustCompile(`\b(yours|expected|the|its|of|for|not|all|but|after|some|are|is|no)\b`)

// A Chinese notebook's checks say nothing in English.
func TestChecksSpeakChinese(t *testing.T) {
	n := rightNet()
	all := func() []Result {
		similarity := func(a, b []string, idf func(word string) float64) float64 { return 0 }
		whole := func(words []string, isMarker func(gram string) bool, maxN int) (template, markers []string) {
			return words, nil
		}
		return []Result{
			Preprocess(sl.Preprocess), Postprocess(sl.Postprocess), ExtractFeatures(sl.ExtractFeatures), GetStyles(sl.GetStyles),
			ContentLoss(sl.ContentLoss), Gram(sl.Gram), StyleLoss(sl.StyleLoss), TVLoss(sl.TVLoss), ComputeLoss(sl.ComputeLoss),
			GetInits(sl.GetInits), AdamUpdate(sl.AdamUpdate), LearningRate(sl.LearningRate), Similarity(similarity), Delete(whole),
			Convolution(n.conv), InstanceNorm(n.normalize), Enlarge(n.larger), ResidualBlock(n.block), PaintingNetwork(n.forward),
		}
	}
	var stored []string // as a notebook that was executed in English is translated
	for _, r := range all() {
		var lines []string
		for line := range strings.SplitSeq(r.Details(), "\n") {
			said := strings.TrimSpace(line)
			lines = append(lines, strings.Replace(line, said, i18n.Translate(said), 1))
		}
		stored = append(stored, strings.Join(lines, "\n"))
	}
	t.Setenv(i18n.LanguageEnv, "zh")
	for i, r := range all() {
		text := r.Details()
		if text != stored[i] {
			t.Errorf("English translated:\n%s\nsaid in Chinese:\n%s", stored[i], text)
		}
		if !r.Right {
			continue // the examples of exercise 4 are English
		}
		if found := english.FindString(text); found != "" || !r.Right || !strings.HasSuffix(text, r.Name+"：正确 ✓") {
			t.Errorf("%q in\n%s", found, text)
		}
	}
	undivided := Gram(func(x *Node) *Node {
		n, c := x.Shape().Size()/x.Shape().Dim(-1), x.Shape().Dim(-1)
		return Einsum("nc,nd->cd", Reshape(x, n, c), Reshape(x, n, c))
	})
	if text := undivided.String(); undivided.Right || !strings.Contains(text, "要除以元素的个数 c·h·w。") || !strings.HasSuffix(text, "Gram：还不对") {
		t.Errorf("a slip gives\n%s", text)
	}
}
