package paths

import (
	"cmp"
	"path/filepath"
	"strings"
	"unicode"
)

// maxStem is how many characters Harmless leaves.
const maxStem = 40

// Harmless is what can be part of a file's name, on any system, of a name from elsewhere: without folders and extension, and short.
func Harmless(name string) string {
	name = filepath.Base(strings.ReplaceAll(strings.ToValidUTF8(name, ""), `\`, "/"))
	stem := []rune(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune(" -_()", r) {
			return r
		}
		return '_'
	}, strings.TrimSuffix(name, filepath.Ext(name))))
	return cmp.Or(strings.TrimSpace(string(stem[:min(len(stem), maxStem)])), "picture")
}
