package leak

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// output is what a program writes; it may be read while it does.
type output struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

// Write keeps p.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.buf.Bytes())
}

// program is the real binary on one data directory and port.
type program struct {
	t      *testing.T
	binary string
	dir    string // where it runs
	env    []string
	args   []string
	base   string
	cmd    *exec.Cmd
	out    *output
	exited chan error
}

// mustStart runs serve until it answers.
func (p *program) mustStart() {
	p.t.Helper()
	p.out = &output{}
	p.cmd = exec.Command(p.binary, append([]string{"serve"}, p.args...)...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr = p.dir, p.env, p.out, p.out
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	p.exited = make(chan error, 1)
	go func() { p.exited <- p.cmd.Wait() }()
	p.t.Cleanup(func() { _ = p.cmd.Process.Kill() })
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) { // another process: there is nothing to wait on
		ctx, cancel := context.WithTimeout(p.t.Context(), time.Second)
		r, _ := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/readyz", nil)
		answer, err := http.DefaultClient.Do(r)
		if err == nil {
			_ = answer.Body.Close()
		}
		cancel()
		if err == nil && answer.StatusCode == http.StatusOK {
			return
		}
	}
	p.t.Fatalf("the program is not ready after 30 s:\n%s", p.out.bytes())
}

// mustCrash ends it with a signal that leaves a trace.
func (p *program) mustCrash(signal syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	select {
	case <-p.exited:
	case <-time.After(30 * time.Second):
		p.t.Fatalf("%s did not end the program", signal)
	}
	if out := p.out.bytes(); !bytes.Contains(out, []byte("goroutine ")) {
		p.t.Errorf("%s left no trace: %s", signal, out[max(0, len(out)-300):])
	}
}

// run runs another command beside the server and returns all that it says.
func (p *program) run(args ...string) []byte {
	cmd := exec.CommandContext(p.t.Context(), p.binary, args...)
	cmd.Dir, cmd.Env = p.dir, p.env
	out, err := cmd.CombinedOutput()
	return fmt.Appendf(out, "\n%v\n", err)
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return strconv.Itoa(l.Addr().(*net.TCPAddr).Port)
}
