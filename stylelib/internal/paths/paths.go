// Package paths says where a relative name of a file counts from.
package paths

import "path/filepath"

// From makes a relative path count from a folder; without one it stays what it is.
func From(folder, path string) string {
	if folder == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}
