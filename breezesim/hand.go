package breezesim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
)

// handPath is where a simulator hands out its own credentials, to its own machine only. It is not part of Breeze.
const handPath = "/demo/credentials"

// handed is the body of handPath.
type handed struct {
	Key     string `json:"key"`
	Secret  string `json:"secret"`
	Session string `json:"session"`
}

// serveHand issues a session for a caller on this machine. There is nothing to protect in them but the machine's work.
func (s *Server) serveHand(w http.ResponseWriter, r *http.Request) {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || r.Header.Get("Origin") != "" {
		http.Error(w, "only for programs on this machine", http.StatusForbidden)
		return
	}
	c := s.Credentials()
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(handed{c.Key, c.Secret, c.APISession}) // the client went away
}

// ErrNoSimulator says that what answers at an address is no simulator of ours.
var ErrNoSimulator = errors.New("breezesim: no simulator answers there")

// FetchCredentials asks a simulator that runs elsewhere on this machine (base such as http://127.0.0.1:8001) for credentials.
func FetchCredentials(ctx context.Context, base string) (Credentials, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(base, "/")+handPath, nil)
	if err != nil {
		return Credentials{}, fmt.Errorf("breezesim: asking for credentials: %w", err)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return Credentials{}, fmt.Errorf("breezesim: asking for credentials: %w", err)
	}
	defer func() { _ = reply.Body.Close() }()
	var h handed
	if err := json.NewDecoder(io.LimitReader(reply.Body, bodyMax)).Decode(&h); err != nil || !strings.HasPrefix(h.Key, KeyPrefix) {
		return Credentials{}, ErrNoSimulator
	}
	return Credentials{h.Key, h.Secret, h.Session}, nil
}
