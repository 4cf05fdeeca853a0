package textstyle

import (
	"strings"
	"unicode"
)

// Tokens splits a sentence into lower-case words and punctuation marks. Letters, digits, apostrophes and hyphens make a
// word; each other sign that isn't a space is a token of its own. A typographic apostrophe becomes a plain one.
func Tokens(sentence string) []string {
	var tokens []string
	var word strings.Builder
	flush := func() {
		if word.Len() > 0 {
			tokens = append(tokens, word.String())
			word.Reset()
		}
	}
	for _, r := range strings.ToLower(sentence) {
		switch {
		case r == '’':
			word.WriteByte('\'')
		case unicode.IsLetter(r), unicode.IsDigit(r), unicode.IsMark(r), r == '\'', r == '-':
			word.WriteRune(r)
		default:
			flush()
			if !unicode.IsSpace(r) {
				tokens = append(tokens, string(r))
			}
		}
	}
	flush()
	return tokens
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
