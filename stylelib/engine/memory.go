package engine

import (
	"os"
	"runtime"
	"syscall"
)

// tunables are settings of GNU's C library, which reads them when a program starts: it keeps what it is given back, in one heap for
// all threads and in large pages; and no small piece behind a block is kept for others, or the next block doesn't fit in its place.
const (
	tunablesEnv = "GLIBC_TUNABLES"
	tunables    = "glibc.malloc.arena_max=1:glibc.malloc.mmap_max=0:glibc.malloc.trim_threshold=1099511627776:" +
		"glibc.malloc.hugetlb=1:glibc.malloc.tcache_count=0:glibc.malloc.mxfast=0"
)

// KeepMemory makes the memory of a step stay for the next one, on CPUs with Linux. XLA takes it anew in each step, one block of some
// hundred megabytes, and by itself the C library gives it back to the system, which clears every page anew: a quarter of a step.
//
// It starts the program again, in its place, with the environment that tells the C library so. A main function calls it before
// anything else. Where the environment has GLIBC_TUNABLES already, and on other systems, it does nothing.
func KeepMemory() {
	value, set := os.LookupEnv(tunablesEnv)
	if value == tunables {
		_ = os.Unsetenv(tunablesEnv) // it is not for programs that this one starts
	}
	if path, err := os.Executable(); !set && err == nil && withXLA && runtime.GOOS == "linux" {
		_ = syscall.Exec(path, os.Args, append(os.Environ(), tunablesEnv+"="+tunables))
	}
}
