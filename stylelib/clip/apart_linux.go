package clip

import "syscall"

// apart takes a process out of the group that the terminal sends its signals to. It ends with the thread that started it.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
