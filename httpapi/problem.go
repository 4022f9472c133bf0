package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/danielgtaylor/huma/v2/validation"

	"paperport/app"
	"paperport/store"
)

// Problem is an error as users and programs see it (RFC 9457 with a code).
type Problem struct {
	Status int    `json:"status" doc:"HTTP status"`
	Title  string `json:"title"`
	Detail string `json:"detail" doc:"A sentence for the user"`
	Code   string `json:"code" doc:"Stable name of the outcome"`
	// Context holds the key=value facts of the outcome, for example the field that is wrong.
	Context map[string]string `json:"context"`
	wait    time.Duration
}

var problemType = reflect.TypeFor[Problem]()

// Error returns code and sentence.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus tells huma the status.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType tells huma the media type.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders tells huma when to try again.
func (p *Problem) GetHeaders() http.Header {
	header := http.Header{}
	if p.wait > 0 {
		header.Set("Retry-After", strconv.Itoa(int((p.wait+time.Second-1)/time.Second)))
	}
	return header
}

func problem(status int, code, detail string) *Problem {
	return &Problem{Status: status, Title: http.StatusText(status), Detail: detail, Code: code, Context: map[string]string{}}
}

// note adds a fact to the context, if there is one.
func (p *Problem) note(key, value string) {
	if value != "" {
		p.Context[key] = value
	}
}

func badField(field, detail string) *Problem {
	p := problem(http.StatusBadRequest, "BAD_FIELD", detail)
	p.Context["field"] = field
	return p
}

func notFound() *Problem {
	return problem(http.StatusNotFound, "NOT_FOUND", "This does not exist, or it is not yours.")
}

func slowDown(wait time.Duration) *Problem {
	p := problem(http.StatusTooManyRequests, string(app.SlowDown), "Too many requests. Try again in a moment.")
	p.wait = wait
	return p
}

// writeProblem answers outside huma.
func writeProblem(w http.ResponseWriter, _ *http.Request, p *Problem) {
	header := w.Header()
	for key, values := range p.GetHeaders() {
		header[key] = values
	}
	header.Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}

// explain turns an error into what the user may know; trouble of our own is logged in full and shown without detail.
func (s *Server) explain(ctx context.Context, err error) *Problem {
	var ready *Problem
	if errors.As(err, &ready) {
		return ready
	}
	var refusal *app.Refusal
	if errors.As(err, &refusal) {
		p := problem(refusalStatus(refusal.Code), string(refusal.Code), refusal.Text)
		p.wait = refusal.Wait
		p.note("next", refusal.Next)
		p.note("field", refusal.Field)
		return p
	}
	var failure *app.BrokerFailure
	if errors.As(err, &failure) {
		p := problem(refusalStatus(app.BrokerFailed), string(app.BrokerFailed), failure.Text)
		p.wait = failure.Wait
		p.note("next", failure.Next)
		return p
	}
	p := appProblem(err)
	if p.Status >= 500 {
		level := slog.LevelWarn // expected trouble
		if p.Status == http.StatusInternalServerError {
			level = slog.LevelError
		}
		s.Log.LogAttrs(ctx, level, "request failed", slog.String("request_id", requestOf(ctx).id), slog.Any("err", err))
	}
	return p
}

// appProblem maps the sentinels of app.
func appProblem(err error) *Problem {
	switch {
	case errors.Is(err, app.ErrNotFound):
		return notFound()
	case errors.Is(err, app.ErrInvalid):
		return invalid(sentence(err, app.ErrInvalid))
	case errors.Is(err, app.ErrBusy):
		return retryable("VENUE_BUSY", "The venue is busy. Try again in a moment.")
	case errors.Is(err, app.ErrHalted):
		return retryable("VENUE_HALTED", "The venue was stopped by a fault; the owner has to look at it. Nothing was changed.")
	case errors.Is(err, app.ErrUnavailable):
		return retryable("UNAVAILABLE", sentence(err, app.ErrUnavailable))
	case errors.Is(err, app.ErrDiskFull), errors.Is(err, store.ErrDiskFull):
		return problem(http.StatusInsufficientStorage, "DISK_FULL", "The disk is full. Nothing was changed; free some space and try again.")
	case errors.Is(err, context.DeadlineExceeded):
		return retryable("TIMED_OUT", "This took too long.")
	default:
		return problem(http.StatusInternalServerError, "INTERNAL", "Something went wrong on our side. Nothing is known to have changed.")
	}
}

func retryable(code, detail string) *Problem {
	p := problem(http.StatusServiceUnavailable, code, detail)
	p.wait = time.Second
	return p
}

// fieldName matches the field that app names before a colon.
var fieldName = regexp.MustCompile(`^([A-Z])([a-z_]*): `)

// invalid is the refusal of a field by app, which names it first where it knows which it is.
func invalid(text string) *Problem {
	named := fieldName.FindStringSubmatch(text)
	if named == nil {
		return problem(http.StatusBadRequest, "BAD_FIELD", text)
	}
	field := strings.ToLower(named[1]) + named[2]
	return badField(field, strings.ToLower(text[:1])+text[1:])
}

