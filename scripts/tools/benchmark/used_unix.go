//go:build unix

package main

import (
	"runtime"
	"syscall"
	"time"
)

// used returns what the process has taken of all processors, for itself and in the system, and the most memory that it has held.
func used() (cpuSeconds float64, peakBytes int64) {
	var used syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &used)
	peakBytes = int64(used.Maxrss)
	if runtime.GOOS != "darwin" {
		peakBytes <<= 10 // others count kilobytes
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano()).Seconds(), peakBytes
}
