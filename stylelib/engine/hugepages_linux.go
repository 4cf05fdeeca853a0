//go:build linux && cgo && !noxla

package engine

import (
	"os"
	"strings"
	"syscall"
)

// pagesChoice is where the system says who gets pages of 2 MB.
const pagesChoice = "/sys/kernel/mm/transparent_hugepage/enabled"

// Pages says in a few words in which pages XLA takes its memory, and what to do for larger ones; "" where there is nothing to
// choose or to do.
func Pages() (state, remedy string) {
	choice, err := os.ReadFile(pagesChoice)
	settings := os.Getenv(PagesEnv)
	switch {
	case err != nil:
		return "4 KB: this system tells of no larger ones", ""
	case strings.Contains(string(choice), "[always]"):
		return "2 MB, as every program's here", ""
	case strings.Contains(string(choice), "[never]"):
		return "4 KB: the system gives no larger ones", "a step is a seventh shorter after (as root) echo madvise > " + pagesChoice
	case strings.Contains(settings, "hugetlb=1"), strings.Contains(settings, "hugetlb=2"):
		return "2 MB, by " + PagesEnv, ""
	}
	return "4 KB, by " + PagesEnv + "=" + settings, "a step is a seventh shorter with " + PagesEnv + "=" + largePages
}

const largePages = "glibc.malloc.hugetlb=1"

// StartWithHugePages starts the program anew, once, with memory in pages of 2 MB where the system leaves that choice to
// programs: XLA takes its memory anew in each step, and in pages of 4 KB a step at 300 × 450 takes a sixth longer (0.66 instead of 0.57 s on two cores). A setting
// that is there already stays, and where huge pages can't be had nothing happens.
//
// Call it before anything else: the program begins again from its start.
func StartWithHugePages() {
	choice, err := os.ReadFile(pagesChoice)
	if err != nil || !strings.Contains(string(choice), "[madvise]") || strings.Contains(os.Getenv(PagesEnv), "hugetlb") {
		return
	}
	if os.Setenv(PagesEnv, strings.TrimPrefix(os.Getenv(PagesEnv)+":"+largePages, ":")) == nil {
		_ = syscall.Exec("/proc/self/exe", os.Args, os.Environ()) // comes back only if it can't be done
	}
}
