// Package memory says how much memory there is.
package memory

import (
	"math"

	"github.com/KimMachineGun/automemlimit/memlimit"
	"github.com/shirou/gopsutil/v4/mem"
)

// Free is what the process may still take, in bytes: what the system has left, or its control group and those above it
// allow. ok is false where the system doesn't tell.
func Free() (free int64, ok bool) {
	system, err := mem.VirtualMemory()
	if err != nil {
		return 0, false
	}
	free = int64(min(system.Available, math.MaxInt64))
	if limit, err := memlimit.FromCgroup(); err == nil && limit < uint64(free) {
		free = int64(limit)
	}
	return free, true
}
