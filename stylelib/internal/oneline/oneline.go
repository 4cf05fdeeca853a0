// Package oneline makes text of unknown origin fit for messages of one line.
package oneline

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"
)

// disturbs tells whether r does something to a terminal, or to the order of what stands in the line, instead of being seen.
func disturbs(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp)
}

// Quote quotes s where it is empty or would break the line.
func Quote(s string) string {
	if s == "" || strings.ContainsFunc(s, disturbs) {
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

// Escape escapes what would break the line in s. What it leaves of JSON is JSON that says the same.
func Escape(s string) string {
	var line strings.Builder
	for _, r := range s {
		if disturbs(r) {
			line.WriteString(strings.Replace(strings.Trim(strconv.QuoteRune(r), "'"), `\x7f`, `\u007f`, 1))
		} else {
			line.WriteRune(r)
		}
	}
	return line.String()
}

// Table prints rows in columns, each row one line.
func Table(out io.Writer, rows [][]string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, row := range rows {
		for i, cell := range row {
			if i > 0 {
				fmt.Fprint(table, "\t")
			}
			fmt.Fprint(table, Escape(cell))
		}
		fmt.Fprintln(table)
	}
	return table.Flush()
}

// First is the first line of an error's message.
func First(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
