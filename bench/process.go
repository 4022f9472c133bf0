package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

// children are the programs that run now; a sample of noise leaves them out.
var children = struct {
	mu   sync.Mutex // guards pids
	pids map[int]bool
}{pids: map[int]bool{}}

// process is one program under measurement.
type process struct {
	cmd  *exec.Cmd
	url  string
	done chan struct{}
	log  *os.File
}

// start runs a program and waits until url answers 200. It returns the time from exec to that answer.
func (b *bench) start(url string, env []string, name string, args ...string) (*process, time.Duration, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), env...)
	logFile, err := os.CreateTemp(b.dir, "log-")
	if err != nil {
		return nil, 0, err
	}
	cmd.Stdout, cmd.Stderr = logFile, logFile
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, 0, err
	}
	p := &process{cmd: cmd, url: url, done: make(chan struct{}), log: logFile}
	children.mu.Lock()
	children.pids[cmd.Process.Pid] = true
	children.mu.Unlock()
	go func() {
		defer close(p.done)
		//nolint:errcheck // it is killed in the end: the exit status says nothing.
		cmd.Wait()
		children.mu.Lock()
		delete(children.pids, cmd.Process.Pid)
		children.mu.Unlock()
	}()
	took, err := p.await(url, began)
	if err != nil {
		p.kill()
		text, _ := os.ReadFile(logFile.Name())
		return nil, 0, fmt.Errorf("%s: %w: %.2000s", filepath.Base(name), err, text)
	}
	return p, took, nil
}

// startMax is how long a program may take to answer at all.
const startMax = 20 * time.Second

var plainClient = &http.Client{
	Timeout:       2 * time.Second,
	Transport:     &http.Transport{DisableKeepAlives: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// await polls until the first 200. The pause is short against what is measured.
func (p *process) await(url string, began time.Time) (time.Duration, error) {
	for time.Since(began) < startMax {
		resp, err := plainClient.Get(url)
		if err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return time.Since(began), nil
			}
		}
		select {
		case <-p.done:
			return 0, errors.New("it ended before it answered")
		default:
		}
		time.Sleep(200 * time.Microsecond)
	}
	return 0, fmt.Errorf("no 200 within %s", startMax)
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// kill ends the program and waits.
func (p *process) kill() {
	//nolint:errcheck // it may have ended by itself.
	p.cmd.Process.Kill()
	<-p.done
	p.log.Close()
}

// freeAddr returns a loopback address that nobody uses now.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// build compiles a command of the project as it is released: static, stripped.
func (b *bench) build(pkg, name string) (string, error) {
	out := filepath.Join(b.dir, name)
	if _, err := os.Stat(out); err == nil {
		return out, nil
	}
	cmd := exec.Command("go", "build", "-buildvcs=false", "-trimpath", "-ldflags=-s -w", "-o", out, pkg)
	cmd.Dir = b.root
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w: %s", pkg, err, text)
	}
	return out, nil
}

// paperport is the path of the binary under test.
func (b *bench) paperport() (string, error) {
	if b.binary != "" {
		return b.binary, nil
	}
	return b.build("./cmd/paperport", "paperport")
}
