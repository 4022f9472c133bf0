package httpapi

import (
	"context"
	"net/url"

	"paperport/app"
	"paperport/auth"
)

// UserList is all users, oldest first.
type UserList struct {
	Users []User `json:"users"`
}

type userListOut struct{ Body UserList }

type userIn struct {
	ID   string   `path:"id" pattern:"^[0-9a-f]{32}$"`
	Body *Nothing `required:"false"`
}

type userOut struct{ Body UserAnswer }

// RoleChange names a role.
type RoleChange struct {
	Role string `json:"role" enum:"owner,trader,viewer"`
}

type roleIn struct {
	ID   string `path:"id" pattern:"^[0-9a-f]{32}$"`
	Body RoleChange
}

type inviteIn struct {
	Body RoleChange
}

// InviteLink is a link for one person.
type InviteLink struct {
	URL       string `json:"url"`
	ExpiresAt string `json:"expires_at" format:"date-time"`
}

type inviteLinkOut struct{ Body InviteLink }

type inviteTokenIn struct {
	Token string `path:"token" maxLength:"100"`
}

// Invitation is what an invite offers.
type Invitation struct {
	Role      auth.Role `json:"role" enum:"owner,trader,viewer"`
	ExpiresAt string    `json:"expires_at" format:"date-time"`
}

type invitationOut struct{ Body Invitation }

// NewUser is a name and a password.
type NewUser struct {
	Username string `json:"username" maxLength:"64"`
	Password string `json:"password" maxLength:"1024"`
}

type acceptIn struct {
	Token string `path:"token" maxLength:"100"`
	Body  NewUser
}

func (s *Server) registerUsers() {
	route(s, operation{id: "users", method: "GET", path: "/api/users", access: Owner, summary: "All users"}, s.listUsers)
	route(s, operation{id: "disable-user", method: "POST", path: "/api/users/{id}/disable", access: Owner, summary: "Lock a user out at once"}, s.disableUser)
	route(s, operation{id: "enable-user", method: "POST", path: "/api/users/{id}/enable", access: Owner, summary: "Let a user in again"}, s.enableUser)
	route(s, operation{id: "sign-out-user", method: "POST", path: "/api/users/{id}/sign-out", access: Owner, summary: "End all logins of a user"}, s.signOutUser)
	route(s, operation{id: "set-role", method: "PUT", path: "/api/users/{id}/role", access: Owner, summary: "Change what a user may do"}, s.setRole)
	route(s, operation{id: "invite", method: "POST", path: "/api/invites", access: Owner, summary: "Make an invite link"}, s.invite)
	route(s, operation{id: "invitation", method: "GET", path: "/api/invites/{token}", access: Public, summary: "What an invite offers"}, s.invitation)
	route(s, operation{id: "accept-invite", method: "POST", path: "/api/invites/{token}", access: Public, status: 201, summary: "Create a user by invite"}, s.accept)
}

func (s *Server) listUsers(ctx context.Context, _ *emptyIn) (*userListOut, error) {
	found, err := s.Users.List(ctx, actorOf(ctx))
	if err != nil {
		return nil, err
	}
	list := make([]User, len(found))
	for i, u := range found {
		list[i] = wireUser(u)
	}
	return &userListOut{Body: UserList{Users: list}}, nil
}

func (s *Server) disableUser(ctx context.Context, in *userIn) (*userOut, error) {
	return answerUser(s.Users.SetDisabled(ctx, actorOf(ctx), auth.UserID(in.ID), true, fromOf(ctx)))
}

func (s *Server) enableUser(ctx context.Context, in *userIn) (*userOut, error) {
	return answerUser(s.Users.SetDisabled(ctx, actorOf(ctx), auth.UserID(in.ID), false, fromOf(ctx)))
}

func (s *Server) signOutUser(ctx context.Context, in *userIn) (*userOut, error) {
	return answerUser(s.Users.SignOutUser(ctx, actorOf(ctx), auth.UserID(in.ID), fromOf(ctx)))
}

func (s *Server) setRole(ctx context.Context, in *roleIn) (*userOut, error) {
	return answerUser(s.Users.SetRole(ctx, actorOf(ctx), auth.UserID(in.ID), in.Body.Role, fromOf(ctx)))
}

func answerUser(u auth.User, err error) (*userOut, error) {
	if err != nil {
		return nil, err
	}
	return &userOut{Body: UserAnswer{User: wireUser(u)}}, nil
}

func (s *Server) invite(ctx context.Context, in *inviteIn) (*inviteLinkOut, error) {
	token, invite, err := s.Users.Invite(ctx, actorOf(ctx), in.Body.Role, fromOf(ctx))
	if err != nil {
		return nil, err
	}
	return &inviteLinkOut{Body: InviteLink{URL: BaseURL(s.PublicURL, s.Port, s.IsTLS) + "/invite/" + url.PathEscape(token), ExpiresAt: wireTime(invite.ExpiresAt)}}, nil
}

// BaseURL is the address of our pages as others type it, without a slash at the end: the public URL, or localhost.
func BaseURL(public *url.URL, port int, isTLS bool) string {
	_, origins := ourNames(Options{PublicURL: public, Port: port, IsTLS: isTLS})
	if public != nil {
		return origins[len(origins)-1]
	}
	return origins[0]
}

func (s *Server) invitation(ctx context.Context, in *inviteTokenIn) (*invitationOut, error) {
	invite, err := s.Users.InviteByToken(ctx, in.Token)
	if err != nil {
		return nil, err
	}
	return &invitationOut{Body: Invitation{Role: invite.Role, ExpiresAt: wireTime(invite.ExpiresAt)}}, nil
}

func (s *Server) accept(ctx context.Context, in *acceptIn) (*signedInOut, error) {
	fresh, err := s.Users.Accept(ctx, in.Token, app.NewUser{Username: in.Body.Username, Password: in.Body.Password}, fromOf(ctx))
	if err != nil {
		return nil, err
	}
	s.welcome.greet(ctx, fresh.User.ID)
	return signedIn(ctx, fresh), nil
}
