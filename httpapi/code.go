package httpapi

import (
	"fmt"
	"io"
	"strings"

	"paperport/app"
)

// Code is one name that a problem of ours can carry, beside the denial codes of orders (docs/domain/codes.md).
type Code struct {
	Name    string
	Status  int
	Meaning string
}

// Codes lists the names in the order of the documentation; docs/http-codes.md is made from it.
func Codes() []Code {
	return append(requestCodes(), entryCodes()...)
}

func requestCodes() []Code {
	return []Code{
		{"BAD_JSON", 400, "The body is missing, not JSON, has a key twice, an unknown key, something after the value, or nests deeper than 32."},
		{"BAD_FIELD", 400, "A field or parameter is missing or wrong; context.field names it."},
		{"BAD_REQUEST", 400, "The request cannot be understood otherwise."},
		{"CROSS_ORIGIN", 403, "The request came from another site."},
		{"NOT_FOUND", 404, "This does not exist, or it is somebody else's: the two answer alike."},
		{"NO_ROUTE", 404, "There is nothing at this address."},
		{"METHOD_NOT_ALLOWED", 405, "The address takes other methods; Allow names them."},
		{"NOT_ACCEPTABLE", 406, "We answer in JSON."},
		{"BODY_TOO_SLOW", 408, "The body did not arrive in time."},
		{"BODY_TOO_LARGE", 413, "A body has at most 64 KiB, that of an order or payment 4 KiB."},
		{"BAD_CONTENT_TYPE", 415, "Bodies are sent as application/json."},
		{"WRONG_HOST", 421, "The Host is not localhost, 127.0.0.1, [::1] with our port or the public address."},
		{"TOO_MANY_STREAMS", 429, "A user has at most five event streams open."},
		{"INTERNAL", 500, "Trouble of our own; the log has it under X-Request-Id."},
		{"STARTING", 503, "The server is still starting."},
		{"NOT_READY", 503, "Only at /readyz: requests cannot be served yet."},
		{"VENUE_BUSY", 503, "The venue's inbox is full; try again shortly."},
		{"VENUE_HALTED", 503, "A fault stopped the venue; reads go on."},
		{"UNAVAILABLE", 503, "The venue or source cannot serve this now."},
		{"TIMED_OUT", 503, "The request took too long. A command may have been taken: repeat it with its id."},
		{"DISK_FULL", 507, "Nothing can be stored until space is freed; reads go on."},
	}
}

func entryCodes() []Code {
	rows := []Code{
		{string(app.LoginFailed), 0, "User name or password is wrong, or the user is disabled: the three answer alike."},
		{string(app.CodeRequired), 0, "The password is right; the one-time code is missing."},
		{string(app.CodeWrong), 0, "The one-time or recovery code is wrong, too old or used."},
		{string(app.NotSignedIn), 0, "There is no login, or it is over."},
		{string(app.NotAllowed), 0, "The role does not allow it."},
		{string(app.PasswordWrong), 0, "The password asked for again is wrong."},
		{string(app.SetupLinkOnly), 0, "The first user is created at the machine itself or with the one-time link."},
		{string(app.SetupDone), 0, "The first user exists already."},
		{string(app.UsernameTaken), 0, "The user name is in use; case does not matter."},
		{string(app.LastOwner), 0, "The change would leave no owner."},
		{string(app.TwoStepOn), 0, "Two-step sign-in is on already."},
		{string(app.TwoStepMissing), 0, "Two-step sign-in is not on, or its setup was not started."},
		{string(app.LinkInvalid), 0, "The link was used, has expired or never existed."},
		{string(app.UserUnknown), 0, "There is no such user."},
		{string(app.LoginUnknown), 0, "There is no such login."},
		{string(app.UsernameBad), 0, "The user name breaks the rules."},
		{string(app.PasswordWeak), 0, "The password is too short, too long or easy to guess."},
		{string(app.RoleUnknown), 0, "The role is one of owner, trader, viewer."},
		{string(app.SlowDown), 0, "Too many requests or failed tries; Retry-After says when to try again."},
	}
	rows = append(rows, brokerCodes()...)
	for i := range rows {
		rows[i].Status = refusalStatus(app.RefusalCode(rows[i].Name))
	}
	return rows
}

func brokerCodes() []Code {
	return []Code{
		{string(app.ProofRequired), 0, "Say the password (and code) again at /api/me/proof, then repeat the request: the last proof is older than 15 minutes."},
		{string(app.BrokerFieldBad), 0, "A credential breaks its own rules; context.field names it. Nothing was stored."},
		{string(app.ConfirmSubmission), 0, "One more submission of the login needs is_confirmed; the text says how many are left today."},
		{string(app.BrokerMissing), 0, "A credential is not stored that this needs."},
		{string(app.PopupRefused), 0, "The popup cannot work from here; the text says why."},
		{string(app.SessionRefused), 0, "The broker refused the session token; nothing was stored."},
		{string(app.AutoSessionFailed), 0, "Neither way gave a session; the text names each way and its reason, context.next what to do."},
		{string(app.BrokerFailed), 0, "The broker could not be asked; context.next says what to do."},
		{string(app.KeyLocked), 0, "The master key is missing or wrong; broker connections are off until it is back."},
		{string(app.NoLiveData), 0, "The live market has no session: connect the broker. Cancelling still works."},
	}
}

// CodePage writes docs/http-codes.md.
func CodePage(w io.Writer) error {
	var b strings.Builder
	b.WriteString("# Codes of the interface\n\nMade from package httpapi by `go test ./httpapi -run Codes -update`; do not edit. Every refusal is a problem (RFC 9457) with one\n" +
		"of these codes, or with a denial code of an order (domain/codes.md; status 422, 409 for a reused id, 404 for an unknown order).\n\n" +
		"| Code | Status | Meaning |\n|---|---|---|\n")
	for _, c := range Codes() {
		fmt.Fprintf(&b, "| `%s` | %d | %s |\n", c.Name, c.Status, c.Meaning)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
