package app

import (
	"fmt"
	"strings"

	"paperport/calendar"
)

// eventsShown is how many holidays and special sessions ahead are listed.
const eventsShown = 10

// RulesInForce is what we trade by on a date, each row with its source.
type RulesInForce struct {
	Date calendar.Date
	// KnownUntil is the last day whose holidays are known.
	KnownUntil calendar.Date
	Boards     []BoardRules
	// Events are the holidays, special sessions and settlement holidays from Date on, by date.
	Events []calendar.Event
	Rules  []Rule
	// Files are those of the folder of overrides.
	Files []RuleFile
}

// BoardRules is the day of a board.
type BoardRules struct {
	Name string
	calendar.Day
}

// Rule is one value in force.
type Rule struct {
	// Group is the heading it belongs under, Place the exchange, board or plan, Name what it is.
	Group, Place, Name string
	Value, Unit        string
	// From and To are inclusive; zero is open, or not said by the table.
	From, To calendar.Date
	// Source is the circular or page, Table the file and line of ours, Override those of the file that overrides it.
	Source, Table, Override string
}

// RulesInForce lists the rules of a date; zero is today.
func (a *App) RulesInForce(d calendar.Date) RulesInForce {
	if d == 0 {
		d = calendar.FromTime(a.opt.Clock.Now()).Date()
	}
	return a.opt.Rulebook.InForce(d)
}

// InForce lists the rules of a date.
func (r *Rulebook) InForce(d calendar.Date) RulesInForce {
	c := r.calendar.Fixed() // one set of tables for the whole list
	out := RulesInForce{Date: d, KnownUntil: c.KnownUntil(), Events: c.Events(d, eventsShown), Files: r.Files()}
	for _, b := range calendar.Boards() {
		day := c.Day(b, d)
		out.Boards = append(out.Boards, BoardRules{Name: b.String(), Day: day})
		out.add(momentRule("square-off", b, "intraday positions are closed", day.SquareOff))
		out.add(momentRule("expiry", b, "contracts stop trading on their last day", day.Expiry))
		out.add(momentRule("closing price", b, "average of", day.Closing))
	}
	for e := calendar.NSE; e <= calendar.MCX; e++ {
		if day, in, ok := c.WeekdayRule(e, d); ok {
			out.add(ruleIn(Rule{Group: "expiry", Place: e.String(), Name: "weekday of expiries", Value: day.String()}, in))
		}
	}
	out.Rules = append(out.Rules, tableRules(d)...)
	return out
}

func (r *RulesInForce) add(x Rule) {
	if x.Value != "" {
		r.Rules = append(r.Rules, x)
	}
}

func momentRule(group string, b calendar.Board, name string, m calendar.Moment) Rule {
	if m.At == 0 {
		return Rule{}
	}
	value := m.At.IST().Format("15:04")
	if m.Start != 0 {
		value = m.Start.IST().Format("15:04") + " to " + value
	}
	return ruleIn(Rule{Group: group, Place: b.String(), Name: name, Value: value, Unit: "IST"}, m.In)
}

func ruleIn(x Rule, in calendar.In) Rule {
	x.From, x.To, x.Source = in.From, in.To, in.Source
	place := ""
	if in.File != "" {
		place = fmt.Sprintf("%s line %d", in.File, in.Line)
	}
	if in.IsOverride {
		x.Override = place
	} else {
		x.Table = place
	}
	return x
}

// OverrideOf says which file of the folder says so, "" when it is our table.
func OverrideOf(in calendar.In) string { return ruleIn(Rule{}, in).Override }

// tidy makes words of a table's columns.
func tidy(parts ...string) string {
	var words []string
	for _, p := range parts {
		if p != "" && p != "*" {
			words = append(words, strings.ReplaceAll(p, "_", " "))
		}
	}
	return strings.Join(words, ", ")
}
