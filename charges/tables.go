package charges

import "io/fs"

// Tables are the dated rates and brokerage plans. The value is read-only after Load and may be shared.
type Tables struct {
	// Version names the tables' content, for ChargesEvent and the screen.
	Version string
	plans   []Plan
}

// Plan is one brokerage plan an account may choose.
type Plan struct {
	// ID is the stored name ("flat20"), Name the words for the screen, Note where the rates come from.
	ID, Name, Note string
}

// Load reads the embedded tables; a file of the same name in overrides (may be nil) replaces the embedded one.
func Load(overrides fs.FS) (*Tables, error) {
	_ = overrides
	return &Tables{}, nil
}

// Plans lists the brokerage plans in the order of the table.
func (t *Tables) Plans() []Plan { return t.plans }
