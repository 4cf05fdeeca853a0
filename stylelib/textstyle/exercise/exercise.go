// Package exercise holds the checks of exercise 4: each calls a learner's function on a tiny example and compares what
// comes back with values computed by hand. Common slips are recognized and named.
//
//	fmt.Println(exercise.Salience(Salience))
//
// A check never fails: a function that is not written yet, or that panics, makes a line that says so.
package exercise

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

// try is one call of a learner's function.
type try struct {
	call  string            // as it is shown
	got   func() string     // calls the function
	want  string            // computed by hand
	slips map[string]string // what some wrong result tells
}

// run makes all tries. Only the first wrong one is explained: the others often follow from it.
func run(name string, tries []try) Result {
	r := Result{Name: name, Right: true}
	for _, t := range tries {
		got := guarded(t.got)
		if got == t.want {
			r.lines = append(r.lines, fmt.Sprintf("%s: yours %s, expected %s ✓", t.call, got, t.want))
			continue
		}
		r.lines = append(r.lines, fmt.Sprintf("%s: yours %s, expected %s ✗", t.call, got, t.want))
		if hint := t.slips[got]; hint != "" && r.Right {
			r.lines = append(r.lines, "    "+hint)
		}
		r.Right = false
	}
	return r
}

// guarded turns a panic into a result.
func guarded(got func() string) (text string) {
	defer func() {
		if reason := recover(); reason != nil {
			text = fmt.Sprintf("a panic (%v)", reason)
		}
	}()
	return got()
}

func number(x float64) string { return fmt.Sprintf("%.3f", x) }

func list(words []string) string { return "[" + strings.Join(words, " | ") + "]" }
