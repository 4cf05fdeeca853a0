// Package pathlist reads and writes lists of files, so that no name can be taken for two.
package pathlist

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Split returns the files of a list: separated by commas, and in double quotes where a name has commas, quotes or outer blanks,
// as in CSV. A list that is the name of a file is that file. With a folder, relative names count from it.
func Split(folder, list string) (paths []string) {
	whole := From(folder, list)
	if _, err := os.Stat(whole); err == nil && list != "" {
		return []string{whole}
	}
	reader := csv.NewReader(strings.NewReader(list))
	reader.FieldsPerRecord, reader.TrimLeadingSpace, reader.LazyQuotes = -1, true, true
	records, err := reader.ReadAll()
	if err != nil || len(records) > 1 { // a line break separates nothing
		return []string{whole} // is then no file
	}
	for _, field := range slices.Concat(records...) {
		if field != "" {
			paths = append(paths, From(folder, field))
		}
	}
	return paths
}

// From makes a relative path count from a folder; without one it stays what it is.
func From(folder, path string) string {
	if folder == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// Join is the inverse of Split.
func Join(paths []string) string {
	var list strings.Builder
	writer := csv.NewWriter(&list)
	_ = writer.Write(paths) // into memory
	writer.Flush()
	return strings.TrimSuffix(list.String(), "\n")
}
