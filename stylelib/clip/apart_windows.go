package clip

import "syscall"

// apart takes a process out of the group that the console sends its signals to.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{CreationFlags: syscall.CREATE_NEW_PROCESS_GROUP}
}
