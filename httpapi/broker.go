package httpapi

import (
	"context"
	"fmt"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/secret"
	"paperport/store"
)

// Brokers is the broker side as routes need it: app.Brokers, and in tests a broker that answers as told.
type Brokers interface {
	State(ctx context.Context, user auth.UserID) (app.BrokerState, error)
	Follow(user auth.UserID, changed func()) (stop func())
	SaveCredentials(ctx context.Context, a app.Actor, f app.BrokerFields, from app.From) (string, error)
	CheckCode(ctx context.Context, a app.Actor, code secret.Text, from app.From) (app.CodeCheck, error)
	Generate(ctx context.Context, a app.Actor, isConfirmed bool, from app.From) (string, error)
	StartPopup(ctx context.Context, a app.Actor, from app.From) (app.PopupStart, error)
	PopupAddress(ctx context.Context, a app.Actor, id string) (secret.Text, error)
	FinishPopup(ctx context.Context, binding, apiSession secret.Text, from app.From) (app.PopupEnd, error)
	RefuseCallback(ctx context.Context, why string, from app.From) error
	Popup(ctx context.Context, a app.Actor, id string) (store.Popup, error)
	PasteSession(ctx context.Context, a app.Actor, text secret.Text, from app.From) (string, error)
	Test(ctx context.Context, a app.Actor, from app.From) (string, error)
	Disconnect(ctx context.Context, a app.Actor, from app.From) error
	Hold(ctx context.Context, a app.Actor, isHeld bool, from app.From) error
	RenewEveryDay(ctx context.Context, a app.Actor, isOn bool, from app.From) error
	DemoAccount(ctx context.Context, a app.Actor) (app.BrokerFields, error)
	Notices(ctx context.Context, user auth.UserID) ([]store.Notice, error)
	AckNotice(ctx context.Context, a app.Actor, id string) error
	Trail(ctx context.Context, user auth.UserID, before int64, limit int) ([]store.AuditRow, error)
	System(ctx context.Context) (app.SystemState, error)
}

// generatePath is the one route that may take longer than the others: it walks through the broker's login pages.
const generatePath = "/api/broker/generate"

// generateMax bounds it; exchangeMax is for what asks the broker once.
const (
	generateMax = 90 * time.Second
	exchangeMax = 30 * time.Second
)

var errNoBrokers = fmt.Errorf("%w: the broker side is not running", app.ErrUnavailable)

// brokerRoute is route for what needs the broker side.
func brokerRoute[I, O any](s *Server, o operation, handle func(context.Context, *I) (*O, error)) {
	route(s, o, func(ctx context.Context, in *I) (*O, error) {
		if s.Brokers == nil {
			return nil, errNoBrokers
		}
		return handle(ctx, in)
	})
}

// CredentialsRequest is what was typed; an empty field keeps what is stored.
type CredentialsRequest struct {
	APIKey     string `json:"api_key,omitempty" maxLength:"1024"`
	SecretKey  string `json:"secret_key,omitempty" maxLength:"1024"`
	LoginID    string `json:"login_id,omitempty" maxLength:"1024"`
	Password   string `json:"password,omitempty" maxLength:"1024"`
	TOTPSecret string `json:"totp_secret,omitempty" maxLength:"1024"`
}

type credentialsIn struct{ Body CredentialsRequest }

// CodeCheckRequest is the six digits that the user's phone shows.
type CodeCheckRequest struct {
	Code string `json:"code" maxLength:"40"`
}

type codeCheckIn struct{ Body CodeCheckRequest }

// CodeCheck tells whether phone and stored secret agree.
type CodeCheck struct {
	Result string `json:"result" enum:"match,no_match,clock_off"`
	Steps  int    `json:"steps" doc:"By how many steps of 30 s the phone is ahead, or behind when negative"`
	Text   string `json:"text"`
}

type codeCheckOut struct{ Body CodeCheck }

// GenerateRequest presses the green button.
type GenerateRequest struct {
	IsConfirmed bool `json:"is_confirmed" doc:"The user saw how many submissions are left and wants one more"`
}

type generateIn struct{ Body GenerateRequest }

