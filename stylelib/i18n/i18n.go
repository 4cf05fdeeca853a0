// Package i18n says what checks and figures say in the language of the notebook.
package i18n

import (
	_ "embed"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
)

// LanguageEnv names the environment variable with the language: zh for Chinese; anything else is English.
const LanguageEnv = "STYLEBOOK_LANGUAGE"

//go:embed zh.txt
var chinese string

// pairs are lines of English and their translations, with empty lines between them.
var pairs = sync.OnceValue(func() (all [][2]string) {
	for pair := range strings.SplitSeq(strings.TrimSpace(chinese), "\n\n") {
		english, translated, _ := strings.Cut(pair, "\n")
		all = append(all, [2]string{english, translated})
	}
	return all
})

var table = sync.OnceValue(func() map[string]string {
	translations := map[string]string{}
	for _, pair := range pairs() {
		translations[pair[0]] = pair[1]
	}
	return translations
})

// Known says whether a text has a translation.
func Known(english string) bool { return table()[english] != "" }

// Chinese says whether the notebook is Chinese.
func Chinese() bool { return os.Getenv(LanguageEnv) == "zh" }

// In returns a text in the language of the notebook; English, where it has no translation.
func In(english string) string {
	if Chinese() && Known(english) {
		return table()[english]
	}
	return english
}

// Format is [fmt.Sprintf] with a format in the language of the notebook.
func Format(english string, values ...any) string { return fmt.Sprintf(In(english), values...) }

// form is an English text of the table as a pattern: what a format puts in is caught.
type form struct {
	pattern *regexp.Regexp
	chinese string
}

var verb = regexp.MustCompile(`%[\\.0-9]*[a-z]`) // in a pattern the point is \.

var forms = sync.OnceValue(func() (all []form) {
	for _, pair := range pairs() {
		pattern := verb.ReplaceAllStringFunc(regexp.QuoteMeta(pair[0]), func(verb string) string {
			if verb == "%d" {
				return `(\d+)`
			}
			return "(.+)"
		})
		all = append(all, form{regexp.MustCompile("^" + pattern + "$"), verb.ReplaceAllString(pair[1], "%s")})
	}
	return all
})

// Said is [Translate] in a Chinese notebook; in another it returns what was said.
func Said(english string) string {
	if Chinese() {
		return Translate(english)
	}
	return english
}

// Translate returns in Chinese what In or Format said in English, with what was put in translated too; anything else comes back
// as it is.
func Translate(said string) string {
	for _, f := range forms() {
		match := f.pattern.FindStringSubmatch(said)
		if match == nil {
			continue
		}
		var values []any
		for _, value := range match[1:] {
			values = append(values, Translate(value))
		}
		return fmt.Sprintf(f.chinese, values...)
	}
	return said
}
