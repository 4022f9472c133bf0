package app

import (
	"context"

	"paperport/auth"
	"paperport/secret"
	"paperport/store"
)

// Brokers is the broker side of the application: one method per intent of a user, and the renewals that run by
// themselves. Safe for concurrent use.
type Brokers struct {
	opt BrokersOptions
}

// NewBrokers returns the broker side; Run starts what it does by itself.
func NewBrokers(o BrokersOptions) *Brokers { return &Brokers{opt: o} }

// Run renews, probes and ends sessions until ctx ends.
func (b *Brokers) Run(ctx context.Context) { <-ctx.Done() }

// State is what Settings shows.
func (b *Brokers) State(ctx context.Context, user auth.UserID) (BrokerState, error) {
	return BrokerState{}, ErrUnavailable
}

// Follow calls changed after every change of a user's connection or notices until stop is called. It must not block.
func (b *Brokers) Follow(user auth.UserID, changed func()) (stop func()) { return func() {} }

// SaveCredentials stores what was typed and returns the sentence to show.
func (b *Brokers) SaveCredentials(ctx context.Context, a Actor, f BrokerFields, from From) (string, error) {
	return "", ErrUnavailable
}

// CheckCode compares six digits from the user's phone with the stored secret; it never shows a code.
func (b *Brokers) CheckCode(ctx context.Context, a Actor, code secret.Text, from From) (CodeCheck, error) {
	return CodeCheck{}, ErrUnavailable
}

// Generate is the green button: browser flow first, direct API second. isConfirmed says that the user saw how many
// submissions are left and wants one more. It returns the sentence to show; a failure is a *Refusal AUTO_SESSION_FAILED.
func (b *Brokers) Generate(ctx context.Context, a Actor, isConfirmed bool, from From) (string, error) {
	return "", ErrUnavailable
}

// StartPopup begins a wait for the broker's login page.
func (b *Brokers) StartPopup(ctx context.Context, a Actor, from From) (PopupStart, error) {
	return PopupStart{}, ErrUnavailable
}

// PopupAddress is where the popup goes: the broker's login page.
func (b *Brokers) PopupAddress(ctx context.Context, a Actor, id string) (secret.Text, error) {
	return secret.Text{}, ErrUnavailable
}

// FinishPopup takes the API session that came back to a browser that holds the binding.
func (b *Brokers) FinishPopup(ctx context.Context, binding, apiSession secret.Text, from From) (PopupEnd, error) {
	return PopupEnd{}, ErrUnavailable
}

// RefuseCallback notes in the trail that something came to the callback without a waiting attempt.
func (b *Brokers) RefuseCallback(ctx context.Context, why string, from From) error {
	return ErrUnavailable
}

// Popup tells how a popup of the user's own went.
func (b *Brokers) Popup(ctx context.Context, a Actor, id string) (store.Popup, error) {
	return store.Popup{}, ErrUnavailable
}

// PasteSession takes a bare token, "apisession=…" or a whole redirect URL, and returns the sentence to show.
func (b *Brokers) PasteSession(ctx context.Context, a Actor, text secret.Text, from From) (string, error) {
	return "", ErrUnavailable
}

// Test makes one cheap call and returns the sentence to show.
func (b *Brokers) Test(ctx context.Context, a Actor, from From) (string, error) {
	return "", ErrUnavailable
}

// Disconnect wipes rows, memory and sockets.
func (b *Brokers) Disconnect(ctx context.Context, a Actor, from From) error { return ErrUnavailable }

// Hold pauses or resumes automatic login.
func (b *Brokers) Hold(ctx context.Context, a Actor, isHeld bool, from From) error {
	return ErrUnavailable
}

// RenewEveryDay switches renewals on days without any session on or off.
func (b *Brokers) RenewEveryDay(ctx context.Context, a Actor, isOn bool, from From) error {
	return ErrUnavailable
}

// DemoAccount returns the demo credentials that the Setup Guide offers.
func (b *Brokers) DemoAccount(ctx context.Context, a Actor) (BrokerFields, error) {
	return BrokerFields{}, ErrUnavailable
}

// Notices lists what the user should know, newest first.
func (b *Brokers) Notices(ctx context.Context, user auth.UserID) ([]store.Notice, error) {
	return nil, ErrUnavailable
}

// AckNotice marks one as seen.
func (b *Brokers) AckNotice(ctx context.Context, a Actor, id string) error { return ErrUnavailable }