// SessionRequest is a session token pasted by hand.
type SessionRequest struct {
	Token string `json:"token" minLength:"1" maxLength:"3000" doc:"Bare, as apisession=…, or the whole redirect URL"`
}

type sessionIn struct{ Body SessionRequest }

// HoldRequest pauses or resumes automatic login.
type HoldRequest struct {
	IsHeld bool `json:"is_held"`
}

type holdIn struct{ Body HoldRequest }

// EveryDayRequest switches renewals on days without any session.
type EveryDayRequest struct {
	IsOn bool `json:"is_on"`
}

type everyDayIn struct{ Body EveryDayRequest }

type brokerOut struct{ Body Broker }

// BrokerAnswer is the sentence to show and the connection as it is now.
type BrokerAnswer struct {
	Message string `json:"message"`
	Broker  Broker `json:"broker"`
}

type brokerAnswerOut struct{ Body BrokerAnswer }

// DemoCredentials are made to be shown: they open a pretended account at the demo broker and nothing else.
type DemoCredentials struct {
	APIKey     string `json:"api_key"`
	SecretKey  string `json:"secret_key"`
	LoginID    string `json:"login_id"`
	Password   string `json:"password"`
	TOTPSecret string `json:"totp_secret"`
}

type demoCredentialsOut struct{ Body DemoCredentials }

func (s *Server) registerBroker() {
	change := func(id, method, path, summary string) operation {
		return operation{id: id, method: method, path: path, access: Trader, summary: summary, bodyMax: orderBodyMax}
	}
	proven := func(o operation) operation { o.needsProof = true; return o }
	secretly := func(o operation) operation { o.hasSecrets = true; return o }
	brokerRoute(s, operation{id: "broker", method: "GET", path: "/api/broker", access: SignedIn, summary: "My broker connection"}, s.broker)
	brokerRoute(s, secretly(proven(change("save-broker-credentials", "POST", "/api/broker/credentials", "Store what was typed; empty fields stay"))), s.saveCredentials)
	brokerRoute(s, secretly(change("check-broker-code", "POST", "/api/broker/code-check", "Compare a code of the phone with the stored secret")), s.checkCode)
	brokerRoute(s, proven(change("generate-broker-session", "POST", generatePath, "Log in at the broker by itself")), s.generate)
	brokerRoute(s, secretly(proven(change("save-broker-session", "POST", "/api/broker/session", "Save a session token pasted by hand"))), s.pasteSession)
	brokerRoute(s, change("test-broker", "POST", "/api/broker/test", "Ask the broker something small"), s.testBroker)
	brokerRoute(s, proven(change("disconnect-broker", "POST", "/api/broker/disconnect", "Forget the broker and its secrets")), s.disconnect)
	brokerRoute(s, change("hold-broker", "PUT", "/api/broker/hold", "Pause or resume automatic login"), s.hold)
	brokerRoute(s, change("renew-every-day", "PUT", "/api/broker/every-day", "Renew on days without a session, too"), s.renewEveryDay)
	brokerRoute(s, operation{id: "demo-credentials", method: "GET", path: "/api/broker/demo", access: SignedIn, summary: "My account at the demo broker"}, s.demoCredentials)
}

func (s *Server) broker(ctx context.Context, _ *emptyIn) (*brokerOut, error) {
	state, err := s.brokerState(ctx)
	if err != nil {
		return nil, err
	}
	return &brokerOut{Body: state}, nil
}

// brokerState is the caller's connection with what his address means for the popup.
func (s *Server) brokerState(ctx context.Context) (Broker, error) {
	state, err := s.Brokers.State(ctx, actorOf(ctx).User.ID)
	if err != nil {
		return Broker{}, err
	}
	if refusal := popupRefusal(requestOf(ctx), state.RedirectURL); refusal != "" {
		state.PopupRefusal = refusal
	}
	if state.Phase != app.LockedKey && !actorOf(ctx).User.Role.CanManage() {
		state.KeyNote = "" // it names a file of the server: for the owner
	}
	return wireBroker(state), nil
}