// sentence is what follows the sentinel's own text, as a sentence.
func sentence(err, sentinel error) string {
	_, rest, _ := strings.Cut(err.Error(), sentinel.Error())
	rest = strings.TrimLeft(rest, ": ")
	if rest == "" {
		_, rest, _ = strings.Cut(sentinel.Error(), ": ")
	}
	return strings.ToUpper(rest[:1]) + strings.TrimSuffix(rest[1:], ".") + "."
}

func refusalStatus(code app.RefusalCode) int {
	switch code {
	case app.LoginFailed, app.CodeRequired, app.CodeWrong, app.NotSignedIn:
		return http.StatusUnauthorized
	case app.SlowDown:
		return http.StatusTooManyRequests
	case app.NotAllowed, app.SetupLinkOnly, app.PasswordWrong, app.ProofRequired:
		return http.StatusForbidden
	case app.SetupDone, app.UsernameTaken, app.LastOwner, app.TwoStepOn, app.TwoStepMissing,
		app.ConfirmSubmission, app.BrokerMissing, app.PopupRefused:
		return http.StatusConflict
	case app.LinkInvalid, app.UserUnknown, app.LoginUnknown:
		return http.StatusNotFound
	case app.UsernameBad, app.PasswordWeak, app.RoleUnknown, app.BrokerFieldBad:
		return http.StatusBadRequest
	case app.SessionRefused:
		return http.StatusUnprocessableEntity
	case app.AutoSessionFailed, app.BrokerFailed:
		return http.StatusBadGateway
	case app.KeyLocked, app.NoLiveData:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

var setUpHuma = sync.OnceFunc(func() {
	huma.DefaultArrayNullable = false
	validation.MsgExpectedMinimumNumber, validation.MsgExpectedMaximumNumber = "write at least %.f", "write at most %.f" // never 1e+09
	validation.MsgExpectedRequiredProperty = missingField + "%s"
	huma.ValidateStrictCasing = true
	huma.NewErrorWithContext = func(hc huma.Context, status int, text string, errs ...error) huma.StatusError {
		p := humaProblem(status, text, errs)
		if hc != nil && hc.Operation() != nil && hc.Operation().Metadata[secretBody] == true {
			return silent(p)
		}
		return p
	}
	huma.NewError = func(status int, text string, errs ...error) huma.StatusError { return humaProblem(status, text, errs) }
})

// missingField begins huma's message about a field that is not there.
const missingField = "missing field "

// humaProblem rewrites huma's own refusals. The value is never repeated: it may be a password.
func humaProblem(status int, text string, errs []error) *Problem {
	var first *huma.ErrorDetail
	for _, err := range errs {
		if errors.As(err, &first) {
			break
		}
	}
	switch {
	case status == http.StatusRequestEntityTooLarge:
		return problem(status, "BODY_TOO_LARGE", "The request is too large.")
	case status == http.StatusUnsupportedMediaType:
		return badContentType()
	case status == http.StatusRequestTimeout:
		return problem(status, "BODY_TOO_SLOW", "The request body did not arrive in time.")
	case status == http.StatusNotAcceptable:
		return problem(status, "NOT_ACCEPTABLE", "We answer in JSON.")
	case first != nil && strings.HasPrefix(first.Message, badNumber):
		return badNumberProblem(strings.TrimPrefix(first.Message, badNumber))
	case status == http.StatusBadRequest && first != nil:
		return problem(status, "BAD_JSON", "The request is not valid JSON: "+first.Message+".")
	case status == http.StatusBadRequest:
		return problem(status, "BAD_JSON", "The request needs a JSON body.")
	case first != nil && strings.HasPrefix(first.Message, "unexpected property"):
		p := problem(http.StatusBadRequest, "BAD_JSON", fmt.Sprintf("Unknown field %s.", fieldOf(first.Location)))
		p.Context["field"] = fieldOf(first.Location)
		return p
	case first != nil && strings.HasPrefix(first.Message, missingField):
		field := strings.TrimPrefix(first.Message, missingField)
		return badField(field, field+": this field is missing.")
	case first != nil:
		return badField(fieldOf(first.Location), fmt.Sprintf("%s: %s.", fieldOf(first.Location), first.Message))
	case status >= 500:
		return problem(http.StatusInternalServerError, "INTERNAL", "Something went wrong on our side.")
	default:
		return problem(http.StatusBadRequest, "BAD_REQUEST", text)
	}
}

// silent drops what a refusal of a body with secrets could repeat: somebody may have typed one where a key belongs.
func silent(p *Problem) *Problem {
	if p.Code == "BAD_JSON" {
		return problem(p.Status, p.Code, "The request is not the JSON that this address takes.")
	}
	return p
}

func badNumberProblem(field string) *Problem {
	if field == "" {
		return badField("body", "A number is too large.")
	}
	return badField(field, field+": write a whole number, with digits only.")
}

func fieldOf(location string) string {
	_, field, isNested := strings.Cut(location, ".")
	if !isNested {
		return location
	}
	return field
}

func badContentType() *Problem {
	return problem(http.StatusUnsupportedMediaType, "BAD_CONTENT_TYPE", "Send JSON with Content-Type: application/json.")
}

func unwrap(hc huma.Context) (*http.Request, http.ResponseWriter) { return humago.Unwrap(hc) }
