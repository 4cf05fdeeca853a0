// Package sweep reads sweep files: options that all runs share, and lists of values of which every combination is a run.
//
//	set:
//	  content: photo.jpg
//	  height: 60
//	vary:
//	  style: [oak.jpg, stars.jpg]
//	  style-layers: ["conv1_1", "conv1_1,conv2_1"]
//
// Names are those of the table of options. [Work] does the runs here, [Work.Slurm] elsewhere.
package sweep

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"stylebook/stylelib/internal/oneline"
	"stylebook/stylelib/request"
	"stylebook/stylelib/transfer"

	"go.yaml.in/yaml/v3"
)

// maxRuns bounds a sweep: more is a mistake in the file.
const maxRuns = 100_000

// Preset is that of the runs of a file that names none.
const Preset = "pytorch"

// Sweep is what a file asks for.
type Sweep struct {
	Path  string
	Vary  []Axis            // in the order of the file; the last varies fastest
	Runs  []request.Request // one for each combination
	Named bool              // the file says which preset the runs have
}

// Axis is one option that is varied.
type Axis struct {
	Name   string
	Values int // how many
}

// maxBytes bounds a sweep file.
const maxBytes = 1 << 20

// Read reads a sweep file, in YAML (which JSON is too). own is what the caller has of its own: see [request.Request.Set]. Every error is
// one line that begins with path.
func Read(path string, own ...transfer.Extension) (*Sweep, error) {
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
		s, err = parse(filepath.Dir(path), data, own...)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %s", oneline.Quote(path), oneline.Short(oneline.First(err)))
	}
	s.Path = path
	return s, nil
}

// parse reads a file of some folder, from which the files that it names count.
func parse(folder string, data []byte, own ...transfer.Extension) (*Sweep, error) {
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
	all, seen := request.Request{}, map[string]bool{}
	err = eachOption("set", &file.Set, seen, func(o request.Option, given *yaml.Node) error {
		return setAll(all, folder, o, given, own)
	})
	if err != nil {
		return nil, err
	}
	s := &Sweep{Runs: []request.Request{all}}
	err = eachOption("vary", &file.Vary, seen, func(o request.Option, list *yaml.Node) error {
		if list.Kind != yaml.SequenceNode || len(list.Content) == 0 {
			return fmt.Errorf("vary: %s: want a list of values, such as [1, 2]", o.Name)
		}
		var values []request.Request
		for _, given := range list.Content {
			one := request.Request{}
			if err := setAll(one, folder, o, value(given), own); err != nil {
				return err
			}
			values = append(values, one)
		}
		return s.vary(o.Name, values)
	})
	s.Named = seen["preset"]
	if err == nil && !s.Named {
		for _, r := range s.Runs {
			err = errors.Join(err, r.Set("", "preset", Preset))
		}
	}
	return s, err
}

// vary makes of each run as many as there are values of one option.
func (s *Sweep) vary(name string, values []request.Request) error {
	if len(s.Runs)*len(values) > maxRuns {
		return fmt.Errorf("these are more than %d runs", maxRuns)
	}
	var runs []request.Request
	for _, run := range s.Runs {
		for _, one := range values {
			runs = append(runs, run.With(name, one))
		}
	}
	s.Vary, s.Runs = append(s.Vary, Axis{name, len(values)}), runs
	return nil
}

// setAll gives an option its value, or, if it may be given several times, its values.
func setAll(r request.Request, folder string, o request.Option, given *yaml.Node, own []transfer.Extension) error {
	all := []*yaml.Node{given}
	if o.Repeats && given.Kind == yaml.SequenceNode {
		all = given.Content
	}
	for _, one := range all {
		text, err := scalar(one)
		if err == nil {
			err = r.Set(folder, o.Name, text, own...)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
	}
	return nil
}

// eachOption calls f for each option of a mapping.
func eachOption(of string, mapping *yaml.Node, seen map[string]bool, f func(o request.Option, given *yaml.Node) error) error {
	if mapping.IsZero() || mapping.Tag == "!!null" {
		return nil
	}
	if mapping.Kind != yaml.MappingNode {
		return fmt.Errorf("%s: want options with their values", of)
	}
	for i := 0; i < len(mapping.Content); i += 2 {
		name := mapping.Content[i].Value
		o, err := request.Find(name)
		switch {
		case err != nil:
			return fmt.Errorf("%s: %w", of, err)
		case seen[name]:
			return fmt.Errorf("%s is set twice", name)
		case !o.OfRun():
			return fmt.Errorf("%s can't be set in a sweep", name)
		}
		seen[name] = true
		if err := f(o, value(mapping.Content[i+1])); err != nil {
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

func scalar(node *yaml.Node) (string, error) {
	node = value(node)
	if node.Kind != yaml.ScalarNode || node.Tag == "!!null" {
		return "", fmt.Errorf("want a text or a number in line %d", node.Line)
	}
	return node.Value, nil
}

// Label tells what is varied of a run: "style=oak.jpg  height=60".
func (s *Sweep) Label(run int) string {
	var parts []string
	for _, axis := range s.Vary {
		parts = append(parts, axis.Name+"="+s.value(run, axis))
	}
	return strings.Join(parts, "  ")
}

// value is the value of a run on an axis, files without their folders.
func (s *Sweep) value(run int, axis Axis) string { return s.Runs[run].Label(axis.Name) }

// Presets says which presets the runs have.
func (s *Sweep) Presets() string {
	if !s.Named {
		return Preset + ", the chapter's numbers, because the file names none; alone the command takes " + transfer.DefaultPreset
	}
	var names []string
	for _, r := range s.Runs {
		if name := r.Text("preset"); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ") + ", as the file says"
}
