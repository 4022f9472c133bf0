package httpapi

import (
	"context"
	"errors"
	"sync"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/calendar"
	"paperport/secret"
	"paperport/store"
)

// brokerSide is a broker side that answers as told and remembers what it was asked.
type brokerSide struct {
	mu       sync.Mutex // guards what follows
	state    app.BrokerState
	message  string
	err      error // of every change
	fields   app.BrokerFields
	pasted   secret.Text
	binding  secret.Text // of the popup that waits
	popup    store.Popup
	finished []string // API sessions that came with the right binding
	refused  []string
	follower map[auth.UserID]func()
	deadline time.Duration // that the last Generate was given
	now      func() time.Time
}

const testRedirect = "http://localhost:8000" + callbackPath

func newBrokerSide(now func() time.Time) *brokerSide {
	return &brokerSide{now: now, follower: map[auth.UserID]func(){}, message: "done", state: app.BrokerState{Phase: app.KeysStored, Broker: store.ICICI,
		BrokerName: "ICICI Breeze", RedirectURL: testRedirect, Budget: app.SubmissionBudget{Day: calendar.NewDate(2026, 11, 24), Max: 2, BrokerMax: 5},
		Fields: []app.BrokerField{{Field: store.FieldAPIKey, IsStored: true, Hint: "k1"}}, Missing: []store.SecretField{store.FieldLoginID}}}
}

func (b *brokerSide) State(context.Context, auth.UserID) (app.BrokerState, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.state, nil
}

func (b *brokerSide) Follow(user auth.UserID, changed func()) func() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.follower[user] = changed
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		delete(b.follower, user)
	}
}

func (b *brokerSide) answer() (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.message, b.err
}

func (b *brokerSide) SaveCredentials(_ context.Context, _ app.Actor, f app.BrokerFields, _ app.From) (string, error) {
	b.mu.Lock()
	b.fields = f
	b.mu.Unlock()
	return b.answer()
}

func (b *brokerSide) CheckCode(context.Context, app.Actor, secret.Text, app.From) (app.CodeCheck, error) {
	_, err := b.answer()
	return app.CodeCheck{Result: "clock_off", Steps: -2, Text: "Your phone is a minute behind."}, err
}

func (b *brokerSide) Generate(ctx context.Context, _ app.Actor, _ bool, _ app.From) (string, error) {
	if until, isBound := ctx.Deadline(); isBound {
		b.mu.Lock()
		b.deadline = time.Until(until)
		b.mu.Unlock()
	}
	return b.answer()
}

func (b *brokerSide) StartPopup(_ context.Context, a app.Actor, _ app.From) (app.PopupStart, error) {
	if _, err := b.answer(); err != nil {
		return app.PopupStart{}, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	token, hash := auth.NewToken()
	b.binding = secret.New(token)
	b.popup = store.Popup{ID: "attempt-1", Binding: hash, User: a.User.ID, Login: a.Login.TokenHash, ExpiresAt: b.now().Add(10 * time.Minute)}
	return app.PopupStart{ID: b.popup.ID, ExpiresAt: b.popup.ExpiresAt, Binding: b.binding}, nil
}

func (b *brokerSide) mine(a app.Actor, id string) (store.Popup, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.popup.ID == "" || id != b.popup.ID || b.popup.User != a.User.ID {
		return store.Popup{}, app.ErrNotFound
	}
	return b.popup, nil
}

func (b *brokerSide) PopupAddress(_ context.Context, a app.Actor, id string) (secret.Text, error) {
	_, err := b.mine(a, id)
	return secret.New("https://broker.example/apiuser/login?api_key=the-key"), err
}

func (b *brokerSide) Popup(_ context.Context, a app.Actor, id string) (store.Popup, error) {
	return b.mine(a, id)
}

// FinishPopup keeps the rules of the real one as far as a browser sees them.
func (b *brokerSide) FinishPopup(_ context.Context, binding, apiSession secret.Text, _ app.From) (app.PopupEnd, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	isOver := !b.popup.UsedAt.IsZero() || !b.now().Before(b.popup.ExpiresAt)
	if b.binding.IsEmpty() || !b.binding.Equal(binding) || isOver {
		return app.PopupEnd{Text: "This login was used already, or it took too long."}, nil
	}
	b.popup.UsedAt = b.now()
	b.finished = append(b.finished, apiSession.Reveal())
	var failure *app.BrokerFailure
	if errors.As(b.err, &failure) {
		b.popup.Outcome = string(failure.Class)
		return app.PopupEnd{ID: b.popup.ID, Text: failure.Text}, nil
	}
	if b.err != nil {
		return app.PopupEnd{ID: b.popup.ID}, b.err
	}
	b.popup.Outcome = "ok"
	return app.PopupEnd{ID: b.popup.ID, IsOK: true, Text: "Session token captured and saved from popup"}, nil
}

func (b *brokerSide) RefuseCallback(_ context.Context, why string, _ app.From) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refused = append(b.refused, why)
	return nil
}

