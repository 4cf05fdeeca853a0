package checks

import (
	"fmt"
	"regexp"
	"strings"

	"stylebook/stylelib/i18n"
)

// Result is what a check found. Print it.
type Result struct {
	Name  string
	Right bool
	lines []string
}

// String returns one line where all is right, and Details otherwise.
func (r Result) String() string {
	if r.Right {
		r.lines = nil
	}
	return r.Details()
}

// Details returns a line for each value, and one for the whole.
func (r Result) Details() string {
	last := "%s: all right ✓"
	if !r.Right {
		last = "%s: not yet"
	}
	return strings.Join(append(r.lines, i18n.Format(last, r.Name)), "\n")
}

// Unfinished says whether a later cell must still wait for this task, and if so prints which to finish first.
func (r Result) Unfinished(task int) bool {
	if !r.Right {
		fmt.Printf("finish task %d first · 先完成任务 %d\n", task, task)
	}
	return !r.Right
}

// attempt is one call of a learner's function.
type attempt struct {
	call  string            // as it is shown
	got   func() string     // calls the function; it may panic
	want  string            // from an independent source
	slips map[string]string // what some wrong result tells
}

// judge makes all attempts. Only the first wrong one is explained: the others often follow from it.
func judge(name string, attempts ...attempt) Result {
	r := Result{Name: name, Right: true}
	for _, a := range attempts {
		got, mark := a.result(), "✓"
		if got != a.want {
			mark = "✗"
		}
		r.lines = append(r.lines, i18n.Format("%s: yours %s, expected %s %s", i18n.In(a.call), got, a.want, mark))
		if hint := a.slips[got]; got != a.want && hint != "" && r.Right {
			r.lines = append(r.lines, "    "+i18n.In(hint))
		}
		r.Right = r.Right && got == a.want
	}
	return r
}

// building is what GoMLX says before the reason why a graph could not be built: names of this package, twice.
var building = regexp.MustCompile(`^failed during graph construction.* panicked: `)

// panicked is a panic's first line as a result: GoMLX's carry a stack trace.
func panicked(reason any) string {
	line, _, _ := strings.Cut(fmt.Sprint(reason), "\n")
	return i18n.Format("a panic (%s)", i18n.In(building.ReplaceAllString(line, "")))
}

// result turns a panic into a result.
func (a attempt) result() (text string) {
	defer func() {
		if reason := recover(); reason != nil {
			text = panicked(reason)
		}
	}()
	return a.got()
}
