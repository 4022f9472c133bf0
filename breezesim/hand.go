package breezesim

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"paperport/secret"
)

// handPath and accountPath are where a simulator hands out its own credentials and the accounts of its customers, to its
// own machine only. They are not part of Breeze.
const (
	handPath    = "/demo/credentials"
	accountPath = "/demo/account"
)

// handed is the body of handPath.
type handed struct {
	Key     string `json:"key"`
	Secret  string `json:"secret"`
	Session string `json:"session"`
}

// handedAccount is the body of accountPath.
type handedAccount struct {
	Tag         string `json:"tag"`
	Key         string `json:"key"`
	Secret      string `json:"secret"`
	UserID      string `json:"user_id"`
	Password    string `json:"password"`
	TOTPSecret  string `json:"totp_secret"`
	RedirectURL string `json:"redirect_url"`
}

// serveHand issues a session for a caller on this machine. There is nothing to protect in them but the machine's work.
func (s *Server) serveHand(w http.ResponseWriter, r *http.Request) {
	if !s.isOwnMachine(r) {
		http.Error(w, "only for programs on this machine", http.StatusForbidden)
		return
	}
	c := s.Credentials()
	replyJSON(w, handed{c.Key, c.Secret, c.APISession})
}

// serveAccount tells a caller on this machine the account of the query's tag.
func (s *Server) serveAccount(w http.ResponseWriter, r *http.Request) {
	tag := r.URL.Query().Get("tag")
	switch {
	case !s.isOwnMachine(r):
		http.Error(w, "only for programs on this machine", http.StatusForbidden)
	case !IsTag(tag):
		http.Error(w, "a tag is 1 to 16 of a-z and 0-9", http.StatusBadRequest)
	default:
		a := s.Account(tag)
		replyJSON(w, handedAccount{tag, a.Key.Reveal(), a.Secret.Reveal(), a.UserID.Reveal(), a.Password.Reveal(), a.TOTPSecret.Reveal(), a.RedirectURL})
	}
}

// forwarding are the headers by which a proxy shows itself.
var forwarding = [...]string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-Ip", "Via"}

// isOwnMachine reports whether a program on this machine asks: no browser page, and nobody behind a proxy that runs here.
func (s *Server) isOwnMachine(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() || r.Header.Get("Origin") != "" || r.Host == s.publicHost {
		return false
	}
	for _, name := range forwarding {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	return true
}

func replyJSON(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // the client went away
}

// ErrNoSimulator says that what answers at an address is no simulator of ours.
var ErrNoSimulator = errors.New("breezesim: no simulator answers there")

// FetchCredentials asks a simulator that runs elsewhere on this machine (base such as http://127.0.0.1:8001) for credentials.
func FetchCredentials(ctx context.Context, base string) (Credentials, error) {
	var h handed
	if err := fetch(ctx, base, handPath, &h); err != nil {
		return Credentials{}, err
	}
	if !strings.HasPrefix(h.Key, KeyPrefix) {
		return Credentials{}, ErrNoSimulator
	}
	return Credentials{h.Key, h.Secret, h.Session}, nil
}

// FetchAccount asks a simulator that runs elsewhere on this machine for the account of a tag.
func FetchAccount(ctx context.Context, base, tag string) (Account, error) {
	var h handedAccount
	if err := fetch(ctx, base, accountPath+"?tag="+url.QueryEscape(tag), &h); err != nil {
		return Account{}, err
	}
	if !strings.HasPrefix(h.Key, KeyPrefix) || h.Tag != tag {
		return Account{}, ErrNoSimulator
	}
	return Account{Tag: tag, Key: secret.New(h.Key), Secret: secret.New(h.Secret), UserID: secret.New(h.UserID), Password: secret.New(h.Password),
		TOTPSecret: secret.New(h.TOTPSecret), RedirectURL: h.RedirectURL}, nil
}

func fetch(ctx context.Context, base, path string, v any) error {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, strings.TrimSuffix(base, "/")+path, nil)
	if err != nil {
		return fmt.Errorf("breezesim: asking for credentials: %w", err)
	}
	reply, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("breezesim: asking for credentials: %w", err)
	}
	defer func() { _ = reply.Body.Close() }()
	if reply.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(reply.Body, bodyMax)).Decode(v) != nil {
		return ErrNoSimulator
	}
	return nil
}
