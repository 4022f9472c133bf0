package broker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"

	"paperport/app"
	"paperport/auth"
	"paperport/breeze"
	"paperport/breezewire"
	"paperport/secret"
	"paperport/store"
)

var (
	_ app.Gateway  = (*Desk)(nil)
	_ app.LiveSide = (*Desk)(nil)
)

// Login signs in by the browser flow.
func (d *Desk) Login(ctx context.Context, keys app.BrokerKeys, login app.BrokerLogin, before func(context.Context, string) error) (app.LoginWon, error) {
	client, err := d.client(ctx, keys)
	if err != nil {
		return app.LoginWon{}, failureOf(err)
	}
	won, err := client.Login(ctx, breeze.LoginKeys{UserID: login.LoginID, Password: login.Password, TOTP: login.TOTP}, breeze.LoginOptions{
		Before:     func(ctx context.Context, step breeze.LoginStep) error { return before(ctx, string(step)) },
		BeforeCode: login.BeforeCode, LastCode: login.LastCode})
	if err != nil {
		return app.LoginWon{}, loginFailure(err)
	}
	return app.LoginWon{APISession: won.APISession, CodeStep: won.CodeStep}, nil
}

// Exchange turns an API session into the token of the day.
func (d *Desk) Exchange(ctx context.Context, keys app.BrokerKeys, apiSession secret.Text) (app.BrokerToken, error) {
	client, err := d.client(ctx, keys)
	if err != nil {
		return app.BrokerToken{}, failureOf(err)
	}
	got, err := client.Exchange(ctx, apiSession)
	if err != nil {
		return app.BrokerToken{}, failureOf(err)
	}
	return app.BrokerToken{Token: got.Token.Encoded(), Identity: got.Identity}, nil
}

// Probe makes one cheap read-only call with a token.
func (d *Desk) Probe(ctx context.Context, keys app.BrokerKeys, token secret.Text) error {
	client, err := d.client(ctx, keys)
	if err != nil {
		return failureOf(err)
	}
	t, err := breeze.NewToken(token)
	if err != nil {
		return &app.BrokerFailure{Class: app.FailedSession, Text: "The session token cannot be read.", Cause: err}
	}
	if err := client.With(t).Probe(ctx); err != nil {
		return failureOf(err)
	}
	return nil
}

// LoginAddress is where a browser logs in.
func (d *Desk) LoginAddress(keys app.BrokerKeys) (secret.Text, error) {
	client, err := d.client(d.ctx, keys)
	if err != nil {
		return secretNone, failureOf(err)
	}
	address, err := client.LoginAddress()
	if err != nil {
		return secretNone, failureOf(err)
	}
	return address, nil
}

// PopupRefusal says why a browser cannot reach a broker's login page, "" when it can.
func (d *Desk) PopupRefusal(broker store.BrokerID) string {
	p, err := d.place(broker)
	if err != nil {
		return notHere
	}
	return p.PopupRefusal
}

// notHere says that a broker does not exist in this installation.
const notHere = "This broker is not configured in this installation."

// tagLen is the length of the tag of a user's demo account.
const tagLen = 12

// DemoAccount returns the credentials of a user's own account at the demo broker.
func (d *Desk) DemoAccount(ctx context.Context, user auth.UserID) (app.BrokerFields, error) {
	if _, err := d.place(store.DemoBroker); err != nil {
		return app.BrokerFields{}, err
	}
	sum := sha256.Sum256([]byte("demo account of " + user))
	f, err := d.opt.DemoAccount(ctx, hex.EncodeToString(sum[:])[:tagLen])
	if err != nil {
		return f, failureOf(err)
	}
	return f, nil
}

// loginFailure classes a failed login; the classes have the client's names. A page's words are shown where no class says
// it better.
func loginFailure(err error) error {
	var e *breeze.LoginError
	if !errors.As(err, &e) {
		return failureOf(err)
	}
	f := &app.BrokerFailure{Class: app.BrokerClass(e.Class), IsSubmitted: e.Submitted, CodeStep: e.CodeStep, Cause: err}
	if e.Class == breeze.LoginMissing || e.Class == breeze.LoginRefused {
		f.Text = e.Text
	}
	var spent *breeze.BudgetError
	switch cause := errors.Unwrap(e); {
	case e.Class == breeze.LoginStopped && cause != nil && !e.Submitted:
		return cause // app's own word, from before
	case e.Class == breeze.LoginStopped:
		f.Class = app.FailedUncertain
	case errors.As(err, &spent) && !e.Submitted:
		f.Class, f.Wait = app.FailedRate, spent.RetryAfter
	}
	return f
}

// failureOf classes the failure of a call. What is the program's own trouble stays as it is. The broker's words are shown,
// made safe, where no class says it better.
func failureOf(err error) error {
	var known *app.BrokerFailure
	class := classOf(err)
	if errors.As(err, &known) || class == "" {
		return err
	}
	f := &app.BrokerFailure{Class: class, Cause: err}
	var refused *breezewire.Refused
	hasWords := errors.As(err, &refused) && refused.Text != ""
	switch {
	case hasWords && class == app.FailedRefused:
		f.Text = refused.Text
	case hasWords && class == app.FailedNoToken:
		f.Text = noTokenText + ": " + refused.Text
	}
	var spent *breeze.BudgetError
	if errors.As(err, &spent) {
		f.Wait = spent.RetryAfter
	}
	return f
}

// noTokenText is the guide's.
const noTokenText = "No session token in response"

// classes are tried in order: an exchange without a token may also be a refused session.
var classes = []struct {
	err   error
	class app.BrokerClass
}{
	{breeze.ErrForeignKey, app.FailedForeignKey},
	{breeze.ErrNoSessionToken, app.FailedNoToken},
	{breeze.ErrSession, app.FailedSession},
	{breeze.ErrBadToken, app.FailedSession},
	{breeze.ErrNoToken, app.FailedSession},
	{breeze.ErrKey, app.FailedUnknownKey},
	{error(breezewire.FaultStaticIP), app.FailedStaticIP},
	{breeze.ErrChecksum, app.FailedChecksum},
	{breeze.ErrRateMinute, app.FailedRate},
	{breeze.ErrRateDay, app.FailedRate},
	{breeze.ErrOutage, app.FailedOutage},
	{breeze.ErrException, app.FailedOutage},
	{breeze.ErrSporadic, app.FailedOutage},
	{breeze.ErrGarbled, app.FailedOutage},
	{breeze.ErrUnavailable, app.FailedUnreachable},
	{context.DeadlineExceeded, app.FailedUnreachable},
	{error(breezewire.FaultOther), app.FailedRefused},
}

func classOf(err error) app.BrokerClass {
	for _, c := range classes {
		if errors.Is(err, c.err) {
			return c.class
		}
	}
	return ""
}
