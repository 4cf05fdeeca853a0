package main

import (
	"fmt"
	"strings"
)

// cell is one cell of a notebook.
type cell struct {
	code   bool
	source string
	tags   []string
}

// weave turns a text into cells, with the library's code in them.
func weave(text string, library *library) ([]cell, error) {
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
