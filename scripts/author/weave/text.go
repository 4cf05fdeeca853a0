package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// cell is one cell of a notebook.
type cell struct {
	code   bool
	source string
	tags   []string
}

// weave turns a text into cells, with the library's code in them and the cells that it takes from other texts of the folder.
func weave(text, folder string, library *library) ([]cell, error) {
	text, err := withGiven(text, folder)
	if err != nil {
		return nil, err
	}
	cells, err := split(text)
	if err != nil {
		return nil, err
	}
	cutter, err := newCutter(library, cells)
	if err != nil {
		return nil, err
	}
	for i := range cells {
		if !cells[i].code {
			continue
		}
		if cells[i].source, err = cutter.fill(cells[i].source); err != nil {
			return nil, err
		}
	}
	return cells, nil
}

// split cuts a text into cells: code where a block is fenced as ```go, text between, a new text cell at each heading of
// the second level.
func split(text string) ([]cell, error) {
	var cells []cell
	var lines []string
	flush := func(c cell) {
		c.source = strings.Trim(strings.Join(lines, "\n"), "\n")
		if c.source != "" {
			cells = append(cells, c)
		}
		lines = nil
	}
	inCode := false
	var tags []string
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimRight(line, "\r")
		info, opens := strings.CutPrefix(line, "```go")
		switch {
		case !inCode && opens && (info == "" || info[0] == ' '):
			flush(cell{})
			inCode, tags = true, strings.Fields(info)
		case inCode && line == "```":
			flush(cell{code: true, tags: tags})
			inCode = false
		case !inCode && strings.HasPrefix(line, "## "):
			flush(cell{})
			lines = append(lines, line)
		default:
			lines = append(lines, line)
		}
	}
	if inCode {
		return nil, fmt.Errorf("a ```go block has no end")
	}
	flush(cell{})
	return cells, nil
}

const includeMark = "%include "

// included returns the names on an include line.
func included(line string) ([]string, bool) {
	names, ok := strings.CutPrefix(line, includeMark)
	return strings.Fields(names), ok
}

const givenMark = "%given "

// withGiven puts code cells of other texts of the folder where a text refers to them.
func withGiven(text, folder string) (string, error) {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		reference, ok := strings.CutPrefix(line, givenMark)
		if !ok {
			continue
		}
		name, words, _ := strings.Cut(reference, " ")
		other, err := os.ReadFile(filepath.Join(folder, name+".md"))
		if err != nil {
			return "", fmt.Errorf("%s: %w", line, err)
		}
		cells, err := split(string(other))
		if err != nil {
			return "", fmt.Errorf("%s: %w", line, err)
		}
		cells = slices.DeleteFunc(cells, func(c cell) bool { return !c.code || !strings.Contains(c.source, words) })
		if words == "" || len(cells) != 1 {
			return "", fmt.Errorf("%s: %d code cells hold these words, want 1", line, len(cells))
		}
		lines[i] = strings.TrimSpace("```go "+strings.Join(cells[0].tags, " ")) + "\n" + cells[0].source + "\n```"
	}
	return strings.Join(lines, "\n"), nil
}

const cellMark = "%cell "

// translate puts the code cells of the translated notebook where a text refers to them.
func translate(text string, originals []cell) ([]cell, error) {
	parts, err := split(text)
	if err != nil {
		return nil, err
	}
	code := slices.DeleteFunc(slices.Clone(originals), func(c cell) bool { return !c.code })
	var cells []cell
	for _, part := range parts {
		if part.code {
			return nil, fmt.Errorf("a translation has no code of its own: write %sand words of the cell", cellMark)
		}
		var lines []string
		for line := range strings.SplitSeq(part.source, "\n") {
			words, ok := strings.CutPrefix(line, cellMark)
			if !ok {
				lines = append(lines, line)
				continue
			}
			if len(code) == 0 {
				return nil, fmt.Errorf("%s: the translated notebook has no more code cells", line)
			}
			if words == "" || !strings.Contains(code[0].source, words) {
				return nil, fmt.Errorf("%s: the code cell at this place begins with %.60q", line, code[0].source)
			}
			cells = append(appendText(cells, lines), code[0])
			lines, code = nil, code[1:]
		}
		cells = appendText(cells, lines)
	}
	if len(code) > 0 {
		return nil, fmt.Errorf("no %sline for %d code cells, the first %.60q", cellMark, len(code), code[0].source)
	}
	return cells, nil
}

func appendText(cells []cell, lines []string) []cell {
	if source := strings.Trim(strings.Join(lines, "\n"), "\n"); source != "" {
		cells = append(cells, cell{source: unbroken(source)})
	}
	return cells
}

// A line that ends within Chinese: Markdown would show a space there, and Chinese has none.
var (
	betweenCharacters = regexp.MustCompile(`([\p{Han}，。；：、！？）》”…])\n *(\*{0,2}[\p{Han}（《“])`)
	beforePunctuation = regexp.MustCompile(`\n *([，。；：、！？）》”（《“])`)
	afterPunctuation  = regexp.MustCompile("([，。；：、！？）》”…])\n *([A-Za-z`\\[]|[0-9]+[^.0-9]|\\$[^$])")
)

// unbroken joins lines that end within Chinese.
func unbroken(text string) string {
	text = beforePunctuation.ReplaceAllString(betweenCharacters.ReplaceAllString(text, "$1$2"), "$1")
	return afterPunctuation.ReplaceAllString(text, "$1$2")
}

var figureLink = regexp.MustCompile(`\]\((figures/[^)]+)\)`)

// checkFigures fails if a text shows a figure that isn't there; paths are relative to the notebooks' folder.
func checkFigures(folder string, cells []cell) error {
	for _, c := range cells {
		for _, match := range figureLink.FindAllStringSubmatch(c.source, -1) {
			if _, err := os.Stat(filepath.Join(folder, match[1])); err != nil {
				return fmt.Errorf("figure %s: %w", match[1], err)
			}
		}
	}
	return nil
}

var notebookLink = regexp.MustCompile(`\]\(([\w.-]+)\.ipynb\)`)

// number puts the numbers into the links between notebooks.
func number(cells []cell, places map[string]string) (failed error) {
	for i, c := range cells {
		if c.code {
			continue
		}
		cells[i].source = notebookLink.ReplaceAllStringFunc(c.source, func(link string) string {
			name := notebookLink.FindStringSubmatch(link)[1]
			if places[name] == "" {
				failed = errors.Join(failed, fmt.Errorf("%s leads to no notebook", link[1:]))
			}
			return "](" + places[name] + ".ipynb)"
		})
	}
	return failed
}
