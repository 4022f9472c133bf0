package httpapi

import (
	"context"

	"paperport/app"
)

// ProofRequest says the password again, and a code where two-step sign-in is on.
type ProofRequest struct {
	Password string `json:"password" maxLength:"1024"`
	Code     string `json:"code,omitempty" maxLength:"40"`
}

type proofIn struct{ Body ProofRequest }

func (s *Server) registerProof() {
	route(s, operation{id: "prove", method: "POST", path: "/api/me/proof", access: SignedIn, status: 204, summary: "Prove that it is me", hasSecrets: true},
		func(ctx context.Context, in *proofIn) (*struct{}, error) {
			return nil, s.Users.Prove(ctx, actorOf(ctx), in.Body.Password, in.Body.Code, fromOf(ctx))
		})
}

// proofRequired asks for a proof; the page repeats the same request after it.
func proofRequired() *app.Refusal {
	return &app.Refusal{Code: app.ProofRequired, Text: "Enter your PaperPort password to go on: your last proof is older than 15 minutes."}
}
