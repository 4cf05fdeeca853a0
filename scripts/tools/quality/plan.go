package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// plan says who paints what.
type plan struct {
	Side       int    // pixels of a result's longer side
	Champion   string // the contender that is set against the others
	Seen       string // file of what a person saw in the pictures of the whole plan
	Pairs      []pair
	Contenders []contender
}

// pair is a photograph and a painting.
type pair struct{ Content, Style string }

// name joins the names of the two files.
func (p pair) name() string { return stem(p.Content) + "-" + stem(p.Style) }

func stem(path string) string {
	return strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
}

// missing returns the error of a file that isn't there.
func (p pair) missing() error {
	_, first := os.Stat(p.Content)
	_, second := os.Stat(p.Style)
	return errors.Join(first, second)
}

// contender is one way to paint, or one of the pictures that are painted from. One of Set, Command and Picture is given, in
// which {content}, {style} and {out} stand for the files.
type contender struct {
	Name, About string
	Styles      []string       // the only paintings that it knows; nil for all
	Set         map[string]any // options of our command
	Command     []string       // of a program that writes the picture
	Picture     string
}

// knows says whether the contender can paint the pair.
func (c contender) knows(p pair) bool { return c.Styles == nil || slices.Contains(c.Styles, p.Style) }

// readPlan reads the file and takes what is asked for of it, and what is there.
func readPlan(s settings) (*plan, error) {
	data, err := os.ReadFile(s.plan)
	if err != nil {
		return nil, err
	}
	p := &plan{}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	if err := decoder.Decode(p); err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		return nil, fmt.Errorf("%s: %s", s.plan, line)
	}
	if s.pairs != "" || s.side > 0 {
		p.Seen = "" // in other pictures
	}
	if s.side > 0 {
		p.Side = s.side
	}
	if s.pairs != "" {
		if err := p.take(strings.Split(s.pairs, ",")); err != nil {
			return nil, err
		}
	}
	p.Pairs = slices.DeleteFunc(p.Pairs, func(pair pair) bool {
		err := pair.missing()
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s is left out: %v\n", pair.name(), err)
		}
		return err != nil
	})
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.plan, err)
	}
	return p, nil
}

func (p *plan) check() error {
	if p.Side <= 0 || len(p.Pairs) == 0 || len(p.Contenders) == 0 {
		return errors.New("want a side, pairs whose files are there, and contenders")
	}
	for _, c := range p.Contenders {
		given := 0
		for _, is := range []bool{c.Set != nil, c.Command != nil, c.Picture != ""} {
			if is {
				given++
			}
		}
		if given != 1 {
			return fmt.Errorf("%s: want one of set, command and picture", c.Name)
		}
	}
	if !slices.ContainsFunc(p.Contenders, func(c contender) bool { return c.Name == p.Champion }) {
		return fmt.Errorf("there is no contender %q", p.Champion)
	}
	return nil
}

// take keeps the named pairs.
func (p *plan) take(names []string) error {
	var known []string
	for _, pair := range p.Pairs {
		known = append(known, pair.name())
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return fmt.Errorf("-pairs: there is no %q: choose of %s", name, strings.Join(known, ", "))
		}
	}
	p.Pairs = slices.DeleteFunc(p.Pairs, func(pair pair) bool { return !slices.Contains(names, pair.name()) })
	return nil
}
