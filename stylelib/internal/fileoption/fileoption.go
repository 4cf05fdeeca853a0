// Package fileoption knows which of the command's options name files: its one list is what the command, sweeps and their tables
// go by.
package fileoption

import (
	"path/filepath"
	"slices"
	"strings"

	"stylebook/stylelib/internal/pathlist"
	"stylebook/stylelib/transfer"
	"stylebook/stylelib/weights"
)

// option says how one option names files.
type option struct {
	several bool                   // a list, as of [pathlist]
	word    func(text string) bool // texts that name no file; nil: all do
	place   bool                   // the file or folder is where something is put, so the runs of a sweep can't share it
}

var options = map[string]option{
	"content":      {},
	"content-mask": {},
	"colours-mask": {},
	"style":        {several: true},
	"style-mask":   {several: true},
	"init":         {word: isInit},
	"weights":      {word: isWeights},
	"out":          {place: true},
	"log":          {place: true},
	"animation":    {place: true},
	"runs":         {place: true},
}

func isInit(text string) bool { return slices.Contains(transfer.Inits(), transfer.Init(text)) }

func isWeights(text string) bool { return weights.Word(text) || strings.Contains(text, "://") }

// Names returns the options that name files, sorted.
func Names() (names []string) {
	for name := range options {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// IsPlace says whether an option names where something is put.
func IsPlace(name string) bool { return options[name].place }

// From returns an option's value, in which relative names of files count from a folder.
func From(folder, name, value string) string {
	return each(folder, name, value, func(path string) string { return path })
}

// Short returns an option's value, whose relative names count from a folder, without the folders of its files.
func Short(folder, name, value string) string { return each(folder, name, value, filepath.Base) }

// each counts every name of a file in a value from a folder, and changes it then.
func each(folder, name, value string, change func(path string) string) string {
	o, known := options[name]
	switch {
	case !known, value == "", o.word != nil && o.word(value):
		return value
	case !o.several:
		return change(pathlist.From(folder, value))
	}
	paths := pathlist.Split(folder, value)
	for i := range paths {
		paths[i] = change(paths[i])
	}
	return pathlist.Join(paths)
}
