package httpapi

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"paperport/app"
)

// PopupStart is a wait for the broker's login page. Its binding is in the cookie alone.
type PopupStart struct {
	ID        string `json:"id"`
	ExpiresAt string `json:"expires_at" format:"date-time"`
	Address   string `json:"address" doc:"What the popup opens"`
}

type popupStartOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      PopupStart
}

// Popup tells how one went.
type Popup struct {
	ID      string `json:"id"`
	Outcome string `json:"outcome" doc:"Empty while it waits, ok, or the class of the failure"`
	Text    string `json:"text"`
}

type popupIn struct {
	ID string `path:"id" maxLength:"64"`
}

type popupOut struct{ Body Popup }

func (s *Server) registerPopup() {
	brokerRoute(s, operation{id: "start-broker-popup", method: "POST", path: "/api/broker/popup", access: Trader, summary: "Begin a login in the broker's own pages",
		bodyMax: orderBodyMax, needsProof: true}, s.startPopup)
	brokerRoute(s, operation{id: "broker-popup", method: "GET", path: "/api/broker/popup/{id}", access: SignedIn, summary: "How did the popup go?"}, s.popup)
	s.plain("GET /api/broker/popup/{id}/open", Trader, s.servePopup)
}

func (s *Server) startPopup(ctx context.Context, _ *nothingIn) (*popupStartOut, error) {
	actor := actorOf(ctx)
	state, err := s.Brokers.State(ctx, actor.User.ID)
	if err != nil {
		return nil, err
	}
	if refusal := popupRefusal(requestOf(ctx), state.RedirectURL); refusal != "" {
		return nil, &app.Refusal{Code: app.PopupRefused, Text: refusal}
	}
	start, err := s.Brokers.StartPopup(ctx, actor, fromOf(ctx))
	if err != nil {
		return nil, err
	}
	s.callback.expect(start.Binding, start.ExpiresAt)
	binding := bindingCookie()
	binding.Value, binding.Expires = start.Binding.Reveal(), start.ExpiresAt
	return &popupStartOut{SetCookie: binding, Body: PopupStart{ID: start.ID, ExpiresAt: wireTime(start.ExpiresAt),
		Address: "/api/broker/popup/" + url.PathEscape(start.ID) + "/open"}}, nil
}

func (s *Server) popup(ctx context.Context, in *popupIn) (*popupOut, error) {
	p, err := s.Brokers.Popup(ctx, actorOf(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &popupOut{Body: Popup{ID: p.ID, Outcome: p.Outcome, Text: p.Text}}, nil
}

// servePopup sends the popup on to the broker's login page. The API key is in that address and nowhere else.
func (s *Server) servePopup(w http.ResponseWriter, r *http.Request) {
	if s.Brokers == nil {
		s.servePopupPage(w, popupPage{status: http.StatusServiceUnavailable, text: "The broker side is not running."})
		return
	}
	address, err := s.Brokers.PopupAddress(r.Context(), actorOf(r.Context()), r.PathValue("id"))
	if err != nil {
		p := s.explain(r.Context(), err)
		s.servePopupPage(w, popupPage{status: p.Status, text: p.Detail})
		return
	}
	w.Header().Set("Location", address.Reveal())
	w.WriteHeader(http.StatusSeeOther)
}

// popupRefusal says why the broker's login cannot come back to the page that asks, "" when it can: the broker returns
// to the origin of the redirect URL, and the binding cookie is there only if the page is of the same origin and secure.
func popupRefusal(r request, redirect string) string {
	target, err := url.Parse(redirect)
	if err != nil || target.Host == "" {
		return "The redirect URL of this installation is not known; set PAPERPORT_PUBLIC_URL."
	}
	origin := target.Scheme + "://" + target.Host
	page := &url.URL{Scheme: "http", Host: r.host}
	if r.isHTTPS {
		page.Scheme = "https"
	}
	if page.Scheme == "http" && !isLoopbackName(page.Hostname()) {
		return "The popup needs https (or localhost): over plain http from another machine browsers keep no cookie that would bind " +
			"the broker's answer to you. Use TLS or a tunnel, or paste the session token."
	}
	if !isSameOrigin(page, target) {
		return "The broker returns to " + origin + ", and this page was opened at " + page.String() + ". Open PaperPort at " + origin + " and press the button there."
	}
	return ""
}

func isLoopbackName(host string) bool {
	ip, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && ip.IsLoopback()
}

func isSameOrigin(a, b *url.URL) bool {
	return a.Scheme == b.Scheme && hostPort(a) == hostPort(b)
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}
