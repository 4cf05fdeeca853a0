// Package paths says where a relative name of a file counts from, and takes the addresses of files that other programs give, and
// those of files in the web, which have no folder.
package paths

import (
	"net/url"
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"
)

var drive = regexp.MustCompile(`^/[A-Za-z]:/`)

// Plain makes the address of a local file, file:///a%20b.jpg, its path; all else stays what it is.
func Plain(path string) string {
	if !strings.HasPrefix(path, "file://") {
		return path
	}
	u, err := url.Parse(path)
	if err != nil || u.Host != "" && u.Host != "localhost" || u.Path == "" {
		return path
	}
	if drive.MatchString(u.Path) {
		return filepath.FromSlash(u.Path[1:])
	}
	return filepath.FromSlash(u.Path)
}

// IsAddress says whether a path is an address in the web: https://example.org/a.jpg.
func IsAddress(path string) bool {
	scheme, _, is := strings.Cut(path, "://")
	return is && (strings.EqualFold(scheme, "https") || strings.EqualFold(scheme, "http"))
}

// Base is the last part of a path, or of an address in the web, whose characters then all suit the name of a file.
func Base(name string) string {
	if !IsAddress(name) {
		return filepath.Base(name)
	}
	u, err := url.Parse(name)
	if err != nil {
		return "picture"
	}
	base, err := url.PathUnescape(path.Base(u.EscapedPath()))
	if strings.Trim(base, "./") == "" || err != nil {
		base = u.Hostname()
	}
	return strings.TrimLeft(strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.L, unicode.M, unicode.N) || strings.ContainsRune(" ._-(),", r) {
			return r
		}
		return '-'
	}, base), ".")
}

// From makes a relative path count from a folder; without one it stays what it is, and so does an address in the web.
func From(folder, path string) string {
	if folder == "" || filepath.IsAbs(path) || IsAddress(path) {
		return path
	}
	return filepath.Join(folder, path)
}
