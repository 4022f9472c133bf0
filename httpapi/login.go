package httpapi

import (
	"context"
	"net/http"

	"paperport/app"
)

// Cookie names. On https the prefix makes browsers keep it for this host alone; plain http has no such prefix.
const (
	cookiePlain  = "pp_login"
	cookieSecure = "__Host-pp_login"
)

func cookieName(isHTTPS bool) string {
	if isHTTPS {
		return cookieSecure
	}
	return cookiePlain
}

// cookieToken returns the login token a request brings, "" when none. A name that is there twice is nobody's.
func cookieToken(r *http.Request) string {
	found := r.CookiesNamed(cookieName(requestOf(r.Context()).isHTTPS))
	if len(found) != 1 {
		return ""
	}
	return found[0].Value
}

// loginCookie carries a fresh login until it ends.
func loginCookie(ctx context.Context, in app.SignedIn) http.Cookie {
	c := bareCookie(ctx)
	c.Value = in.Token
	c.Expires = in.Login.ExpiresAt
	return c
}

// noCookie takes the cookie away.
func noCookie(ctx context.Context) http.Cookie {
	c := bareCookie(ctx)
	c.MaxAge = -1
	return c
}

func bareCookie(ctx context.Context) http.Cookie {
	isHTTPS := requestOf(ctx).isHTTPS
	return http.Cookie{Name: cookieName(isHTTPS), Path: "/", HttpOnly: true, Secure: isHTTPS, SameSite: http.SameSiteStrictMode}
}

// fromOf says where a request came from, for the lists and records that name it.
func fromOf(ctx context.Context) app.From {
	r := requestOf(ctx)
	return app.From{IP: r.ip.String(), Agent: r.agent, RequestID: r.id}
}
