// Package sweep reads sweep files: options that all runs share, and lists of values of which every combination is a run.
//
//	set:
//	  content: photo.jpg
//	  height: 60
//	vary:
//	  style: [oak.jpg, stars.jpg]
//	  style-layers: ["conv1_1", "conv1_1,conv2_1"]
//
// Names are those of the command's options. [Work] does the runs here, [Slurm] and [Kubernetes] elsewhere.
package sweep

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goccy/go-yaml"
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

// Read reads a sweep file, in YAML (which JSON is too). Every error is one line that begins with path.
func Read(path string) (*Sweep, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	s.Path = path
	return s, nil
}

func parse(data []byte) (*Sweep, error) {
	var file struct {
		Set  yaml.MapSlice `yaml:"set"`
		Vary yaml.MapSlice `yaml:"vary"`
	}
	if err := yaml.UnmarshalWithOptions(data, &file, yaml.Strict()); err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		return nil, errors.New(line)
	}
	s, seen := &Sweep{}, map[string]bool{}
	for _, item := range file.Set {
		name, value := fmt.Sprint(item.Key), item.Value
		text, err := scalar(name, value)
		if err != nil {
			return nil, err
		}
		seen[name] = true
		s.Set = append(s.Set, Setting{name, text})
	}
	n := 1
	for _, item := range file.Vary {
		axis := Axis{Name: fmt.Sprint(item.Key)}
		if seen[axis.Name] {
			return nil, fmt.Errorf("%s is set twice", axis.Name)
		}
		seen[axis.Name] = true
		values, ok := item.Value.([]any)
		if !ok || len(values) == 0 {
			return nil, fmt.Errorf("vary: %s: want a list of values, such as [1, 2]", axis.Name)
		}
		for _, value := range values {
			text, err := scalar(axis.Name, value)
			if err != nil {
				return nil, err
			}
			axis.Values = append(axis.Values, text)
		}
		s.Vary = append(s.Vary, axis)
		if n *= len(values); n > maxRuns {
			return nil, fmt.Errorf("these are more than %d runs", maxRuns)
		}
	}
	return s, nil
}

func scalar(name string, value any) (string, error) {
	switch value.(type) {
	case string, bool, int, int64, uint64, float64:
		return fmt.Sprint(value), nil
	}
	return "", fmt.Errorf("%s: want a text or a number, not %v", name, value)
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
func (s *Sweep) Arguments(settings []Setting) (arguments []string, err error) {
	for _, setting := range append(s.Set[:len(s.Set):len(s.Set)], settings...) {
		switch setting.Name {
		case "out", "log", "runs", "resume", "quiet", "backend":
			return nil, fmt.Errorf("%s can't be set in a sweep", setting.Name)
		}
		arguments = append(arguments, "-"+setting.Name+"="+s.fromFile(setting))
	}
	return arguments, nil
}

// fromFile makes paths count from the folder of the sweep file.
func (s *Sweep) fromFile(setting Setting) string {
	here := func(path string) string {
		if filepath.IsAbs(path) {
			return path
		}
		return filepath.Join(filepath.Dir(s.Path), path)
	}
	switch setting.Name {
	case "content", "content-mask":
		return here(setting.Value)
	case "style", "style-mask":
		var paths []string
		for path := range strings.SplitSeq(setting.Value, ",") {
			paths = append(paths, here(strings.TrimSpace(path)))
		}
		return strings.Join(paths, ",")
	case "init", "weights":
		if _, err := os.Stat(here(setting.Value)); err == nil {
			return here(setting.Value)
		}
	}
	return setting.Value
}

// short is the setting's value without the folders of files.
func (s Setting) short() string {
	switch s.Name {
	case "content", "style", "content-mask", "style-mask":
		return filepath.Base(s.Value)
	}
	return s.Value
}

// Label tells the varied settings of a run: "style=oak.jpg  height=60".
func Label(settings []Setting) string {
	var parts []string
	for _, s := range settings {
		parts = append(parts, s.Name+"="+s.short())
	}
	return strings.Join(parts, "  ")
}
