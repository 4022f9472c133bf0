package auth

// TwoStep is a user's second factor.
type TwoStep struct {
	Secret   string // base32, "" when off
	IsOn     bool   // a started but unconfirmed one is not on
	LastStep int64  // the newest 30-second step a code was used from
}
