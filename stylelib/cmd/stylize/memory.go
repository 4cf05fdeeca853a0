package main

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
)

// parseMemory reads an amount such as 500MB or 4GB.
func parseMemory(text string) (int64, error) {
	for unit, size := range map[string]float64{"MB": 1e6, "GB": 1e9} {
		number, ok := strings.CutSuffix(strings.ToUpper(text), unit)
		if !ok {
			continue
		}
		if value, err := strconv.ParseFloat(strings.TrimSpace(number), 64); err == nil && value > 0 {
			return int64(value * size), nil
		}
	}
	return 0, fmt.Errorf("-memory: %q is no amount of memory: write 500MB or 4GB", text)
}

// freeMemory is what the process may still take: the system's free memory, or what its control group leaves. ok is false
// where the system doesn't tell.
func freeMemory() (free int64, ok bool) {
	info, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, false
	}
	for line := range bytes.Lines(info) {
		if fields := bytes.Fields(line); len(fields) > 1 && string(fields[0]) == "MemAvailable:" {
			kilobytes, err := strconv.ParseInt(string(fields[1]), 10, 64)
			if err != nil {
				return 0, false
			}
			free, ok = kilobytes<<10, true
		}
	}
	limit, limitErr := number("/sys/fs/cgroup/memory.max") // "max" where there is none
	used, usedErr := number("/sys/fs/cgroup/memory.current")
	if limitErr == nil && usedErr == nil {
		free = min(free, limit-used)
	}
	return free, ok
}

func number(path string) (int64, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	return strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
}
