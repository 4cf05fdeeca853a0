package request

import (
	"encoding/csv"
	"os"
	"slices"
	"strings"

	"stylebook/stylelib/internal/paths"
)

// Files says how an option's value names files.
type Files int

const (
	NoFile  Files = iota
	File          // one that is read
	Several       // several that are read
	Place         // where something is written: the runs of a sweep can't share it
)

// SplitPaths returns the files of a list: separated by commas, and in double quotes where a name has commas, quotes or outer blanks,
// as in CSV. A list that is the name of a file is that file. Relative names count from a folder, "" for the working directory.
func SplitPaths(folder, list string) []string {
	if _, err := os.Stat(paths.From(folder, list)); err == nil && list != "" {
		return []string{list}
	}
	reader := csv.NewReader(strings.NewReader(list))
	reader.FieldsPerRecord, reader.TrimLeadingSpace, reader.LazyQuotes = -1, true, true
	records, err := reader.ReadAll()
	if err != nil || len(records) > 1 { // a line break separates nothing
		return []string{list} // is then no file
	}
	return slices.DeleteFunc(slices.Concat(records...), func(field string) bool { return field == "" })
}

// JoinPaths is the inverse of [SplitPaths].
func JoinPaths(paths []string) string {
	var list strings.Builder
	writer := csv.NewWriter(&list)
	_ = writer.Write(paths) // into memory
	writer.Flush()
	return strings.TrimSuffix(list.String(), "\n")
}

// change changes each name of a file in an option's value.
func (o Option) change(v value, change func(path string) string) {
	switch list, several := v.(files); {
	case several:
		for i, path := range *list.paths {
			(*list.paths)[i] = change(path)
		}
	case o.Files != NoFile && v.String() != "" && (o.word == nil || !o.word(v.String())):
		_ = v.Set(change(v.String())) // which any text can be
	}
}

// place makes an option's relative files count from a folder, and addresses of files paths.
func (r Request) place(folder string, o Option) {
	if o.Files == NoFile {
		return
	}
	var s Settings
	v := o.keep(&s)
	if put(v, r[o.Name]) == nil {
		o.change(v, func(path string) string { return paths.From(folder, paths.Plain(path)) })
		r[o.Name] = raw(v)
	}
}

func (r Request) textOf(name string, change func(path string) string) string {
	o, err := Find(name)
	if err != nil || !r.Given(name) {
		return ""
	}
	var s Settings
	v := o.keep(&s)
	if err := put(v, r[name]); err != nil && !ofLayer(err) {
		return ""
	}
	o.change(v, change)
	return v.String()
}
