package httpapi

import (
	"context"
	"net/http"
)

// TwoStepStart begins setting up two-step sign-in.
type TwoStepStart struct {
	Password string `json:"password" maxLength:"1024"`
}

type twoStepStartIn struct {
	Body TwoStepStart
}

// TwoStepSecret is what goes into the authenticator app.
type TwoStepSecret struct {
	Secret string `json:"secret"`
	URI    string `json:"uri"`
}

type twoStepSecretOut struct{ Body TwoStepSecret }

// TwoStepConfirm switches it on with a first code.
type TwoStepConfirm struct {
	Code string `json:"code" maxLength:"40"`
}

type twoStepConfirmIn struct {
	Body TwoStepConfirm
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	RecoveryCodes []string `json:"recovery_codes"`
}

type recoveryCodesOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      RecoveryCodes
}

// TwoStepOff switches it off.
type TwoStepOff struct {
	Password string `json:"password" maxLength:"1024"`
	Code     string `json:"code" maxLength:"40"`
}

type twoStepOffIn struct {
	Body TwoStepOff
}

func (s *Server) registerTwoStep() {
	route(s, operation{id: "start-two-step", method: "POST", path: "/api/me/two-step/start", access: SignedIn, summary: "Make a secret for two-step sign-in"},
		func(ctx context.Context, in *twoStepStartIn) (*twoStepSecretOut, error) {
			actor := actorOf(ctx)
			start, err := s.Users.StartTwoStep(ctx, actor, in.Body.Password, fromOf(ctx))
			if err != nil {
				return nil, err
			}
			return &twoStepSecretOut{Body: TwoStepSecret{Secret: start.Secret, URI: start.URI(actor.User.Username)}}, nil
		})
	route(s, operation{id: "confirm-two-step", method: "POST", path: "/api/me/two-step/confirm", access: SignedIn, summary: "Switch two-step sign-in on"},
		func(ctx context.Context, in *twoStepConfirmIn) (*recoveryCodesOut, error) {
			codes, fresh, err := s.Users.ConfirmTwoStep(ctx, actorOf(ctx), in.Body.Code, fromOf(ctx))
			if err != nil {
				return nil, err
			}
			return &recoveryCodesOut{SetCookie: loginCookie(ctx, fresh), Body: RecoveryCodes{RecoveryCodes: codes}}, nil
		})
	route(s, operation{id: "two-step-off", method: "POST", path: "/api/me/two-step/off", access: SignedIn, status: 204, summary: "Switch two-step sign-in off"},
		func(ctx context.Context, in *twoStepOffIn) (*struct{}, error) {
			return nil, s.Users.TwoStepOff(ctx, actorOf(ctx), in.Body.Password, in.Body.Code, fromOf(ctx))
		})
}
