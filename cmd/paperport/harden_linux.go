package main

import (
	"log/slog"
	"runtime/debug"
	"syscall"
)

// harden keeps the memory of this process, which holds keys, out of files and from other processes of this user: no core
// dumps, no debugger, and after a crash only the trace of the goroutine that crashed. What fails is logged; none of it is
// a reason not to start.
func harden(log *slog.Logger) {
	debug.SetTraceback("single")
	if err := syscall.Setrlimit(syscall.RLIMIT_CORE, &syscall.Rlimit{}); err != nil {
		log.Warn("core dumps cannot be switched off", "err", err)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_DUMPABLE, 0, 0); errno != 0 {
		log.Warn("this process stays open to debuggers", "err", errno)
	}
}

// isClockSynchronised asks the kernel; where it does not tell (some containers), nothing is held against the clock.
func isClockSynchronised() bool {
	const unsynchronised = 5 // TIME_ERROR of adjtimex(2)
	state, err := syscall.Adjtimex(&syscall.Timex{})
	return err != nil || state != unsynchronised
}
