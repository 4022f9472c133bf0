package app

import (
	"fmt"
	"strings"
	"time"

	"paperport/calendar"
	"paperport/store"
)

// Sentences of the setup guide.
const (
	textGenerated   = "Session generated automatically"
	textFailed      = "Auto session failed. "
	textBrowser     = "Browser flow: "
	textDirect      = "Direct API: "
	textNoLogin     = "Login ID or Password not provided"
	textNoCode      = "TOTP submitted but no session returned"
	textNoToken     = "No session token in response"
	textFromPopup   = "Session token captured and saved from popup"
	textSessionSave = "Session token saved"
)

// sentenceOf is the failure's own sentence or, where the gateway gave none, that of its class.
func sentenceOf(broker store.BrokerID, f *BrokerFailure) string {
	if f.Text != "" {
		return f.Text
	}
	name := BrokerName(broker)
	switch f.Class {
	case FailedMissing:
		return textNoLogin
	case FailedUnreachable:
		return name + " could not be reached; nothing secret was sent"
	case FailedOutage:
		return name + " has an outage"
	case FailedUnknownKey:
		return name + " does not know this API Key"
	case FailedPassword:
		return name + " refused the Login ID or Password"
	case FailedLocked:
		return name + " has locked the account"
	case FailedSMS:
		return name + " asks for a code by SMS instead of a TOTP code"
	case FailedCaptcha:
		return name + " asks for a CAPTCHA"
	case FailedCode:
		return textNoCode
	case FailedPage:
		if f.IsSubmitted {
			return "the login page is not as PaperPort knows it"
		}
		return "the login page has changed; nothing was sent"
	case FailedClock:
		if f.IsSubmitted {
			return "this computer's clock is more than 60 s off; no code was sent"
		}
		return "this computer's clock is more than 60 s off; nothing was sent"
	case FailedRefused:
		return name + " refused the login"
	case FailedUncertain:
		return "the answer did not arrive after something was sent"
	case FailedStaticIP:
		return name + " takes this API Key from its registered IP address only"
	case FailedSession:
		return name + " refused the session"
	case FailedNoToken:
		return textNoToken
	case FailedChecksum:
		return name + " refused the signature: the Secret Key is wrong, this computer's clock is off, or the session has ended"
	case FailedRate:
		return "the request budget is spent"
	case FailedForeignKey:
		return "this API Key does not belong to " + name
	case FailedIdentity:
		return "this is another person's account than the one that was connected first"
	case FailedBudget:
		return "no sign-in is left today without you"
	case FailedHeld:
		return "automatic login is paused"
	case FailedNothingHeld:
		return "no API session is held"
	case FailedKeyLocked:
		return "the stored credentials are locked"
	case FailedAttempt:
		return "no sign-in is waiting"
	case FailedNotConfigured:
		return name + " cannot be reached from this installation"
	default:
		return "it failed"
	}
}

// stopOf is the failure after which automatic logins wait for the user. What had been sent then is not stored.
func stopOf(conn store.Connection) *BrokerFailure {
	return &BrokerFailure{Class: BrokerClass(conn.NeedsUser), IsSubmitted: true}
}

// nextOf says what to do about a failure.
func nextOf(f *BrokerFailure) string {
	if f.Next != "" {
		return f.Next
	}
	switch f.Class {
	case FailedMissing:
		return "Fill in Login ID, Password and TOTP Secret, then click Update Credentials before Auto Generate Session."
	case FailedUnreachable, FailedOutage, FailedRate, FailedUncertain:
		return "Try again later, or use Generate Session Popup."
	case FailedUnknownKey, FailedForeignKey:
		return "Compare the API Key with the broker's Apps page and click Update Credentials."
	case FailedPassword, FailedRefused:
		return "Log in at the broker yourself to see whether the password still works, then update it here. Nothing more is sent until you do."
	case FailedLocked:
		return "Unlock the account at the broker, then log in with Generate Session Popup. Nothing more is sent until you act."
	case FailedSMS:
		return "Enable TOTP in the broker's security settings, or use Generate Session Popup."
	case FailedCaptcha:
		return "Log in once with Generate Session Popup: that clears it."
	case FailedCode:
		return "Compare a code with your authenticator app under Check code; then try Generate Session Popup. If the popup works, the broker's login flow may have changed."
	case FailedPage:
		return "Use Generate Session Popup."
	case FailedClock:
		return "Set this computer's clock, then try again."
	case FailedStaticIP:
		return "Register this server's public IP address with the API Key on the broker's Apps page."
	case FailedSession, FailedNoToken, FailedNothingHeld:
		return "Use Generate Session Popup."
	case FailedChecksum:
		return "Enter the Secret Key again and check this computer's clock."
	case FailedIdentity:
		return "Log in with the account that was connected first, or Disconnect to change accounts."
	case FailedBudget:
		return "Use Generate Session Popup, or press Auto Generate Session yourself."
	case FailedHeld:
		return "Resume automatic login in Settings."
	case FailedKeyLocked, FailedNotConfigured:
		return ""
	case FailedAttempt:
		return "Start again in Settings with Generate Session Popup."
	default:
		return "Use Generate Session Popup."
	}
}

// clockText is a time of day in IST.
func clockText(t time.Time) string { return t.In(calendar.IST).Format("15:04") }

// dayText names a date as seen from today: "today", "tomorrow", "Fri 27 Nov".
func dayText(t time.Time, today calendar.Date) string {
	switch dateOf(t) {
	case today:
		return "today"
	case today.Add(1):
		return "tomorrow"
	default:
		return t.In(calendar.IST).Format("Mon 2 Jan")
	}
}

// expiryText is the sentence about a session's end, by what was seen of this broker.
func expiryText(conn store.Connection, s store.BrokerSession, now time.Time) string {
	today := dateOf(now)
	end := expiresAt(s)
	text := fmt.Sprintf("by %s %s", clockText(end), dayText(end, today))
	switch {
	case dateOf(s.ProvedAt) < today:
		return text + ", not confirmed since 00:00"
	case dateOf(end) == today || conn.Life == lifeDay:
		return text
	case conn.Life == lifeMidnight:
		return text + ", " + shortName(conn.Broker) + " ended the last one at 00:00"
	default:
		return text + ", " + shortName(conn.Broker) + " may end it at 00:00"
	}
}

// shortName is the broker in the middle of a sentence.
func shortName(id store.BrokerID) string {
	if id == store.DemoBroker {
		return "the demo broker"
	}
	return strings.TrimSuffix(BrokerName(id), " Breeze")
}
