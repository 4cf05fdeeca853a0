// Package sweep reads sweep files: options that all runs share, and lists of values of which every combination is a run.
//
//	set:
//	  content: photo.jpg
//	  height: 60
//	vary:
//	  style: [oak.jpg, stars.jpg]
//	  style-layers: ["conv1_1", "conv1_1,conv2_1"]
//
// Names are those of the command's options. [Work] does the runs here, [Work.Slurm] elsewhere.
package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"stylebook/stylelib/internal/fileoption"
	"stylebook/stylelib/internal/oneline"

	"go.yaml.in/yaml/v3"
)

// maxRuns bounds a sweep: more is a mistake in the file.
const maxRuns = 100_000

// Setting is one option with its value.
type Setting struct{ Name, Value string }

// Sweep is what a file asks for.
type Sweep struct {
	Path string
	Set  []Setting
	Vary []Axis // in the order of the file; the last varies fastest
}

// Axis is one option and its values.
type Axis struct {
	Name   string
	Values []string
}

// maxBytes bounds a sweep file.
const maxBytes = 1 << 20

// Read reads a sweep file, in YAML (which JSON is too). Every error is one line that begins with path.
func Read(path string) (*Sweep, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, maxBytes+1))
	if err == nil && len(data) > maxBytes {
		err = fmt.Errorf("it has more than %d bytes", maxBytes)
	}
	var s *Sweep
	if err == nil {
		s, err = parse(data)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s", oneline.Quote(path), oneline.Short(oneline.First(err)))
	}
	s.Path = path
	return s, nil
}

func parse(data []byte) (*Sweep, error) {
	var file struct{ Set, Vary yaml.Node }
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	decoder.KnownFields(true)
	err := decoder.Decode(&file)
	var several *yaml.TypeError
	if errors.As(err, &several) {
		first, _, _ := strings.Cut(several.Errors[0], " in type ")
		err = errors.New(first)
	}
	if err != nil && err != io.EOF {
		return nil, err
	}
	s, seen := &Sweep{}, map[string]bool{}
	err = eachOption("set", &file.Set, seen, func(name string, value *yaml.Node) error {
		text, err := scalar(name, value)
		s.Set = append(s.Set, Setting{name, text})
		return err
	})
	if err != nil {
		return nil, err
	}
	n := 1
	return s, eachOption("vary", &file.Vary, seen, func(name string, list *yaml.Node) error {
		axis := Axis{Name: name}
		if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
			return fmt.Errorf("vary: %s: want a list of values, such as [1, 2]", name)
		}
		for _, value := range list.Content {
			text, err := scalar(name, value)
			if err != nil {
				return err
			}
			axis.Values = append(axis.Values, text)
		}
		s.Vary = append(s.Vary, axis)
		if n *= len(axis.Values); n > maxRuns {
			return fmt.Errorf("these are more than %d runs", maxRuns)
		}
		return nil
	})
}

// optionName is what options may be called.
var optionName = regexp.MustCompile("^[a-z0-9]+(-[a-z0-9]+)*$")

// ofCommand are options of a call of the command, not of a run.
var ofCommand = []string{"resume", "quiet", "backend", "version", "help", "h"}

// eachOption calls f for each option of a mapping.
func eachOption(of string, mapping *yaml.Node, seen map[string]bool, f func(name string, value *yaml.Node) error) error {
	if mapping.IsZero() || mapping.Tag == "!!null" {
		return nil
	}
	if mapping.Kind != yaml.MappingNode {
		return fmt.Errorf("%s: want options with their values", of)
	}
	for i := 0; i < len(mapping.Content); i += 2 {
		name := mapping.Content[i].Value
		switch {
		case !optionName.MatchString(name):
			return fmt.Errorf("%s: there is no option %q", of, name)
		case seen[name]:
			return fmt.Errorf("%s is set twice", name)
		case fileoption.IsPlace(name), slices.Contains(ofCommand, name):
			return fmt.Errorf("%s can't be set in a sweep", name)
		}
		seen[name] = true
		if err := f(name, value(mapping.Content[i+1])); err != nil {
			return err
		}
	}
	return nil
}

// value is a node, or what an alias stands for.
func value(node *yaml.Node) *yaml.Node {
	if node.Kind == yaml.AliasNode {
		return node.Alias
	}
	return node
}

func scalar(name string, node *yaml.Node) (string, error) {
	node = value(node)
	if node.Kind != yaml.ScalarNode || node.Tag == "!!null" {
		return "", fmt.Errorf("%s: want a text or a number in line %d", name, node.Line)
	}
	return node.Value, nil
}

// Combinations returns the varied settings of each run, in order.
func (s *Sweep) Combinations() [][]Setting {
	all := [][]Setting{nil}
	for _, axis := range s.Vary {
		var more [][]Setting
		for _, begun := range all {
			for _, value := range axis.Values {
				more = append(more, append(begun[:len(begun):len(begun)], Setting{axis.Name, value}))
			}
		}
		all = more
	}
	return all
}

// Arguments returns the command line of a run. Paths count from the file's folder.
func (s *Sweep) Arguments(settings []Setting) (arguments []string) {
	for _, setting := range append(s.Set[:len(s.Set):len(s.Set)], settings...) {
		arguments = append(arguments, "-"+setting.Name+"="+fileoption.From(filepath.Dir(s.Path), setting.Name, setting.Value))
	}
	return arguments
}

// short is a setting's value without the folders of files.
func (s *Sweep) short(of Setting) string {
	return fileoption.Short(filepath.Dir(s.Path), of.Name, of.Value)
}

// Label tells the varied settings of a run: "style=oak.jpg  height=60".
func (s *Sweep) Label(settings []Setting) string {
	var parts []string
	for _, setting := range settings {
		parts = append(parts, setting.Name+"="+s.short(setting))
	}
	return strings.Join(parts, "  ")
}
