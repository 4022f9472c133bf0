package breezesim

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
)

// The bodies of the control paths. A tag names one account, "" all of them.
type (
	clockSkew struct {
		SkewSeconds int `json:"skew_seconds"`
	}
	sessionsEnd struct {
		Tag  string `json:"tag"`
		Kill bool   `json:"kill"`
	}
	redirectChange struct {
		Tag string `json:"tag"`
		URL string `json:"url"`
	}
	loginChange struct {
		Tag string `json:"tag"`
		LoginSwitches
	}
	restChange struct {
		Tag string `json:"tag"`
		RESTSwitches
	}
)

// command serves one control path whose body is a T.
func command[T any](do func(T) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var body T
		if err := readControl(w, r, &body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		if err := do(body); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}
}

var errControl = errors.New("breezesim: the body is no JSON of this path")

// readControl reads a body; fields that the path does not have are refused, so that a misspelt fault is noticed.
func readControl(w http.ResponseWriter, r *http.Request, v any) error {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyMax))
	if err != nil {
		return errControl
	}
	return strict(body, v)
}

func strict(body []byte, v any) error {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if decoder.Decode(v) != nil {
		return errControl
	}
	return nil
}

// changeLogin changes switches of the login; what the body leaves out stays as it is.
func (s *Server) changeLogin(body json.RawMessage) error {
	var c loginChange
	if json.Unmarshal(body, &c) != nil {
		return errControl
	}
	s.login.switches.mu.Lock()
	c.LoginSwitches = of(s.login.switches.login, c.Tag)
	s.login.switches.mu.Unlock()
	if err := strict(body, &c); err != nil {
		return err
	}
	return s.SetLogin(c.Tag, c.LoginSwitches)
}

// changeREST changes switches of REST; what the body leaves out stays as it is.
func (s *Server) changeREST(body json.RawMessage) error {
	var c restChange
	if json.Unmarshal(body, &c) != nil {
		return errControl
	}
	c.RESTSwitches = s.login.switches.restOf(c.Tag)
	if err := strict(body, &c); err != nil {
		return err
	}
	return s.SetREST(c.Tag, c.RESTSwitches)
}

// controlSessions ends logins.
func (s *Server) controlSessions(c sessionsEnd) error {
	if c.Tag != "" && !IsTag(c.Tag) {
		return ErrSwitch
	}
	if c.Kill {
		s.KillSessions(c.Tag)
	}
	return nil
}
