//go:build unix && !linux

package clip

import "syscall"

// apart takes a process out of the group that the terminal sends its signals to.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
