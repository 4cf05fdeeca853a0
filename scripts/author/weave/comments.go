package main

import (
	"errors"
	"fmt"
	"go/scanner"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// comments are the reviewed translations of the comments in code, by their English.
type comments map[string]string

// readComments reads comments.LANGUAGE.txt: the lines of a comment, then those of its translation with "= " before them, then an
// empty line. Without the file nothing is translated.
func readComments(folder, language string) (comments, error) {
	path := filepath.Join(folder, "comments."+language+".txt")
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	all := comments{}
	for entry := range strings.SplitSeq(strings.TrimSpace(string(text)), "\n\n") {
		var english, translated []string
		for line := range strings.SplitSeq(entry, "\n") {
			if after, ok := strings.CutPrefix(line, "= "); ok {
				translated = append(translated, after)
			} else {
				english = append(english, line)
			}
		}
		key := strings.Join(english, "\n")
		if len(english) == 0 || len(translated) == 0 || all[key] != "" {
			return nil, fmt.Errorf("%s: not a comment and its translation, or there twice: %q", path, entry)
		}
		all[key] = strings.Join(translated, "\n")
	}
	return all, nil
}

// note is a comment in a cell: lines of nothing else, or the end of one line.
type note struct {
	start, end int // bytes of the source, from the first slash
	indent     string
	text       string // without indentation
}

// kernelsLine is a line for the kernel or the shell, which is no Go.
var kernelsLine = regexp.MustCompile(`(?m)^[%!].*$`)

// notes finds the comments of a code cell.
func notes(source string) (found []note) {
	goOnly := kernelsLine.ReplaceAllStringFunc(source, func(line string) string { return strings.Repeat(" ", len(line)) })
	var s scanner.Scanner
	file := token.NewFileSet().AddFile("cell", -1, len(goOnly))
	s.Init(file, []byte(goOnly), func(token.Position, string) {}, scanner.ScanComments)
	for {
		pos, tok, literal := s.Scan()
		if tok == token.EOF {
			return found
		}
		if tok != token.COMMENT {
			continue
		}
		start := file.Offset(pos)
		n := note{start: start, end: start + len(literal), text: literal}
		before := source[strings.LastIndex(source[:start], "\n")+1 : start]
		if strings.TrimSpace(before) == "" {
			n.indent = before
			if last := len(found) - 1; last >= 0 && source[found[last].end:start] == "\n"+before && source[lineStart(source, found[last].start):found[last].start] == before {
				found[last].end, found[last].text = n.end, found[last].text+"\n"+n.text
				continue
			}
		}
		found = append(found, n)
	}
}

func lineStart(source string, at int) int { return strings.LastIndex(source[:at], "\n") + 1 }

// apply puts the translations in place of the comments of a code cell, and returns those that it lacks.
func (c comments) apply(source string) (translated string, missing []string) {
	last := 0
	var out strings.Builder
	for _, n := range notes(source) {
		text, ok := c[n.text]
		if !ok {
			missing = append(missing, n.text)
			continue
		}
		out.WriteString(source[last:n.start] + strings.ReplaceAll(text, "\n", "\n"+n.indent))
		last = n.end
	}
	return out.String() + source[last:], missing
}

// speaks makes the kernel's programs speak a language.
func speaks(language string) string { return "\n%env STYLEBOOK_LANGUAGE " + language }

var languageLine = regexp.MustCompile(`(?m)\n%env STYLEBOOK_LANGUAGE \w+$`)

// bare is a code cell without its comments and its language: what decides what it puts out.
func bare(source string) string {
	last := 0
	var out strings.Builder
	for _, n := range notes(source) {
		out.WriteString(strings.TrimRight(source[last:n.start], " \t"))
		last = n.end
	}
	return languageLine.ReplaceAllString(out.String()+source[last:], "")
}
