package main

import (
	"go/parser"
	"go/token"
	"strings"
	"testing"
)

func TestBeside(t *testing.T) {
	cells := []cell{{source: "Before.\n\n```python TVLoss\ndef tv(x):\n\n    return x < 1\n```\n\n```python\nleft = alone\n```"}, {code: true, source: "x := 1"}}
	if err := beside(cells, testLibrary(t)); err != nil {
		t.Fatal(err)
	}
	text := cells[0].source
	table := text[strings.Index(text, "<table>"):strings.Index(text, "</table>")]
	if strings.Contains(table, "\n\n") {
		t.Error("Markdown ends HTML at an empty line")
	}
	for _, want := range []string{"    return x &lt; 1", "func TVLoss(x *Node) *Node {", "Before.\n\n<table>", "```python\nleft = alone\n```"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	missing := []cell{{source: "```python NoSuch\nx\n```"}}
	if err := beside(missing, testLibrary(t)); err == nil || !strings.Contains(err.Error(), "NoSuch") {
		t.Errorf("a name that isn't there: %v", err)
	}
}

// What stands in the right column is Go, however it was broken into lines.
func TestBesideIsGo(t *testing.T) {
	library := testLibrary(t)
	for name := range library.decls {
		code, err := library.plain(name)
		if err != nil || !strings.HasPrefix(code, "func ") {
			continue // declarations in brackets have no keyword of their own
		}
		if _, err := parser.ParseFile(token.NewFileSet(), name, "package p\n"+code, 0); err != nil {
			t.Errorf("%v in\n%s", err, code)
		}
	}
}
