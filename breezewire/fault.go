package breezewire

import (
	"strings"
)

// Fault is what went wrong on the broker's side, told apart by the shape and words of its answer (1.6, 1.7). It is an
// error: test with errors.Is(err, FaultSession). Its text is ours, never the broker's.
type Fault uint8

// The faults.
const (
	// FaultOther: an error we cannot name.
	FaultOther Fault = iota + 1
	// FaultSession: the session is invalid or over; a new one is needed.
	FaultSession
	// FaultKey: the API key does not exist.
	FaultKey
	// FaultChecksum: the signature was not accepted: a wrong secret, a clock that is off, or a session that ended.
	FaultChecksum
	// FaultRateMinute: more requests in a minute than allowed.
	FaultRateMinute
	// FaultRateDay: more requests in a day than allowed.
	FaultRateDay
	// FaultNoData: nothing for what was asked; often a contract that does not exist.
	FaultNoData
	// FaultSporadic: the broker's passing "Invalid User Details"; a read may be repeated.
	FaultSporadic
	// FaultOutage: a web page in place of an answer, or the backend's own outage text.
	FaultOutage
	// FaultUnavailable: HTTP 404, 408, 429, 502, 503 or the like without a usable body.
	FaultUnavailable
	// FaultException: a raw exception of the broker's program.
	FaultException
	// FaultStaticIP: the API key is registered with another address. The broker's text is not recorded (6.2, section 8).
	FaultStaticIP
	// FaultGarbled: an answer that is neither of the above nor an envelope.
	FaultGarbled
)

// Error is a sentence for users.
func (f Fault) Error() string {
	switch f {
	case FaultSession:
		return "the broker session is invalid or has ended"
	case FaultKey:
		return "the broker does not know this API key"
	case FaultChecksum:
		return "the broker refused the signature: wrong secret key, a clock that is off, or an ended session"
	case FaultRateMinute:
		return "the broker's limit of requests per minute is used up"
	case FaultRateDay:
		return "the broker's limit of requests per day is used up"
	case FaultNoData:
		return "the broker has no data for this"
	case FaultSporadic:
		return "the broker failed in passing; trying again may help"
	case FaultOutage:
		return "the broker is down: it answered with a page instead of data"
	case FaultUnavailable:
		return "the broker is not available"
	case FaultException:
		return "the broker's program failed"
	case FaultStaticIP:
		return "the broker takes requests with this API key from its registered address only"
	case FaultGarbled:
		return "the broker's answer cannot be read"
	case FaultOther:
		return "the broker refused the request"
	default:
		return "the broker refused the request"
	}
}

// The exact texts of 1.7. The trailing period or space matters to official SDKs.
const (
	TextInvalidSession   = "Invalid session."
	TextUnknownKey       = "Public Key does not exist."
	TextNotAvailable     = "Resource not available."
	TextInvalidChecksum  = "Authentication Fail :: Invalid Checksum."
	TextMinuteLimit      = "Limit exceed: API call per minute:Try after some time"
	TextDayLimit         = "Limit exceed: API call per day: "
	TextInvalidUser      = "Invalid User Details"
	TextNoData           = "No Data Found"
	TextServiceError     = "Error while calling service, Please contact admin (T2:154)"
	textServicePrefix    = "error while calling service"
	textDayPrefix        = "limit exceed: api call per day"
	textMinutePrefix     = "limit exceed: api call per minute"
	textAuthPrefix       = "authentication fail"
	textGenericLimit     = "limit exceed"
	textUnavailableStart = "resource not available"
)

// faultOf names an error text; case, surrounding spaces and a final period do not matter.
func faultOf(text string) Fault {
	t := strings.ToLower(strings.TrimSuffix(strings.TrimSpace(text), "."))
	switch {
	case t == "invalid session" || strings.HasPrefix(t, textUnavailableStart):
		return FaultSession
	case t == "public key does not exist":
		return FaultKey
	case strings.HasPrefix(t, textAuthPrefix):
		return FaultChecksum
	case strings.HasPrefix(t, textDayPrefix):
		return FaultRateDay
	case strings.HasPrefix(t, textMinutePrefix), strings.HasPrefix(t, textGenericLimit):
		return FaultRateMinute
	case strings.Contains(t, "static ip"):
		return FaultStaticIP
	case t == "no data found":
		return FaultNoData
	case t == "invalid user details":
		return FaultSporadic
	case strings.HasPrefix(t, textServicePrefix):
		return FaultOutage
	default:
		return FaultOther
	}
}
