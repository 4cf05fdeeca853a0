package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// longestCell is how many lines a code cell may have, so that it is seen whole on a screen.
const longestCell = 35

// widestLine is how many columns a line of code may take, a tab being four and a Chinese character two, so that no cell scrolls in a
// window of 1280 pixels.
const widestLine = 100

func TestCellsAreNarrow(t *testing.T) {
	chinese, err := readComments("../../../notebooks/src", "zh")
	if err != nil {
		t.Fatal(err)
	}
	for path, cells := range wovenTexts(t) {
		for _, c := range cells {
			if translated, _ := chinese.apply(c.source); c.code {
				for line := range strings.SplitSeq(c.source+"\n"+translated, "\n") {
					if columns(line) > widestLine {
						t.Errorf("%s: %d columns: %s", path, columns(line), line)
					}
				}
			}
		}
	}
}

func columns(line string) (count int) {
	for _, r := range line {
		switch {
		case r == '\t':
			count += 4
		case r >= 0x2e80:
			count += 2
		default:
			count++
		}
	}
	return count
}

func TestCellsAreReadable(t *testing.T) {
	for path, cells := range wovenTexts(t) {
		if filepath.Base(path) == "offline-network.md" {
			continue // it is being written anew
		}
		if err := readable(cells); err != nil {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// wovenTexts are the cells of each text by its path; a translation's code is the original's.
func wovenTexts(t *testing.T) map[string][]cell {
	t.Helper()
	texts, err := filepath.Glob("../../../notebooks/src/*.md")
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
		if all[path], err = weave(string(text), filepath.Dir(path), testLibrary(t)); err != nil {
			t.Fatal(err)
		}
	}
	return all
}

func TestReadable(t *testing.T) {
	code := func(sources ...string) (cells []cell) {
		for _, source := range sources {
			cells = append(cells, cell{code: true, source: source})
		}
		return cells
	}
	for want, cells := range map[string][]cell{
		"":                                  code("import \"image\"", "%%\nx := 1 // image"),
		"36 lines":                          code(strings.Repeat("\n", 35)),
		"image is the name of a package":    code("import \"image\"", "%%\nimage := 1"),
		"sl is the name of a package":       code("import sl \"stylebook/stylelib\"", "func f(sl int) {}"),
		"rand is the name of a package":     code("var rand = 1", "import \"math/rand/v2\""),
		"context is the name of a package":  code("import \"context\"\nfor _, context := range x {\n}", "%%\nfor context := range x {\n}"),
		"figure is the name of a package":   code("import \"stylebook/stylelib/figure\"", "func figure() {}"),
		"transfer is the name of a package": code("import \"stylebook/stylelib/transfer\"", "type transfer struct{}"),
	} {
		err := readable(cells)
		if (want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

// readable refuses code cells that are too long or use the name of an imported package for something else, which confuses
// readers and breaks what they add to the cell.
func readable(cells []cell) (failed error) {
	imported := map[string]bool{}
	for _, c := range cells {
		if file, _ := parsed(c.source); c.code && file != nil {
			for _, spec := range file.Imports {
				imported[nameOf(spec)] = true
			}
		}
	}
	for i, c := range cells {
		if !c.code {
			continue
		}
		if lines := strings.Count(c.source, "\n") + 1; lines > longestCell {
			failed = errors.Join(failed, fmt.Errorf("cell %d has %d lines, more than %d: %.50q", i+1, lines, longestCell, c.source))
		}
		file, _ := parsed(c.source)
		for name := range declaredIn(file) {
			if imported[name] {
				failed = errors.Join(failed, fmt.Errorf("cell %d: %s is the name of a package, too: %.50q", i+1, name, c.source))
			}
		}
	}
	return failed
}

// nameOf returns the name by which an import is used.
func nameOf(spec *ast.ImportSpec) string {
	if spec.Name != nil {
		return spec.Name.Name
	}
	name, _ := strconv.Unquote(spec.Path.Value) // the parser took it
	if strings.HasPrefix(path.Base(name), "v") && strings.Contains(name, "/v") {
		name = path.Dir(name) // math/rand/v2
	}
	return path.Base(name)
}

// declaredIn returns the names that code declares, but for fields and methods.
func declaredIn(file *ast.File) map[string]bool {
	names := map[string]bool{}
	add := func(idents ...*ast.Ident) {
		for _, ident := range idents {
			names[ident.Name] = true
		}
	}
	if file == nil {
		return names
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.FuncDecl:
			if n.Recv == nil {
				add(n.Name)
			}
		case *ast.FuncType:
			for _, fields := range []*ast.FieldList{n.Params, n.Results} {
				if fields != nil {
					for _, field := range fields.List {
						add(field.Names...)
					}
				}
			}
		case *ast.TypeSpec:
			add(n.Name)
		case *ast.ValueSpec:
			add(n.Names...)
		case *ast.AssignStmt:
			if n.Tok == token.DEFINE {
				add(identsOf(n.Lhs)...)
			}
		case *ast.RangeStmt:
			if n.Tok == token.DEFINE {
				add(identsOf([]ast.Expr{n.Key, n.Value})...)
			}
		}
		return true
	})
	return names
}

func identsOf(list []ast.Expr) (idents []*ast.Ident) {
	for _, expression := range list {
		if ident, ok := expression.(*ast.Ident); ok {
			idents = append(idents, ident)
		}
	}
	return idents
}
