package textstyle

import (
	"regexp"
	"strings"
)

// token is a word, or any other sign but a space.
var token = regexp.MustCompile(`[\p{L}\p{Nd}\p{M}'-]+|[^\s\v\x{85}\p{Z}]`)

// Tokens splits a sentence into lower-case words and punctuation marks. Letters, digits, apostrophes and hyphens make a
// word; each other sign that isn't a space is a token of its own. A typographic apostrophe becomes a plain one.
func Tokens(sentence string) []string {
	return token.FindAllString(strings.ReplaceAll(strings.ToLower(sentence), "’", "'"), -1)
}

// Join writes tokens as a sentence: a space before each word, none before , . ! ? ; and :.
func Join(tokens []string) string {
	var out strings.Builder
	for i, token := range tokens {
		if i > 0 && !strings.Contains(",.!?;:", token) {
			out.WriteByte(' ')
		}
		out.WriteString(token)
	}
	return out.String()
}

// nGrams calls f with each run of n tokens, its first index first. The tokens of a run are joined by one space.
func nGrams(tokens []string, n int, f func(start int, gram string)) {
	for start := 0; start+n <= len(tokens); start++ {
		f(start, strings.Join(tokens[start:start+n], " "))
	}
}
