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

	"stylebook/stylelib/internal/verdict"
)

// Result is what a check found. Print it.
type Result = verdict.Result

func number(x float64) string { return fmt.Sprintf("%.3f", x) }

func list(words []string) string { return "[" + strings.Join(words, " | ") + "]" }
