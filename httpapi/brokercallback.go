package httpapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"paperport/app"
	"paperport/secret"
)

// The broker's login page comes back in two hops, because the first may be a form posted by another site: the callback
// takes the token, keeps it in memory for a moment under a random handoff cookie and sends the browser on; the finish is
// a read of our own site, so the binding cookie of the waiting popup comes with it. The token is in no page, script,
// address, log or header of ours.
const (
	callbackPath = "/api/auth/breeze-callback"
	finishPath   = "/api/auth/breeze-finish"
	donePath     = "/api/auth/breeze-done.js"
	donePathCSS  = "/api/auth/breeze-done.css"
)

// Names of the two cookies. The prefix makes browsers keep the binding for this host alone; Chromium takes it on
// http://localhost, too (tried with version 156).
const (
	bindingName = "__Host-pp_bz"
	handoffName = "pp_bz_handoff"
)

const callbackBodyMax = 4 << 10

func (s *Server) registerCallback() {
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		s.routes = append(s.routes, Route{Method: method, Path: callbackPath, Access: Public})
	}
	s.plain("GET "+finishPath, Public, s.serveFinish)
	s.plain("GET "+donePath, Public, serveStatic("text/javascript; charset=utf-8", doneScript))
	s.plain("GET "+donePathCSS, Public, serveStatic("text/css; charset=utf-8", doneStyle))
}

func bindingCookie() http.Cookie {
	return http.Cookie{Name: bindingName, Path: "/", HttpOnly: true, Secure: true, SameSite: http.SameSiteLaxMode}
}

func handoffCookie(ctx context.Context) http.Cookie {
	return http.Cookie{Name: handoffName, Path: "/api/auth", HttpOnly: true, Secure: requestOf(ctx).isHTTPS, SameSite: http.SameSiteLaxMode}
}

// besideCallback serves the callback itself and everything else by protected: the callback may come from another site.
func (s *Server) besideCallback(protected http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != callbackPath {
			protected.ServeHTTP(w, r)
			return
		}
		r.Pattern = callbackPath
		select {
		case <-s.attached:
			s.serveCallback(w, r)
		case <-r.Context().Done():
			writeProblem(w, r, retryable("STARTING", "The server is still starting."))
		}
	})
}

// serveCallback is the first hop.
func (s *Server) serveCallback(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		w.Header().Set("Allow", "GET, POST")
		writeProblem(w, r, problem(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "This address takes GET, POST."))
		return
	}
	if limited := s.limitAddress(r); limited != nil {
		writeProblem(w, r, limited)
		return
	}
	token, refused := tokenOfCallback(w, r)
	if refused != nil {
		if refused.why != "" {
			s.noteStranger(r.Context(), refused.why)
		}
		s.servePopupPage(w, *refused)
		return
	}
	if !s.callback.isExpected() {
		s.noteStranger(r.Context(), "no login is waiting")
		s.servePopupPage(w, nobodyWaits())
		return
	}
	cookie := handoffCookie(r.Context())
	cookie.Value, cookie.MaxAge = s.callback.keep(token), int(handoffSpan/time.Second)
	http.SetCookie(w, &cookie)
	w.Header().Set("Location", finishPath)
	w.WriteHeader(http.StatusSeeOther)
}

// tokenOfCallback finds the one token in the query or the form; its name may be in any letter case.
func tokenOfCallback(w http.ResponseWriter, r *http.Request) (secret.Text, *popupPage) {
	forms := []string{r.URL.RawQuery}
	if r.Method == http.MethodPost && r.ContentLength != 0 {
		kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
		if err != nil || kind != "application/x-www-form-urlencoded" {
			return secret.Text{}, &popupPage{status: http.StatusUnsupportedMediaType, text: "The answer of the broker came in a form we do not know. Nothing was saved."}
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, callbackBodyMax))
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return secret.Text{}, &popupPage{status: http.StatusRequestEntityTooLarge, text: "The answer of the broker is too large. Nothing was saved."}
		}
		if err != nil {
			return secret.Text{}, &popupPage{status: http.StatusBadRequest, text: "The answer of the broker did not arrive. Nothing was saved."}
		}
		forms = append(forms, string(body))
	}
	found := map[string]bool{}
	for _, form := range forms {
		values, _ := url.ParseQuery(form) // what cannot be read is left out
		for name, list := range values {
			if lower := strings.ToLower(name); lower == "apisession" || lower == "api_session" {
				for _, value := range list {
					found[strings.ReplaceAll(value, " ", "+")] = true // a plus that was not escaped
				}
			}
		}
	}
	if len(found) == 0 {
		return secret.Text{}, &popupPage{status: http.StatusBadRequest, text: "There is no session in this address. Nothing was saved."}
	}
	for value := range found {
		if len(found) == 1 && app.IsAPISession(value) {
			return secret.New(value), nil
		}
	}
	return secret.Text{}, &popupPage{status: http.StatusBadRequest, why: "not a token", text: "What came back is not a session token. Nothing was saved."}
}

// serveFinish is the second hop: binding and handoff cookie together name popup and token.
func (s *Server) serveFinish(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet {
		w.Header().Set("Allow", "GET")
		writeProblem(w, r, problem(http.StatusMethodNotAllowed, "METHOD_NOT_ALLOWED", "This address takes GET."))
		return
	}
	token, isThere := s.callback.take(oneCookie(r, handoffName))
	gone := handoffCookie(r.Context())
	gone.MaxAge = -1
	http.SetCookie(w, &gone)
	binding := secret.New(oneCookie(r, bindingName))
	why := ""
	switch {
	case !isThere:
		why = "no token is waiting"
	case binding.IsEmpty():
		why = "no binding cookie"
	case !s.callback.arrive(binding):
		why = "no login is waiting for this binding"
	}
	if why != "" || s.Brokers == nil {
		s.noteStranger(r.Context(), why)
		s.servePopupPage(w, nobodyWaits())
		return
	}
	over := bindingCookie()
	over.MaxAge = -1
	http.SetCookie(w, &over)
	ctx, cancel := untilDone(r.Context(), exchangeMax)
	defer cancel()
	end, err := s.Brokers.FinishPopup(ctx, binding, token, fromOf(ctx))
	s.servePopupPage(w, s.pageOf(ctx, end, err))
}

// oneCookie is a cookie's value, "" when it is not there or there twice.
func oneCookie(r *http.Request, name string) string {
	found := r.CookiesNamed(name)
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

// pageOf is what the popup shows at its end.
func (s *Server) pageOf(ctx context.Context, end app.PopupEnd, err error) popupPage {
	switch {
	case err == nil && end.IsOK:
		return popupPage{status: http.StatusOK, attempt: end.ID, isOK: true, text: end.Text}
	case err == nil && end.ID == "":
		return popupPage{status: http.StatusForbidden, text: end.Text}
	case err == nil:
		return popupPage{status: http.StatusUnprocessableEntity, attempt: end.ID, text: end.Text}
	default:
		p := s.explain(ctx, err)
		return popupPage{status: p.Status, attempt: end.ID, text: p.Detail, next: p.Context["next"]}
	}
}

// noteStranger writes into the trail that something came that nobody waits for, as often as one address may.
func (s *Server) noteStranger(ctx context.Context, why string) {
	if s.Brokers == nil || !s.callback.mayNote(requestOf(ctx).ip) {
		return
	}
	if err := s.Brokers.RefuseCallback(ctx, why, fromOf(ctx)); err != nil {
		s.Log.Warn("a refused callback was not noted", "request_id", requestOf(ctx).id, "err", err)
	}
}
