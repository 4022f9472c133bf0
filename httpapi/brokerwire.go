package httpapi

import (
	"time"

	"github.com/danielgtaylor/huma/v2"

	"paperport/app"
	"paperport/store"
)

// Broker is everything Settings shows of a connection. It holds no secret.
type Broker struct {
	Phase        string        `json:"phase" enum:"no_credentials,keys_stored,unverified,active,expired,renewing,needs_user,held,locked_key"`
	Broker       string        `json:"broker" enum:",icici,demo"`
	BrokerName   string        `json:"broker_name"`
	Fields       []BrokerField `json:"fields" doc:"The five of the guide, in its order"`
	Missing      []string      `json:"missing" doc:"What automatic login still needs"`
	HasKeys      bool          `json:"has_keys"`
	HasAutoLogin bool          `json:"has_auto_login"`
	IsActive     bool          `json:"is_active" doc:"A session that an exchange or a call proved and nothing has refused since"`
	SessionText  string        `json:"session_text"`
	IssuedAt     string        `json:"issued_at"`
	ExpiresAt    string        `json:"expires_at"`
	ExpiryText   string        `json:"expiry_text"`
	IdentityHint string        `json:"identity_hint" doc:"The last two characters of the broker's name of the user"`
	LastRenewal  *LastRenewal  `json:"last_renewal"`
	NextRenewal  string        `json:"next_renewal"`
	NextText     string        `json:"next_text"`
	IsHeld       bool          `json:"is_held"`
	IsEveryDay   bool          `json:"is_every_day"`
	Attempts     []Attempt     `json:"attempts" doc:"The last ten, newest first"`
	Budget       Submissions   `json:"budget"`
	PopupRefusal string        `json:"popup_refusal" doc:"Why the popup cannot work from this page, empty when it can"`
	RedirectURL  string        `json:"redirect_url"`
	KeyNote      string        `json:"key_note"`
	Venue        string        `json:"venue" doc:"The live venue, empty before the first session"`
	Requests     RequestCount  `json:"requests"`
}

// BrokerField says what is stored of one field.
type BrokerField struct {
	Field    string `json:"field" enum:"api_key,secret_key,login_id,password,totp_secret"`
	IsStored bool   `json:"is_stored"`
	SetAt    string `json:"set_at"`
	Hint     string `json:"hint" doc:"At most the last two characters"`
}

// Attempt is one try to get a session.
type Attempt struct {
	At      string `json:"at"`
	Trigger string `json:"trigger"`
	Way     string `json:"way"`
	Outcome string `json:"outcome" doc:"ok, or the class of the failure"`
	Text    string `json:"text"`
}

// LastRenewal is the newest automatic attempt.
type LastRenewal Attempt

// TransformSchema says that a connection that was never renewed has null.
func (LastRenewal) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema { return orNull(s) }

// Submissions is what may still be submitted today without the user.
type Submissions struct {
	Day                  string `json:"day"`
	Used                 int    `json:"used"`
	Max                  int    `json:"max"`
	Rejected             int    `json:"rejected"`
	BrokerMax            int    `json:"broker_max"`
	IsConfirmationNeeded bool   `json:"is_confirmation_needed"`
}

// RequestCount is today's use of the broker's request budget.
type RequestCount struct {
	MinuteUsed int `json:"minute_used"`
	MinuteMax  int `json:"minute_max"`
	DayUsed    int `json:"day_used"`
	DayMax     int `json:"day_max"`
}

func wireBroker(b app.BrokerState) Broker {
	w := Broker{Phase: string(b.Phase), Broker: string(b.Broker), BrokerName: b.BrokerName, Fields: []BrokerField{}, Missing: []string{},
		HasKeys: b.HasKeys, HasAutoLogin: b.HasAutoLogin, IsActive: b.IsActive, SessionText: b.SessionText, IssuedAt: wireMoment(b.IssuedAt),
		ExpiresAt: wireMoment(b.ExpiresAt), ExpiryText: b.ExpiryText, IdentityHint: b.IdentityHint, NextRenewal: wireMoment(b.NextRenewal),
		NextText: b.NextText, IsHeld: b.IsHeld, IsEveryDay: b.IsEveryDay, Attempts: []Attempt{}, PopupRefusal: b.PopupRefusal,
		RedirectURL: b.RedirectURL, KeyNote: b.KeyNote, Venue: string(b.Venue), Requests: RequestCount(b.Requests),
		Budget: Submissions{Day: b.Budget.Day.String(), Used: b.Budget.Used, Max: b.Budget.Max, Rejected: b.Budget.Rejected,
			BrokerMax: b.Budget.BrokerMax, IsConfirmationNeeded: b.Budget.IsConfirmationNeeded}}
	for _, f := range b.Fields {
		w.Fields = append(w.Fields, BrokerField{Field: string(f.Field), IsStored: f.IsStored, SetAt: wireMoment(f.SetAt), Hint: f.Hint})
	}
	for _, field := range b.Missing {
		w.Missing = append(w.Missing, string(field))
	}
	for _, a := range b.Attempts {
		w.Attempts = append(w.Attempts, wireAttempt(a))
	}
	if b.LastRenewal != nil {
		last := LastRenewal(wireAttempt(*b.LastRenewal))
		w.LastRenewal = &last
	}
	return w
}

func wireAttempt(a store.Attempt) Attempt {
	return Attempt{At: wireMoment(a.At), Trigger: a.Trigger, Way: a.Way, Outcome: a.Outcome, Text: a.Text}
}

// wireMoment is an instant, "" when there is none.
func wireMoment(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return wireTime(t)
}
