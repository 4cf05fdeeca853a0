//go:build unix

package main

import (
	"syscall"
	"time"
)

// cpuSeconds returns what the process has taken of all processors, for itself and in the system.
func cpuSeconds() float64 {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds()
}
