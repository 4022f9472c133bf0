package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// load sends requests over keep-alive connections, each connection one after the other.
type load struct {
	client *http.Client
	conns  int
	total  int
	// request makes the n-th request of a connection.
	request func(conn, n int) (*http.Request, error)
	status  int
}

func newClient(conns int) *http.Client {
	return &http.Client{
		Timeout:   10 * time.Second,
		Transport: &http.Transport{MaxIdleConnsPerHost: conns, MaxConnsPerHost: conns},
	}
}

// answered is what a load came to.
type answered struct {
	p50  time.Duration
	each time.Duration // wall time divided by requests: the inverse of the rate
}

func (l *load) run() (answered, error) {
	var (
		wg     sync.WaitGroup
		failed atomic.Value
		took   = make([][]time.Duration, l.conns)
	)
	began := time.Now()
	for conn := range l.conns {
		wg.Go(func() {
			for n := range l.total / l.conns {
				at := time.Now()
				if err := l.one(conn, n); err != nil {
					failed.CompareAndSwap(nil, err)
					return
				}
				took[conn] = append(took[conn], time.Since(at))
			}
		})
	}
	wg.Wait()
	if err, ok := failed.Load().(error); ok {
		return answered{}, err
	}
	all := slices.Concat(took...)
	slices.Sort(all)
	return answered{p50: all[len(all)/2], each: time.Since(began) / time.Duration(len(all))}, nil
}

func (l *load) one(conn, n int) error {
	req, err := l.request(conn, n)
	if err != nil {
		return err
	}
	resp, err := l.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != l.status {
		return fmt.Errorf("%s %s: %s: %.300s", req.Method, req.URL.Path, resp.Status, text)
	}
	return nil
}

// trader is a signed-in user of the server under measurement.
type trader struct {
	url     string
	client  *http.Client
	cookies []*http.Cookie
}

// call sends one JSON request and decodes the answer into out, unless nil.
func (t *trader) call(method, path string, body, out any) error {
	req, err := t.request(method, path, body)
	if err != nil {
		return err
	}
	resp, err := t.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %.300s", method, path, resp.Status, text)
	}
	if c := resp.Cookies(); len(c) > 0 {
		t.cookies = c
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(text, out)
}

func (t *trader) request(method, path string, body any) (*http.Request, error) {
	var r io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		r = bytes.NewReader(text)
	}
	req, err := http.NewRequest(method, t.url+path, r)
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for _, c := range t.cookies {
		req.AddCookie(c)
	}
	return req, nil
}
