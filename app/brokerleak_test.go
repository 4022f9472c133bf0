package app

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"paperport/secret"
)

// TestNoSecretIsTold73: through every kind of failure, nothing that users, operators or the trail are told holds a secret.
func TestNoSecretIsTold73(t *testing.T) {
	canaries := map[string]string{"API key": "canary-API-key-7d1!", "secret key": "canary-SECRET-key-8e2", "login": "canary-login-9f3", "password": "canary pass word 0a4 ",
		"TOTP": "CANARYTOTPSECRET2345CANA", "identity": "CANARY-IDENTITY-6", "pasted": "CANARYPASTED77"}
	for _, class := range classesOfTheBank {
		var told bytes.Buffer
		r := mustRig(t)
		r.log = slog.New(slog.NewTextHandler(&told, &slog.HandlerOptions{Level: slog.LevelDebug}))
		r.restart()
		r.bank.identity = canaries["identity"]
		r.bank.password = canaries["password"]
		tell := func(v any, err error) { fmt.Fprintf(&told, "%+v %#v %v\n", v, v, err) }
		a := r.actor(client)
		tell(r.SaveCredentials(t.Context(), a, fields(canaries["API key"], canaries["secret key"], canaries["login"], canaries["password"], canaries["TOTP"]), From{}))
		f := &BrokerFailure{Class: class, Cause: errors.New("cause")}
		r.bank.late = f
		tell(r.Generate(t.Context(), a, true, From{}))
		r.bank.late, r.bank.exchangeErr = nil, f
		r.clock.Advance(time.Minute)
		tell(r.Generate(t.Context(), a, true, From{}))
		tell(r.PasteSession(t.Context(), a, secret.New(canaries["pasted"]), From{}))
		r.bank.exchangeErr, r.bank.probeErr = nil, f
		r.clock.Advance(time.Minute)
		tell(r.Generate(t.Context(), a, true, From{}))
		tell(r.Test(t.Context(), a, From{}))
		p, err := r.StartPopup(t.Context(), a, From{})
		tell(p, err)
		tell(r.FinishPopup(t.Context(), p.Binding, secret.New(canaries["pasted"]), From{}))
		tell(r.SaveCredentials(t.Context(), a, fields(canaries["API key"]+" x", "", "", "", ""), From{}))
		tell(r.CheckCode(t.Context(), a, secret.New("000000"), From{}))
		r.until(monday.Add(1).At(9*time.Hour), 3*time.Hour)
		tell(r.State(t.Context(), client))
		tell(r.Notices(t.Context(), client))
		tell(r.rows.AuditOf(t.Context(), client, 0, 1000))
		for name, canary := range canaries {
			if strings.Contains(told.String(), canary) || strings.Contains(told.String(), strings.TrimSpace(canary)) {
				t.Errorf("%s: the %s was told", class, name)
			}
		}
	}
}

// classesOfTheBank are the failures that a broker's side can have.
var classesOfTheBank = []BrokerClass{FailedUnreachable, FailedOutage, FailedUnknownKey, FailedPassword, FailedLocked,
	FailedSMS, FailedCaptcha, FailedCode, FailedPage, FailedClock, FailedRefused, FailedUncertain, FailedStaticIP,
	FailedSession, FailedNoToken, FailedChecksum, FailedRate, FailedForeignKey, FailedNotConfigured}
