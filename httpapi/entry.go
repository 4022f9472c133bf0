package httpapi

import (
	"context"
	"net/http"
	"time"

	"paperport/app"
	"paperport/auth"
	"paperport/calendar"
)

// User is a user as others see him.
type User struct {
	ID         string    `json:"id"`
	Username   string    `json:"username"`
	Role       auth.Role `json:"role" enum:"owner,trader,viewer"`
	HasTwoStep bool      `json:"has_two_step"`
	IsDisabled bool      `json:"is_disabled"`
	CreatedAt  string    `json:"created_at" format:"date-time"`
}

func wireUser(u auth.User) User {
	return User{ID: string(u.ID), Username: u.Username, Role: u.Role, HasTwoStep: u.TwoStep.IsOn, IsDisabled: u.IsDisabled,
		CreatedAt: wireTime(u.CreatedAt)}
}

func wireTime(t time.Time) string { return calendar.FromTime(t).String() }

// Nothing is a body without fields.
type Nothing struct{}

type nothingIn struct {
	Body *Nothing `required:"false"`
}

// UserAnswer is a user.
type UserAnswer struct {
	User User `json:"user"`
}

type signedInOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      UserAnswer
}

func signedIn(ctx context.Context, in app.SignedIn) *signedInOut {
	return &signedInOut{SetCookie: loginCookie(ctx, in), Body: UserAnswer{User: wireUser(in.User)}}
}

// SetupState says whether the first user is still to be created and whether this visitor may.
type SetupState struct {
	NeedsOwner bool   `json:"needs_owner"`
	Allowed    bool   `json:"allowed"`
	Reason     string `json:"reason"`
}

type setupStateIn struct {
	Link string `query:"link" maxLength:"100" doc:"Secret of the one-time link that serve prints"`
}

type setupStateOut struct{ Body SetupState }

// SetupRequest creates the owner.
type SetupRequest struct {
	Username string `json:"username" maxLength:"64"`
	Password string `json:"password" maxLength:"1024"`
	Link     string `json:"link,omitempty" maxLength:"100"`
}

type setupIn struct {
	Body SetupRequest
}

// LoginRequest is a name, a password and, when asked for, a code.
type LoginRequest struct {
	Username string `json:"username" maxLength:"64"`
	Password string `json:"password" maxLength:"1024"`
	Code     string `json:"code,omitempty" maxLength:"40"`
}

type loginIn struct {
	Body LoginRequest
}

// Me is the signed-in user with his accounts.
type Me struct {
	User           User      `json:"user"`
	Accounts       []Account `json:"accounts"`
	LoginExpiresAt string    `json:"login_expires_at" format:"date-time"`
}

type meOut struct{ Body Me }

// PasswordChange sets a new password.
type PasswordChange struct {
	OldPassword string `json:"old_password" maxLength:"1024"`
	NewPassword string `json:"new_password" maxLength:"1024"`
}

type passwordIn struct {
	Body PasswordChange
}

type cookieOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

// Login is one signed-in browser.
type Login struct {
	ID         string `json:"id"`
	CreatedAt  string `json:"created_at" format:"date-time"`
	LastSeenAt string `json:"last_seen_at" format:"date-time"`
	IP         string `json:"ip"`
	Agent      string `json:"agent"`
	IsCurrent  bool   `json:"is_current"`
}

// Logins is a list of logins, newest first.
type Logins struct {
	Logins []Login `json:"logins"`
}

type loginsOut struct{ Body Logins }

type loginIDIn struct {
	ID string `path:"id" maxLength:"64"`
}

// ResetRequest spends a reset link.
type ResetRequest struct {
	Token    string `json:"token" maxLength:"100"`
	Password string `json:"password" maxLength:"1024"`
}

type resetIn struct {
	Body ResetRequest
}

type emptyIn struct{}

func (s *Server) registerEntry() {
	route(s, operation{id: "setup-state", method: "GET", path: "/api/setup", access: Public, summary: "Is the owner still to be created?"}, s.setupState)
	route(s, operation{id: "setup", method: "POST", path: "/api/setup", access: Public, status: 201, summary: "Create the owner"}, s.setup)
	route(s, operation{id: "login", method: "POST", path: "/api/login", access: Public, summary: "Sign in"}, s.login)
	route(s, operation{id: "logout", method: "POST", path: "/api/logout", access: SignedIn, status: 204, summary: "Sign out"}, s.logout)
	route(s, operation{id: "me", method: "GET", path: "/api/me", access: SignedIn, summary: "Who am I?"}, s.me)
	route(s, operation{id: "change-password", method: "POST", path: "/api/me/password", access: SignedIn, status: 204, summary: "Change my password"}, s.changePassword)
	route(s, operation{id: "logins", method: "GET", path: "/api/me/logins", access: SignedIn, summary: "Where am I signed in?"}, s.logins)
	route(s, operation{id: "end-login", method: "DELETE", path: "/api/me/logins/{id}", access: SignedIn, status: 204, summary: "Sign one of my browsers out"}, s.endLogin)
	route(s, operation{id: "reset-password", method: "POST", path: "/api/reset", access: Public, status: 204, summary: "Set a new password by link"}, s.resetPassword)
}