func (b *brokerSide) PasteSession(_ context.Context, _ app.Actor, text secret.Text, _ app.From) (string, error) {
	b.mu.Lock()
	b.pasted = text
	b.mu.Unlock()
	return b.answer()
}

func (b *brokerSide) Test(context.Context, app.Actor, app.From) (string, error) { return b.answer() }

func (b *brokerSide) Disconnect(context.Context, app.Actor, app.From) error {
	_, err := b.answer()
	return err
}

func (b *brokerSide) Hold(_ context.Context, _ app.Actor, isHeld bool, _ app.From) error {
	b.mu.Lock()
	b.state.IsHeld = isHeld
	b.mu.Unlock()
	_, err := b.answer()
	return err
}

func (b *brokerSide) RenewEveryDay(_ context.Context, _ app.Actor, isOn bool, _ app.From) error {
	b.mu.Lock()
	b.state.IsEveryDay = isOn
	b.mu.Unlock()
	_, err := b.answer()
	return err
}

func (b *brokerSide) DemoAccount(context.Context, app.Actor) (app.BrokerFields, error) {
	if _, err := b.answer(); err != nil {
		return app.BrokerFields{}, err
	}
	return app.BrokerFields{APIKey: secret.New("DEMO-key"), SecretKey: secret.New("demo-secret"), LoginID: secret.New("demo1"),
		Password: secret.New("demo-password"), TOTP: secret.New("GUZTASKWSBTMTZVX")}, nil
}

func (b *brokerSide) Notices(context.Context, auth.UserID) ([]store.Notice, error) {
	return []store.Notice{{ID: "n1", At: b.now(), Kind: "renewal-failed", Text: "The login at 08:00 failed.", Action: "popup"}}, nil
}

func (b *brokerSide) AckNotice(_ context.Context, _ app.Actor, id string) error {
	if id != "n1" {
		return app.ErrNotFound
	}
	return nil
}

func (b *brokerSide) Trail(_ context.Context, user auth.UserID, before int64, limit int) ([]store.AuditRow, error) {
	if before == 0 {
		before = 8
	}
	var rows []store.AuditRow
	for n := before - 1; n > 0 && len(rows) < limit; n-- {
		rows = append(rows, store.AuditRow{Number: n, Audit: store.Audit{At: b.now(), Actor: user, Action: "sign-in", Detail: "password", Result: "ok", IP: "127.0.0.1"}})
	}
	return rows, nil
}

func (b *brokerSide) System(context.Context) (app.SystemState, error) {
	return app.SystemState{IsKeyLocked: true, KeyNote: "The key is not there.", ClockOffset: 1500 * time.Millisecond}, nil
}

// change tells whoever follows the user.
func (b *brokerSide) change(user auth.UserID) error {
	b.mu.Lock()
	changed := b.follower[user]
	b.mu.Unlock()
	if changed == nil {
		return errors.New("nobody follows")
	}
	changed()
	return nil
}
