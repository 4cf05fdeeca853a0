// Package verdict judges a learner's function by example: it calls the function, shows what came back beside what is
// expected, and names the slip where a wrong result gives it away.
package verdict

import (
	"fmt"
	"strings"
)

// Result is what a check found. Print it.
type Result struct {
	Name  string
	Right bool
	lines []string
}

// String returns a line for each value, and one for the whole.
func (r Result) String() string {
	last := r.Name + ": all right ✓"
	if !r.Right {
		last = r.Name + ": not yet"
	}
	return strings.Join(append(r.lines, last), "\n")
}

// Try is one call of a learner's function.
type Try struct {
	Call  string            // as it is shown
	Got   func() string     // calls the function; it may panic
	Want  string            // from an independent source
	Slips map[string]string // what some wrong result tells
}

// Run makes all tries. Only the first wrong one is explained: the others often follow from it.
func Run(name string, tries []Try) Result {
	r := Result{Name: name, Right: true}
	for _, t := range tries {
		got := guarded(t.Got)
		if got == t.Want {
			r.lines = append(r.lines, fmt.Sprintf("%s: yours %s, expected %s ✓", t.Call, got, t.Want))
			continue
		}
		r.lines = append(r.lines, fmt.Sprintf("%s: yours %s, expected %s ✗", t.Call, got, t.Want))
		if hint := t.Slips[got]; hint != "" && r.Right {
			r.lines = append(r.lines, "    "+hint)
		}
		r.Right = false
	}
	return r
}

// guarded turns a panic into a result, its first line only: GoMLX's carry a stack trace.
func guarded(got func() string) (text string) {
	defer func() {
		if reason := recover(); reason != nil {
			text = "a panic (" + FirstLine(fmt.Sprint(reason)) + ")"
		}
	}()
	return got()
}

// FirstLine returns a text up to its first line break.
func FirstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}
