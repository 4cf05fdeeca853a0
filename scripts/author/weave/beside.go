package main

import (
	"fmt"
	"go/format"
	"go/parser"
	"go/token"
	"html"
	"regexp"
	"strings"
)

// pythonBlock is a block of Python that names declarations of the library, which shall stand beside it.
var pythonBlock = regexp.MustCompile("(?ms)^```python ([\\w. ]+)\n(.*?)\n```$")

// beside puts the library's declarations beside the Python of text cells that names them, in a table of two columns.
func beside(cells []cell, l *library) (failed error) {
	for i, c := range cells {
		if c.code {
			continue
		}
		cells[i].source = pythonBlock.ReplaceAllStringFunc(c.source, func(block string) string {
			match := pythonBlock.FindStringSubmatch(block)
			var ours []string
			for name := range strings.FieldsSeq(match[1]) {
				code, err := l.plain(name)
				if err != nil && failed == nil {
					failed = err
				}
				ours = append(ours, code)
			}
			return twoColumns(match[2], strings.Join(ours, "\n"))
		})
	}
	return failed
}

// twoColumns is HTML, which ends in Markdown at an empty line, so that it has none.
func twoColumns(left, right string) string {
	column := func(language, code string) string {
		code = strings.ReplaceAll(html.EscapeString(code), "](", "]&#40;") // which would be a link
		return fmt.Sprintf("<td style=\"text-align: left; vertical-align: top\"><pre><code style=\"font-size: 11px\" class=\"language-%s\">%s</code></pre></td>", language, code)
	}
	table := "<table><tr><th align=\"left\">PyTorch</th><th align=\"left\">Go</th></tr>\n<tr>" +
		column("python", left) + "\n" + column("go", right) + "</tr></table>"
	return regexp.MustCompile(`\n(\s*\n)+`).ReplaceAllString(table, "\n")
}

// plain returns a declaration without its comment, in lines short enough for half a page.
func (l *library) plain(name string) (string, error) {
	decl := l.decls[name]
	if decl == nil {
		return "", fmt.Errorf("beside: stylelib has no declaration %s", name)
	}
	source := l.sources[l.pkg.Fset.Position(decl.Pos()).Filename]
	text := source[l.pkg.Fset.Position(decl.Pos()).Offset:l.pkg.Fset.Position(decl.End()).Offset]
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, append([]byte("package p\n"), text...), 0) // which drops comments
	if err != nil {
		return "", fmt.Errorf("beside: %w", err)
	}
	var formatted strings.Builder
	if err := format.Node(&formatted, files, file.Decls[0]); err != nil {
		return "", fmt.Errorf("beside: %s: %w", name, err)
	}
	var lines []string
	for line := range strings.SplitSeq(strings.ReplaceAll(formatted.String(), "\t", "    "), "\n") {
		lines = append(lines, wrapped(line)...)
	}
	return strings.Join(lines, "\n"), nil
}

const half = 58 // columns

// wrapped breaks a long line where Go allows it, after a comma, a bracket or a sign, and indents what follows.
func wrapped(line string) (lines []string) {
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))] + "        "
	for len(line) > half {
		at := 0
		for _, end := range []string{", ", "(", " := ", " = ", " || "} {
			if place := strings.LastIndex(line[:half], end); strings.Count(line[:max(place, 0)], `"`)%2 == 0 { // not in a string
				at = max(at, place+len(end))
			}
		}
		if at <= len(indent) {
			break
		}
		lines, line = append(lines, strings.TrimRight(line[:at], " ")), indent+line[at:]
	}
	return append(lines, line)
}
