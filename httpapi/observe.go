package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/netip"
	"runtime/debug"
	"time"
)

// request is what we know of a request besides itself.
type request struct {
	id      string
	ip      netip.Addr
	agent   string // what the browser calls itself
	host    string // the name we were asked by
	isHTTPS bool
	// isDirect says that the visitor's own machine is at the other end of the connection, as far as we can tell.
	isDirect bool
}

// writeMax bounds how long a response may take to leave.
const writeMax = 60 * time.Second

type requestKey struct{}

func requestOf(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(*request)
	if r == nil {
		return request{}
	}
	return *r
}

// observe is the outermost layer: request id, security headers, deadline, panics, the access line.
func (s *Server) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		info := s.identify(r)
		s.setHeaders(w.Header(), info)
		ctx := context.WithValue(r.Context(), requestKey{}, info)
		limit := s.Limits.RequestMax
		if r.URL.Path == generatePath && limit > 0 {
			limit = generateMax + 5*time.Second
			_ = http.NewResponseController(w).SetReadDeadline(start.Add(limit)) // else the server gives the request up sooner
		}
		if limit > 0 && r.URL.Path != streamPath {
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(ctx, limit)
			defer cancel()
		}
		if r.URL.Path != streamPath {
			// A reader that does not read must not hold us for ever; the event stream sets its own deadlines.
			_ = http.NewResponseController(w).SetWriteDeadline(start.Add(max(writeMax, limit+10*time.Second)))
		}
		r = r.WithContext(ctx)
		seen := &statusWriter{ResponseWriter: w}
		defer func() {
			if cause := recover(); cause != nil {
				s.recovered(seen, r, cause)
			}
			s.Log.LogAttrs(ctx, slog.LevelInfo, "request",
				slog.String("request_id", info.id), slog.String("method", r.Method), slog.String("route", routeOf(r)),
				slog.Int("status", seen.status()), slog.Int64("bytes", seen.bytes),
				slog.Float64("ms", float64(time.Since(start).Microseconds())/1000), slog.String("ip", info.ip.String()))
		}()
		next.ServeHTTP(seen, r)
	})
}

func (s *Server) identify(r *http.Request) *request {
	b := make([]byte, 8)
	rand.Read(b)
	info := s.visitor(r)
	info.id = hex.EncodeToString(b)
	return info
}

// recovered answers a panic without a word about it and logs all of it.
func (s *Server) recovered(w *statusWriter, r *http.Request, cause any) {
	if cause == http.ErrAbortHandler {
		panic(cause)
	}
	s.Log.Error("handler panicked", "request_id", requestOf(r.Context()).id, "cause", cause, "stack", string(debug.Stack()))
	if w.code == 0 {
		writeProblem(w, r, problem(http.StatusInternalServerError, "INTERNAL", "Something went wrong on our side. Nothing is known to have changed."))
	}
}

func routeOf(r *http.Request) string {
	if r.Pattern == "" {
		return "none"
	}
	return r.Pattern
}

// statusWriter remembers status and size for the access line.
type statusWriter struct {
	http.ResponseWriter
	code  int
	bytes int64
}

func (w *statusWriter) WriteHeader(code int) {
	if w.code == 0 {
		w.code = code
	}
	w.ResponseWriter.WriteHeader(code)
}

func (w *statusWriter) Write(b []byte) (int, error) {
	if w.code == 0 {
		w.code = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController and the WebSocket upgrade reach the connection.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *statusWriter) status() int {
	if w.code == 0 {
		return http.StatusOK
	}
	return w.code
}

// csp is reliability.md T7. The policy names are those of our service worker and of Svelte.
const csp = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; " +
	"connect-src 'self'; manifest-src 'self'; media-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types svelte-trusted-html paperport"

// fixedHeaders are on every response, whatever it is. The slices are shared and never changed.
var fixedHeaders = []struct {
	name  string // in canonical form
	value []string
}{
	{"Content-Security-Policy", []string{csp}},
	{"X-Content-Type-Options", []string{"nosniff"}},
	{"Cross-Origin-Opener-Policy", []string{"same-origin"}},
	{"Cross-Origin-Resource-Policy", []string{"same-origin"}},
	{"Referrer-Policy", []string{"no-referrer"}},
	{"Permissions-Policy", []string{"camera=(), geolocation=(), microphone=(), payment=(), usb=()"}},
	{"X-Frame-Options", []string{"DENY"}},
	{"Cache-Control", []string{"no-store"}},
}

func (s *Server) setHeaders(h http.Header, info *request) {
	for _, fixed := range fixedHeaders {
		h[fixed.name] = fixed.value
	}
	h["X-Request-Id"] = []string{info.id}
	if info.isHTTPS && s.PublicURL != nil {
		h.Set("Strict-Transport-Security", "max-age=31536000")
	}
}
