// Package words says what checks and figures say in the language of the notebook.
package words

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
	"sync"
)

// LanguageEnv names the environment variable with the language: zh for Chinese; anything else is English.
const LanguageEnv = "STYLEBOOK_LANGUAGE"

//go:embed zh.txt
var chinese string

// table holds pairs of lines, the English one and its translation, with empty lines between them.
var table = sync.OnceValue(func() map[string]string {
	pairs := map[string]string{}
	for pair := range strings.SplitSeq(strings.TrimSpace(chinese), "\n\n") {
		english, translated, _ := strings.Cut(pair, "\n")
		pairs[english] = translated
	}
	return pairs
})

// Known says whether a text has a translation.
func Known(english string) bool { return table()[english] != "" }

// In returns a text in the language of the notebook; English, where it has no translation.
func In(english string) string {
	if os.Getenv(LanguageEnv) == "zh" && Known(english) {
		return table()[english]
	}
	return english
}

// Format is [fmt.Sprintf] with a format in the language of the notebook.
func Format(english string, values ...any) string { return fmt.Sprintf(In(english), values...) }
