package breezewire

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Refused is an answer that is not a success. Its text is kept apart from Error, cleaned, for the operator's screen only.
type Refused struct {
	Fault Fault
	// HTTPStatus is the status line's, Status the envelope's (0 when it had none).
	HTTPStatus, Status int
	// Text is the broker's own text: printable ASCII, at most 200 characters, "" for pages and exceptions.
	Text string
}

// Error names the fault and the statuses.
func (r *Refused) Error() string {
	return fmt.Sprintf("%s (HTTP %d, status %d)", r.Fault.Error(), r.HTTPStatus, r.Status)
}

// Unwrap returns the fault, for errors.Is.
func (r *Refused) Unwrap() error { return r.Fault }

const textMax = 200

// CleanText keeps printable ASCII, at most 200 characters, of a text we did not write.
func CleanText(s string) string {
	var b strings.Builder
	for i := 0; i < len(s) && b.Len() < textMax; i++ {
		if s[i] >= ' ' && s[i] <= '~' {
			b.WriteByte(s[i])
		}
	}
	return strings.TrimSpace(b.String())
}

// envelope is the answer of 1.6 before it is believed.
type envelope struct {
	Success   json.RawMessage `json:"Success"`
	Status    Count           `json:"Status"`
	Error     json.RawMessage `json:"Error"`
	Exception json.RawMessage `json:"ExceptionMessage"`
}

// OpenEnvelope returns the Success part of an answer: an object or array, nil when the broker sent null, "" or no
// Success at all with status 200. Every other answer is a *Refused. The result aliases body.
func OpenEnvelope(httpStatus int, body []byte) (json.RawMessage, error) {
	trimmed := bytes.TrimSpace(body)
	if len(trimmed) == 0 || trimmed[0] != '{' {
		return nil, &Refused{Fault: faultOfPage(httpStatus, trimmed), HTTPStatus: httpStatus}
	}
	var e envelope
	if err := json.Unmarshal(trimmed, &e); err != nil {
		return nil, &Refused{Fault: FaultGarbled, HTTPStatus: httpStatus}
	}
	if len(e.Exception) > 0 {
		return nil, &Refused{Fault: FaultException, HTTPStatus: httpStatus}
	}
	text := textOf(e.Error)
	if httpStatus == 200 && e.Status == 200 && text == "" {
		return successOf(e.Success), nil
	}
	refused := &Refused{HTTPStatus: httpStatus, Status: int(e.Status), Text: CleanText(text)}
	switch {
	case text != "":
		refused.Fault = faultOf(text)
	case httpStatus != 200:
		refused.Fault = faultOfPage(httpStatus, nil)
	case e.Status == 0:
		refused.Fault = FaultGarbled
	default:
		refused.Fault = FaultOther
	}
	return nil, refused
}

// faultOfPage names an answer that is no JSON object.
func faultOfPage(httpStatus int, body []byte) Fault {
	switch {
	case httpStatus == 401 || httpStatus == 403:
		return FaultSession
	case httpStatus == 429:
		return FaultRateMinute
	case httpStatus >= 400:
		return FaultUnavailable
	case len(body) > 0 && body[0] == '<':
		return FaultOutage
	default:
		return FaultGarbled
	}
}

// textOf returns an error that is a JSON string; anything else that is not null is an error without a text we can read.
func textOf(raw json.RawMessage) string {
	if len(raw) == 0 || string(raw) == "null" {
		return ""
	}
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return "?"
	}
	return s
}

func successOf(raw json.RawMessage) json.RawMessage {
	if s := string(raw); s == "null" || s == `""` {
		return nil
	}
	return raw
}

// DecodeRows reads the rows of a Success that is an array, a single object, or nothing.
func DecodeRows[T any](success json.RawMessage) ([]T, error) {
	trimmed := bytes.TrimSpace(success)
	if len(trimmed) == 0 {
		return nil, nil
	}
	if trimmed[0] == '{' {
		trimmed = append(append([]byte{'['}, trimmed...), ']')
	}
	var rows []T
	if err := json.Unmarshal(trimmed, &rows); err != nil {
		return nil, fmt.Errorf("breezewire: reading rows: %w", FaultGarbled)
	}
	return rows, nil
}

// Success encodes an answer of the broker; v is an object or a slice.
func Success(v any) ([]byte, error) {
	return Marshal(struct {
		Success any
		Status  int
		Error   *string
	}{v, 200, nil})
}

// Failure encodes an application error: Success is null.
func Failure(status int, text string) []byte {
	b, err := Marshal(struct {
		Success any
		Status  int
		Error   string
	}{nil, status, text})
	if err != nil {
		panic("breezewire: " + err.Error())
	}
	return b
}

// GatewayFailure encodes an error of the gateway in front: status 5 and no Success key.
func GatewayFailure(text string) []byte {
	b, err := Marshal(struct {
		Status int
		Error  string
	}{5, text})
	if err != nil {
		panic("breezewire: " + err.Error())
	}
	return b
}
