package breeze

import (
	"errors"
	"path"
	"strings"
)

// AnswerClass is how a REST request ended, as a metric's label.
type AnswerClass string

// The classes. Refused is every answer of the broker that is none of the others.
const (
	AnswerOK      AnswerClass = "ok"
	AnswerSession AnswerClass = "session" // the session is over
	AnswerRate    AnswerClass = "rate"    // too many requests
	AnswerOutage  AnswerClass = "outage"  // the broker's own trouble
	AnswerLost    AnswerClass = "lost"    // no answer of the service came
	AnswerRefused AnswerClass = "refused"
)

func answerClassOf(err error) AnswerClass {
	isAny := func(targets ...error) bool {
		for _, target := range targets {
			if errors.Is(err, target) {
				return true
			}
		}
		return false
	}
	switch {
	case err == nil, isAny(ErrNoData):
		return AnswerOK
	case isAny(ErrSession, ErrChecksum):
		return AnswerSession
	case isAny(ErrRateMinute, ErrRateDay):
		return AnswerRate
	case isAny(ErrOutage, ErrException, ErrSporadic, ErrGarbled):
		return AnswerOutage
	case isAny(ErrUnavailable):
		return AnswerLost
	default:
		return AnswerRefused
	}
}

// endpointOf is the last part of an address's path: one of those that the wall lets through.
func endpointOf(address string) string {
	address, _, _ = strings.Cut(address, "?")
	return path.Base(address)
}
