package calendar

import "fmt"

// Origin says where a rule stands.
type Origin struct {
	// File and Line are of the table's file, ours or the override's; "" and 0 for the demo market's own rules.
	File string
	Line int
	// Source names the circular or page, Checked when it was looked at, as the table writes it.
	Source, Checked string
	// IsOverride says that it is a row of the caller's files.
	IsOverride bool
}

// check refuses days that cannot be: two phases at one time, or more phases than a day can hold.
func (t *tables) check() error {
	for i := range t.sessions {
		s := &t.sessions[i]
		day := []session{*s}
		for j := range t.sessions[:i] {
			if other := &t.sessions[j]; s.board == other.board && s.meets(other) {
				day = append(day, *other)
			}
		}
		if err := checkPhase(day[0], day[1:]); err != nil {
			return fmt.Errorf("calendar: %s line %d: %w", s.origin.File, s.origin.Line, err)
		}
	}
	return nil
}

// checkPhase refuses a phase that does not fit beside the others of its day.
func checkPhase(s session, others []session) error {
	if len(others) >= maxPhases {
		return fmt.Errorf("more than %d phases in a day", maxPhases)
	}
	for _, o := range others {
		if s.start < o.end && o.start < s.end {
			return fmt.Errorf("%s from %s to %s overlaps with %s of line %d", s.phase, clockText(s.start), clockText(s.end), o.phase, o.origin.Line)
		}
	}
	return nil
}

// meets reports whether two sessions of a board can be on one day.
func (s *session) meets(o *session) bool {
	return (s.clock == anyClock || o.clock == anyClock || s.clock == o.clock) && (s.to == 0 || o.from <= s.to) && (o.to == 0 || s.from <= o.to)
}
