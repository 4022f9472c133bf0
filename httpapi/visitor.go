package httpapi

import (
	"mime"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// ourNames lists the Hosts that mean us and the Origins of our own pages. Any other Host is a stranger's name that
// points here (DNS rebinding).
func ourNames(o Options) (map[string]bool, []string) {
	scheme, plain := "http", 80
	if o.IsTLS {
		scheme, plain = "https", 443
	}
	names := map[string]bool{}
	var origins []string
	for _, host := range []string{"localhost", "127.0.0.1", "[::1]"} {
		name := host + ":" + strconv.Itoa(o.Port)
		names[name] = true
		if o.Port == plain {
			names[host] = true
			name = host
		}
		origins = append(origins, scheme+"://"+name)
	}
	if u := o.PublicURL; u != nil {
		host := strings.ToLower(u.Host)
		bare := strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80")
		names[host], names[bare] = true, true
		if u.Port() == "" {
			names[host+map[string]string{"https": ":443", "http": ":80"}[u.Scheme]] = true
		}
		origins = append(origins, u.Scheme+"://"+bare)
	}
	return names, origins
}

// checkHost refuses requests for a name that is not ours, and moves pages opened at an address to localhost, so that
// cookies and storage have one home.
func (s *Server) checkHost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host := strings.ToLower(r.Host)
		if !s.names[host] {
			writeProblem(w, r, problem(http.StatusMisdirectedRequest, "WRONG_HOST",
				"This server does not answer to that name. Set PAPERPORT_PUBLIC_URL to the address you use."))
			return
		}
		isAddress := strings.HasPrefix(host, "127.0.0.1") || strings.HasPrefix(host, "[::1]")
		if isAddress && s.isPage(r) && (s.PublicURL == nil || !strings.EqualFold(s.PublicURL.Host, host)) {
			_, port, _ := net.SplitHostPort(host)
			// Only path and query are the visitor's: a request line can carry a scheme, a user or an opaque part too.
			target := url.URL{Scheme: "http", Host: net.JoinHostPort("localhost", port), Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
			if requestOf(r.Context()).isHTTPS {
				target.Scheme = "https"
			}
			if port == "" {
				target.Host = "localhost"
			}
			http.Redirect(w, r, target.String(), http.StatusTemporaryRedirect)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (s *Server) isPage(r *http.Request) bool {
	isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
	path := r.URL.Path
	return isRead && path != "/livez" && path != "/readyz" && !strings.HasPrefix(path, "/api/") && !strings.HasPrefix(path, "/assets/")
}

// visitor reads address and scheme, believing forwarding headers only from trusted proxies.
func (s *Server) visitor(r *http.Request) *request {
	remote, err := netip.ParseAddrPort(r.RemoteAddr)
	ip := remote.Addr().Unmap()
	info := &request{ip: ip, agent: r.UserAgent(), host: strings.ToLower(r.Host), isHTTPS: r.TLS != nil || s.isPublicHTTPS(r), isDirect: err == nil && ip.IsLoopback() && !isForwarded(r.Header)}
	if err != nil || !s.isTrusted(ip) {
		return info
	}
	hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
	for i := len(hops) - 1; i >= 0; i-- {
		hop, err := netip.ParseAddr(strings.TrimSpace(hops[i]))
		if err != nil {
			break
		}
		info.ip = hop.Unmap()
		if !s.isTrusted(info.ip) {
			break
		}
	}
	if proto := lastOf(r.Header.Get("X-Forwarded-Proto")); proto != "" && !s.isPublicHTTPS(r) {
		info.isHTTPS = proto == "https"
	}
	return info
}

// isPublicHTTPS reports a request to the https address that browsers use: whatever a proxy in between says or leaves
// out, cookies for that address are Secure.
func (s *Server) isPublicHTTPS(r *http.Request) bool {
	u := s.PublicURL
	return u != nil && u.Scheme == "https" && strings.EqualFold(strings.TrimSuffix(r.Host, ":443"), strings.TrimSuffix(u.Host, ":443"))
}

// checkOrigin refuses a change asked for by any page but ours. It is stricter than http.CrossOriginProtection, which
// overlooks the scheme when the browser sends no Sec-Fetch-Site.
func (s *Server) checkOrigin(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		origin := r.Header.Get("Origin")
		isRead := r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions
		if origin != "" && !isRead && !slices.Contains(s.origins, origin) {
			refuseCrossOrigin(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func refuseCrossOrigin(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, r, problem(http.StatusForbidden, "CROSS_ORIGIN", "This request came from another site and was refused."))
}

func lastOf(list string) string {
	return strings.ToLower(strings.TrimSpace(list[strings.LastIndex(list, ",")+1:]))
}

func (s *Server) isTrusted(ip netip.Addr) bool {
	for _, prefix := range s.TrustedProxies {
		if prefix.Contains(ip) {
			return true
		}
	}
	return false
}

// isForwarded reports any sign that the connection carries somebody else's request.
func isForwarded(h http.Header) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		if h.Get(name) != "" {
			return true
		}
	}
	return false
}

// checkBody refuses bodies that are not JSON: no form of another site can send that.
func (s *Server) checkBody(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.ContentLength != 0 && r.Method != http.MethodGet && r.Method != http.MethodHead {
			kind, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
			if err != nil || kind != "application/json" {
				writeProblem(w, r, badContentType())
				return
			}
			r.Body = http.MaxBytesReader(w, r.Body, bodyMax+1)
		}
		next.ServeHTTP(w, r)
	})
}
