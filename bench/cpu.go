package main

import (
	"bufio"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// cpuSelf is the CPU time that this process has used so far.
func cpuSelf() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// clockThread is CLOCK_THREAD_CPUTIME_ID of Linux. (getrusage of one thread counts whole scheduler ticks here.)
const clockThread = 3

// cpuThread is the CPU time of the calling thread, to the nanosecond; lock the goroutine to it before.
func cpuThread() time.Duration {
	var t syscall.Timespec
	if _, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, clockThread, uintptr(unsafe.Pointer(&t)), 0); errno != 0 {
		return 0
	}
	return time.Duration(t.Nano())
}

// tickHz is the unit of /proc: user-space clock ticks a second, 100 on every Linux we know.
const tickHz = 100

// cpuOf is the CPU time that a running process has used so far.
func cpuOf(pid int) time.Duration {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(f[11], 10, 64)
	sys, _ := strconv.ParseInt(f[12], 10, 64)
	return time.Duration(user+sys) * time.Second / tickHz
}

// rss is the resident memory of a process in bytes.
func rss(pid int) (int64, error) {
	file, err := os.Open(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	for s.Scan() {
		if rest, ok := strings.CutPrefix(s.Text(), "VmRSS:"); ok {
			kb, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			return kb << 10, err
		}
	}
	return 0, fmt.Errorf("no VmRSS for process %d", pid)
}

// noiseMax is the share of a core that other processes may take before a latency row counts as disturbed.
const noiseMax = 0.15

// watchNoise returns a function that tells what share of a core others have used since. Children still running are
// counted as others only where the machine's own counter sees them: a row with children reads too high, never too low.
func watchNoise() func() float64 {
	start, busy, own := time.Now(), machineBusy(), cpuAll()
	return func() float64 {
		if busy == 0 {
			return 0
		}
		others := machineBusy() - busy - (cpuAll() - own)
		return max(0, others.Seconds()/time.Since(start).Seconds())
	}
}

// cpuAll is the CPU time of this process, its finished children and its running ones.
func cpuAll() time.Duration {
	var u syscall.Rusage
	all := cpuSelf()
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err == nil {
		all += time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	children.mu.Lock()
	defer children.mu.Unlock()
	for pid := range children.pids {
		all += cpuOf(pid)
	}
	return all
}

// machineBusy is the CPU time used by everything on the machine, 0 where it cannot be read.
func machineBusy() time.Duration {
	text, err := os.ReadFile("/proc/stat")
	if err != nil {
		return 0
	}
	line, _, _ := strings.Cut(string(text), "\n")
	f := strings.Fields(line)
	var ticks int64
	for i, v := range f {
		// cpu user nice system idle iowait irq softirq steal: all but idle and iowait, and not what a hypervisor took.
		if i == 0 || i == 4 || i == 5 || i > 7 {
			continue
		}
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			return 0
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / tickHz
}