// setUpAllowed: over loopback the visitor sits at the machine; everybody else needs the one-time link. Where a public
// address is set a proxy may stand at the other end of loopback, so there everybody needs it.
func (s *Server) setUpAllowed(ctx context.Context, link string) bool {
	return requestOf(ctx).isDirect && s.PublicURL == nil || s.Users.IsSetupToken(link)
}

const setupLinkText = "The first user is created at the machine itself (http://localhost) or with the one-time link that paperport printed when it started."

func (s *Server) setupState(ctx context.Context, in *setupStateIn) (*setupStateOut, error) {
	needsOwner, err := s.Users.NeedsOwner(ctx)
	if err != nil {
		return nil, err
	}
	state := SetupState{NeedsOwner: needsOwner, Allowed: needsOwner && s.setUpAllowed(ctx, in.Link)}
	if needsOwner && !state.Allowed {
		state.Reason = setupLinkText
	}
	return &setupStateOut{Body: state}, nil
}

func (s *Server) setup(ctx context.Context, in *setupIn) (*signedInOut, error) {
	needsOwner, err := s.Users.NeedsOwner(ctx)
	if err != nil {
		return nil, err
	}
	if needsOwner && !s.setUpAllowed(ctx, in.Body.Link) { // once there is an owner, CreateOwner says so
		return nil, &app.Refusal{Code: app.SetupLinkOnly, Text: setupLinkText}
	}
	owner, err := s.Users.CreateOwner(ctx, app.NewUser{Username: in.Body.Username, Password: in.Body.Password}, fromOf(ctx))
	if err != nil {
		return nil, err
	}
	s.welcome.greet(ctx, owner.User.ID)
	return signedIn(ctx, owner), nil
}

func (s *Server) login(ctx context.Context, in *loginIn) (*signedInOut, error) {
	c := app.Credentials{Username: in.Body.Username, Password: in.Body.Password, Code: in.Body.Code}
	fresh, err := s.Users.SignIn(ctx, c, fromOf(ctx))
	if err != nil {
		return nil, err
	}
	return signedIn(ctx, fresh), nil
}

func (s *Server) logout(ctx context.Context, in *nothingIn) (*cookieOut, error) {
	if err := s.Users.SignOut(ctx, actorOf(ctx), fromOf(ctx)); err != nil {
		return nil, err
	}
	return &cookieOut{SetCookie: noCookie(ctx)}, nil
}

func (s *Server) me(ctx context.Context, _ *emptyIn) (*meOut, error) {
	actor := actorOf(ctx)
	accounts, err := s.accountsOf(ctx, actor.User.ID)
	if err != nil {
		return nil, err
	}
	return &meOut{Body: Me{User: wireUser(actor.User), Accounts: accounts, LoginExpiresAt: wireTime(actor.Login.ExpiresAt)}}, nil
}

func (s *Server) changePassword(ctx context.Context, in *passwordIn) (*cookieOut, error) {
	fresh, err := s.Users.ChangePassword(ctx, actorOf(ctx), in.Body.OldPassword, in.Body.NewPassword, fromOf(ctx))
	if err != nil {
		return nil, err
	}
	return &cookieOut{SetCookie: loginCookie(ctx, fresh)}, nil
}

func (s *Server) logins(ctx context.Context, _ *emptyIn) (*loginsOut, error) {
	actor := actorOf(ctx)
	found, err := s.Users.Logins(ctx, actor)
	if err != nil {
		return nil, err
	}
	list := make([]Login, len(found))
	for i, l := range found {
		list[i] = Login{ID: string(l.ID), CreatedAt: wireTime(l.CreatedAt), LastSeenAt: wireTime(l.LastSeenAt), IP: l.IP,
			Agent: l.Agent, IsCurrent: l.ID == actor.Login.ID}
	}
	return &loginsOut{Body: Logins{Logins: list}}, nil
}

func (s *Server) endLogin(ctx context.Context, in *loginIDIn) (*struct{}, error) {
	return nil, s.Users.EndLogin(ctx, actorOf(ctx), auth.LoginID(in.ID), fromOf(ctx))
}

func (s *Server) resetPassword(ctx context.Context, in *resetIn) (*struct{}, error) {
	return nil, s.Users.ResetPassword(ctx, in.Body.Token, in.Body.Password, fromOf(ctx))
}
