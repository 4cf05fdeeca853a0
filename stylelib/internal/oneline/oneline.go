// Package oneline makes text of unknown origin fit for messages of one line.
package oneline

import (
	"strconv"
	"strings"
	"unicode"
)

// Quote quotes s where it is empty or would break the line.
func Quote(s string) string {
	if s == "" || strings.ContainsFunc(s, unicode.IsControl) {
		return strconv.Quote(s)
	}
	return s
}

// longest is the most bytes that Short leaves of a text.
const longest = 600

// Short is Escape that leaves the middle out where s is too long to read.
func Short(s string) string {
	if len(s) > longest {
		s = strings.ToValidUTF8(s[:longest/2], "") + " … " + strings.ToValidUTF8(s[len(s)-longest/2:], "")
	}
	return Escape(s)
}

// Escape escapes control characters in s.
func Escape(s string) string {
	var line strings.Builder
	for _, r := range s {
		if unicode.IsControl(r) {
			line.WriteString(strings.Trim(strconv.QuoteRune(r), "'"))
		} else {
			line.WriteRune(r)
		}
	}
	return line.String()
}

// First is the first line of an error's message.
func First(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
