package main

import "syscall"

// diskFree is how many bytes this user may still write to the disk of a directory, false when that cannot be told.
func diskFree(dir string) (int64, bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(dir, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * s.Bsize, true
}
