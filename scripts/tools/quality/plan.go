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
	Area       int
	Champion   string   // the contender that is set against the others
	Presets    []string // those against which it is set pair by pair
	Seen       string   // file of what a person saw in the pictures of the whole plan
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

// contender is one way to paint, or one of the pictures that are painted from. One of Set, Command and Picture is given, in
// which {content}, {style} and {out} stand for the files.
type contender struct {
	Name, About string
	Pairs       int            // how many it paints, from the first; 0 for all
	Set         map[string]any // options of our command
	Dial        string         // the one that says how much style
	Values      []any          // of the dial
	Command     []string       // of somebody else's
	Picture     string
}

// middle is the value of the dial that the tables show.
func (c contender) middle() string {
	if c.Dial == "" {
		return ""
	}
	return fmt.Sprint(c.Values[len(c.Values)/2])
}

// readPlan reads the file and takes what is asked for of it.
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
	if err := p.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", s.plan, err)
	}
	if s.quick || s.pairs != "" || s.area > 0 {
		p.Seen = "" // in other pictures
	}
	if s.area > 0 {
		p.Area = s.area
	}
	if s.pairs != "" {
		if err := p.take(strings.Split(s.pairs, ",")); err != nil {
			return nil, err
		}
	}
	if s.quick {
		p.Pairs = p.Pairs[:min(quickPairs, len(p.Pairs))]
		for i, c := range p.Contenders {
			if c.Dial != "" {
				p.Contenders[i].Values = []any{c.Values[len(c.Values)/2]}
			}
		}
	}
	return p, nil
}

func (p *plan) check() error {
	if p.Area <= 0 || len(p.Pairs) == 0 || len(p.Contenders) == 0 {
		return errors.New("want an area, pairs and contenders")
	}
	var names []string
	for _, c := range p.Contenders {
		names = append(names, c.Name)
		switch {
		case one(c.Set != nil, c.Command != nil, c.Picture != "") != 1:
			return fmt.Errorf("%s: want one of set, command and picture", c.Name)
		case (c.Dial == "") != (len(c.Values) == 0):
			return fmt.Errorf("%s: a dial has values", c.Name)
		}
	}
	for _, name := range append(p.Presets, p.Champion) {
		if !slices.Contains(names, name) {
			return fmt.Errorf("there is no contender %q", name)
		}
	}
	return nil
}

// one counts what is true.
func one(conditions ...bool) (n int) {
	for _, is := range conditions {
		if is {
			n++
		}
	}
	return n
}

// find returns a contender.
func (p *plan) find(name string) contender {
	return p.Contenders[slices.IndexFunc(p.Contenders, func(c contender) bool { return c.Name == name })]
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
