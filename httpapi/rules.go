package httpapi

import (
	"context"
	"fmt"

	"paperport/app"
	"paperport/calendar"
)

// Rules is what we trade by on a date, each row with its source.
type Rules struct {
	Date       string       `json:"date"`
	KnownUntil string       `json:"known_until" doc:"After it only weekends are known"`
	Boards     []RulesBoard `json:"boards"`
	Events     []RulesEvent `json:"events" doc:"Holidays, special sessions and settlement holidays from the date on"`
	Rules      []Rule       `json:"rules"`
	Files      []RulesFile  `json:"files" doc:"What is in the folder of rules of this installation"`
}

// RulesBoard is the day of a board; without phases it is closed.
type RulesBoard struct {
	Name   string       `json:"name"`
	Reason string       `json:"reason" doc:"Why it is closed, or what is unusual"`
	Phases []RulesPhase `json:"phases"`
}

// RulesPhase is a phase of a day, or with a sub-phase a part of one.
type RulesPhase struct {
	Phase      string `json:"phase"`
	SubPhase   string `json:"sub_phase"`
	Start      string `json:"start" format:"date-time"`
	End        string `json:"end" format:"date-time"`
	RandomFrom string `json:"random_from" doc:"From when on it may end at any moment"`
	From       string `json:"from" doc:"First date of the rule"`
	To         string `json:"to" doc:"Last date of the rule"`
	Source     string `json:"source"`
	Override   string `json:"override" doc:"File and line that override our table"`
}

// RulesEvent is a date on which the exchanges do not follow the week.
type RulesEvent struct {
	Date     string   `json:"date"`
	Kind     string   `json:"kind" enum:"holiday,special session,settlement holiday"`
	Name     string   `json:"name"`
	Extent   string   `json:"extent" doc:"day, morning, evening, no (called off), normal hours, times, or times not announced"`
	Places   []string `json:"places"`
	Source   string   `json:"source"`
	Override string   `json:"override"`
}

// Rule is one value in force.
type Rule struct {
	Group    string `json:"group" doc:"charge, brokerage, intraday margin, tick, freeze quantity, index lot, square-off, ..."`
	Place    string `json:"place"`
	Name     string `json:"name"`
	Value    string `json:"value"`
	Unit     string `json:"unit"`
	From     string `json:"from"`
	To       string `json:"to"`
	Source   string `json:"source"`
	Table    string `json:"table" doc:"File and line of our own table"`
	Override string `json:"override" doc:"File and line that override our table"`
}

// RulesFile is what became of a file in the folder of rules.
type RulesFile struct {
	Name           string `json:"name"`
	Status         string `json:"status" enum:"in force,refused,ignored"`
	Fault          string `json:"fault" doc:"File, line and reason"`
	IsOlderInForce bool   `json:"is_older_in_force" doc:"The newest good version of a refused file counts"`
	ChangedAt      string `json:"changed_at"`
}

type rulesIn struct {
	Date string `query:"date" doc:"YYYY-MM-DD; today without it"`
}

type rulesOut struct{ Body Rules }

func (s *Server) registerRules() {
	route(s, operation{id: "rules", method: "GET", path: "/api/rules", access: SignedIn, summary: "Rules in force"}, s.rules)
}

func (s *Server) rules(_ context.Context, in *rulesIn) (*rulesOut, error) {
	var date calendar.Date
	if err := date.UnmarshalText([]byte(in.Date)); err != nil {
		return nil, fmt.Errorf("%w: date: want YYYY-MM-DD", app.ErrInvalid)
	}
	return &rulesOut{Body: wireRules(s.App.RulesInForce(date))}, nil
}

func wireRules(in app.RulesInForce) Rules {
	w := Rules{Date: in.Date.String(), KnownUntil: in.KnownUntil.String(), Boards: make([]RulesBoard, len(in.Boards)),
		Events: make([]RulesEvent, len(in.Events)), Rules: make([]Rule, len(in.Rules)), Files: make([]RulesFile, len(in.Files))}
	for i, b := range in.Boards {
		w.Boards[i] = wireBoard(b)
	}
	for i, e := range in.Events {
		w.Events[i] = RulesEvent{Date: e.Date.String(), Kind: e.Kind, Name: e.Name, Extent: e.Extent, Places: e.Places, Source: e.In.Source, Override: app.OverrideOf(e.In)}
	}
	for i, r := range in.Rules {
		w.Rules[i] = Rule{Group: r.Group, Place: r.Place, Name: r.Name, Value: r.Value, Unit: r.Unit, From: r.From.String(), To: r.To.String(),
			Source: r.Source, Table: r.Table, Override: r.Override}
	}
	for i, f := range in.Files {
		w.Files[i] = RulesFile{Name: f.Name, Status: f.Status, Fault: f.Fault, IsOlderInForce: f.IsOlderInForce, ChangedAt: wireMoment(f.ChangedAt)}
	}
	return w
}

func wireBoard(b app.BoardRules) RulesBoard {
	w := RulesBoard{Name: b.Name, Reason: b.Reason, Phases: make([]RulesPhase, len(b.Parts))}
	for i, p := range b.Parts {
		w.Phases[i] = RulesPhase{Phase: p.Phase.String(), SubPhase: p.SubPhase.String(), Start: p.Start.String(), End: p.End.String(), RandomFrom: p.RandomFrom.String(),
			From: p.In.From.String(), To: p.In.To.String(), Source: p.In.Source, Override: app.OverrideOf(p.In)}
	}
	return w
}