// answered is a done change: its sentence and the connection after it.
func (s *Server) answered(ctx context.Context, message string, err error) (*brokerAnswerOut, error) {
	if err != nil {
		return nil, err
	}
	state, err := s.brokerState(ctx)
	if err != nil {
		return nil, err
	}
	return &brokerAnswerOut{Body: BrokerAnswer{Message: message, Broker: state}}, nil
}

func (s *Server) saveCredentials(ctx context.Context, in *credentialsIn) (*brokerAnswerOut, error) {
	typed := app.BrokerFields{APIKey: secret.New(in.Body.APIKey), SecretKey: secret.New(in.Body.SecretKey), LoginID: secret.New(in.Body.LoginID),
		Password: secret.New(in.Body.Password), TOTP: secret.New(in.Body.TOTPSecret)}
	in.Body = CredentialsRequest{}
	message, err := s.Brokers.SaveCredentials(ctx, actorOf(ctx), typed, fromOf(ctx))
	return s.answered(ctx, message, err)
}

func (s *Server) checkCode(ctx context.Context, in *codeCheckIn) (*codeCheckOut, error) {
	code := secret.New(in.Body.Code)
	in.Body = CodeCheckRequest{}
	check, err := s.Brokers.CheckCode(ctx, actorOf(ctx), code, fromOf(ctx))
	if err != nil {
		return nil, err
	}
	return &codeCheckOut{Body: CodeCheck{Result: check.Result, Steps: check.Steps, Text: check.Text}}, nil
}

// untilDone is a context that outlives the page: what has begun at the broker is better ended than cut.
func untilDone(ctx context.Context, most time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), most)
}

func (s *Server) generate(ctx context.Context, in *generateIn) (*brokerAnswerOut, error) {
	ctx, cancel := untilDone(ctx, generateMax)
	defer cancel()
	message, err := s.Brokers.Generate(ctx, actorOf(ctx), in.Body.IsConfirmed, fromOf(ctx))
	return s.answered(ctx, message, err)
}

func (s *Server) pasteSession(ctx context.Context, in *sessionIn) (*brokerAnswerOut, error) {
	token := secret.New(in.Body.Token)
	in.Body = SessionRequest{}
	ctx, cancel := untilDone(ctx, exchangeMax)
	defer cancel()
	message, err := s.Brokers.PasteSession(ctx, actorOf(ctx), token, fromOf(ctx))
	return s.answered(ctx, message, err)
}

func (s *Server) testBroker(ctx context.Context, _ *nothingIn) (*brokerAnswerOut, error) {
	message, err := s.Brokers.Test(ctx, actorOf(ctx), fromOf(ctx))
	return s.answered(ctx, message, err)
}

func (s *Server) disconnect(ctx context.Context, _ *nothingIn) (*brokerAnswerOut, error) {
	err := s.Brokers.Disconnect(ctx, actorOf(ctx), fromOf(ctx))
	return s.answered(ctx, "Disconnected. Everything that was stored of this broker is wiped; your paper accounts stay.", err)
}

func (s *Server) hold(ctx context.Context, in *holdIn) (*brokerAnswerOut, error) {
	message := "Automatic login goes on."
	if in.Body.IsHeld {
		message = "Automatic login is paused."
	}
	return s.answered(ctx, message, s.Brokers.Hold(ctx, actorOf(ctx), in.Body.IsHeld, fromOf(ctx)))
}

func (s *Server) renewEveryDay(ctx context.Context, in *everyDayIn) (*brokerAnswerOut, error) {
	message := "Days on which every market is closed are left out."
	if in.Body.IsOn {
		message = "Sessions are renewed on every day."
	}
	return s.answered(ctx, message, s.Brokers.RenewEveryDay(ctx, actorOf(ctx), in.Body.IsOn, fromOf(ctx)))
}

func (s *Server) demoCredentials(ctx context.Context, _ *emptyIn) (*demoCredentialsOut, error) {
	f, err := s.Brokers.DemoAccount(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	return &demoCredentialsOut{Body: DemoCredentials{APIKey: f.APIKey.Reveal(), SecretKey: f.SecretKey.Reveal(), LoginID: f.LoginID.Reveal(),
		Password: f.Password.Reveal(), TOTPSecret: f.TOTP.Reveal()}}, nil
}
