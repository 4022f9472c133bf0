package breezesim

import (
	"io"
	"net/http"

	"paperport/breezewire"
)

// meet counts a REST call for a key's account and applies what is switched on for it. It reports whether it has answered.
func (s *Server) meet(w http.ResponseWriter, r *http.Request, key string) bool {
	tag, _ := s.login.book.keyTag(key) // calls with a key of nobody are counted under ""
	now := s.brokerNow()
	s.login.counts.with(tag, func(record *record) { record.requested(now) })
	set := s.login.switches.restOf(tag)
	switch set.Fault {
	case RESTThrottled:
		replyPage(w, http.StatusTooManyRequests, throttledPage)
	case RESTMinute:
		reply(w, &answer{http.StatusUnauthorized, breezewire.GatewayFailure(breezewire.TextMinuteLimit)})
	case RESTDay:
		reply(w, &answer{http.StatusUnauthorized, breezewire.GatewayFailure(breezewire.TextDayLimit)})
	case RESTOutage:
		replyPage(w, http.StatusOK, outagePage)
	case RESTDown:
		replyPage(w, http.StatusBadGateway, badGatewayPage)
	case RESTStaticIP:
		reply(w, &answer{http.StatusForbidden, breezewire.Failure(http.StatusForbidden, textStaticIP)})
	case RESTSlow:
		s.wait(r, set.DelaySeconds)
		return false
	case RESTWell:
		return false
	default:
		return false
	}
	return true
}

func replyPage(w http.ResponseWriter, status int, page string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, page) // the client went away
}
