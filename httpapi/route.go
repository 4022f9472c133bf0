package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"paperport/app"
)

// Access says who may use a route at all. What a user names must be his own on top of that.
type Access string

// The levels of access.
const (
	Public   Access = "public"
	SignedIn Access = "signed in"
	Trader   Access = "trader"
	Owner    Access = "owner"
)

// Route is one row of the router.
type Route struct {
	Method, Path string // "" is any method
	Access       Access
}

// Routes lists every route, in the order of registration.
func (s *Server) Routes() []Route {
	s.Prepare()
	return s.routes
}

func apiConfig(version string) huma.Config {
	setUpHuma()
	config := huma.DefaultConfig("PaperPort", version)
	config.Info.Description = "Prices and amounts are decimal strings in rupees, instants RFC 3339, quantities units."
	config.CreateHooks = nil
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.RejectUnknownQueryParameters = true
	config.NoFormatFallback = false
	format := huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: unmarshalStrict}
	config.Formats = map[string]huma.Format{"application/json": format, "json": format}
	return config
}

// Body limits in bytes.
const (
	bodyMax      = 64 << 10
	orderBodyMax = 4 << 10
)

// operation describes a JSON route.
type operation struct {
	id, method, path string
	access           Access
	summary          string
	status           int // of success; 0 is 200
	bodyMax          int64
	needsProof       bool // a fresh proof of the user
	hasSecrets       bool // a refusal of the body repeats nothing of it, not even a key
}

// secretBody marks an operation that hasSecrets.
const secretBody = "secret-body"

// route registers a JSON route behind its access check.
func route[I, O any](s *Server, o operation, handle func(context.Context, *I) (*O, error)) {
	if o.bodyMax == 0 {
		o.bodyMax = bodyMax
	}
	tag, _, _ := strings.Cut(strings.TrimPrefix(o.path, "/api/"), "/")
	op := huma.Operation{OperationID: o.id, Method: o.method, Path: o.path, Summary: o.summary, DefaultStatus: o.status,
		MaxBodyBytes: o.bodyMax, Tags: []string{tag}, Middlewares: huma.Middlewares{s.guard(o)}, Metadata: map[string]any{secretBody: o.hasSecrets}}
	op.Responses = map[string]*huma.Response{"default": {Description: "A problem (RFC 9457) with a code.",
		Content: map[string]*huma.MediaType{"application/problem+json": {Schema: s.api.OpenAPI().Components.Schemas.Schema(problemType, true, "Problem")}}}}
	s.routes = append(s.routes, Route{o.method, o.path, o.access})
	huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := handle(ctx, in)
		var denial *Denial
		switch {
		case err == nil:
			return out, nil
		case errors.As(err, &denial):
			return nil, denial
		default:
			return nil, s.explain(ctx, err)
		}
	})
}

// plain registers a handler of its own behind its access check.
func (s *Server) plain(pattern string, access Access, handle http.HandlerFunc) {
	method, path, hasMethod := strings.Cut(pattern, " ")
	if !hasMethod {
		method, path = "", pattern
	}
	s.routes = append(s.routes, Route{method, path, access})
	s.mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
		ctx, problem := s.admit(r, access)
		if problem != nil {
			writeProblem(w, r, problem)
			return
		}
		handle(w, r.WithContext(ctx))
	})
}

// guard is admit for JSON routes, and the question for a proof: it runs before the body is read.
func (s *Server) guard(o operation) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		r, w := unwrap(hc)
		ctx, problem := s.admit(r, o.access)
		if problem == nil && o.needsProof && !s.Users.IsFresh(actorOf(ctx)) {
			problem = s.explain(ctx, proofRequired())
		}
		if problem != nil {
			writeProblem(w, r, problem)
			return
		}
		next(huma.WithContext(hc, ctx))
	}
}

type actorKey struct{}

// admit finds who asks and whether his role may use the route.
func (s *Server) admit(r *http.Request, access Access) (context.Context, *Problem) {
	if access == Public {
		return r.Context(), s.limitAddress(r)
	}
	actor, err := s.Users.Who(r.Context(), cookieToken(r))
	if err != nil {
		if limited := s.limitAddress(r); limited != nil {
			return nil, limited
		}
		return nil, s.explain(r.Context(), err)
	}
	if wait := s.limits.user(actor.User.ID); wait > 0 {
		return nil, slowDown(wait)
	}
	role := actor.User.Role
	if access == Trader && !role.CanTrade() {
		return nil, problem(http.StatusForbidden, string(app.NotAllowed), "Viewers can look at everything of theirs and change nothing.")
	}
	if access == Owner && !role.CanManage() {
		return nil, problem(http.StatusForbidden, string(app.NotAllowed), "Only the owner of this installation may do this.")
	}
	return context.WithValue(r.Context(), actorKey{}, actor), nil
}

// actorOf returns who asks; only behind an access check.
func actorOf(ctx context.Context) app.Actor {
	actor, isThere := ctx.Value(actorKey{}).(app.Actor)
	if !isThere {
		panic("httpapi: route without access check asks who is there")
	}
	return actor
}

// methodsOf lists the methods the address of an unmatched request takes, "" when it takes none.
func (s *Server) methodsOf(r *http.Request) string {
	var allowed []string
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(probe); pattern != "/api/" && pattern != "" {
			allowed = append(allowed, method)
		}
	}
	return strings.Join(allowed, ", ")
}

func (s *Server) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	text, err := json.Marshal(s.api.OpenAPI())
	if err != nil {
		writeProblem(w, r, s.explain(r.Context(), err))
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}
