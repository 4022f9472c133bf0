package crash

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// program is the real binary on one data directory and port.
type program struct {
	binary string
	env    []string
	base   string
	client *http.Client
	cmd    *exec.Cmd
	output *bytes.Buffer
	exited chan error
}

var errNotReady = errors.New("crash: the program did not become ready")

// start runs the binary and waits until it answers.
func (p *program) start() error {
	p.output = &bytes.Buffer{}
	p.cmd = exec.Command(p.binary, "serve", "--demo=off")
	p.cmd.Env = append(os.Environ(), p.env...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		return err
	}
	p.exited = make(chan error, 1)
	go func() { p.exited <- p.cmd.Wait() }()
	deadline := time.Now().Add(20 * time.Second)
	for time.Now().Before(deadline) {
		select {
		case err := <-p.exited:
			return fmt.Errorf("%w: it ended: %w\n%s", errNotReady, err, p.output)
		default:
		}
		if p.isReady() {
			return nil
		}
		time.Sleep(2 * time.Millisecond) // another process: there is nothing to wait on
	}
	p.kill()
	return fmt.Errorf("%w\n%s", errNotReady, p.output)
}

func (p *program) isReady() bool {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/readyz", nil)
	if err != nil {
		return false
	}
	reply, err := p.client.Do(r)
	if err != nil {
		return false
	}
	defer reply.Body.Close()
	_, _ = io.Copy(io.Discard, reply.Body)
	return reply.StatusCode == http.StatusOK
}

// kill ends the program as a power cut would, as far as the system allows, and waits.
func (p *program) kill() {
	_ = p.cmd.Process.Kill()
	<-p.exited
	p.client.CloseIdleConnections()
}

// stop ends the program in order.
func (p *program) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := <-p.exited
	p.client.CloseIdleConnections()
	if err != nil {
		return fmt.Errorf("crash: a clean stop: %w\n%s", err, p.output)
	}
	return nil
}
