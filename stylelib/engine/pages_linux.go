//go:build linux && cgo && !noxla

package engine

import (
	"os"
	"strings"
)

// pagesChoice is where the system says who gets pages of 2 MB.
const pagesChoice = "/sys/kernel/mm/transparent_hugepage/enabled"

// Pages says in a few words in which pages XLA takes its memory, and what to do for larger ones; "" where there is nothing to
// choose or to do.
func Pages() (state, remedy string) {
	choice, err := os.ReadFile(pagesChoice)
	switch {
	case err != nil:
		return "4 KB: this system tells of no larger ones", ""
	case strings.Contains(string(choice), "[never]"):
		return "4 KB: the system gives no larger ones", "the first steps are shorter after (as root) echo madvise > " + pagesChoice
	}
	return "2 MB", ""
}
