package calendar

import "time"

// In says for which dates a rule counts and where it stands.
type In struct {
	// From and To are inclusive; zero is open.
	From, To Date
	Origin
}

// Part is a phase of a day, or a sub-phase of one.
type Part struct {
	Phase      Phase
	SubPhase   SubPhase
	Start, End Instant
	// RandomFrom is from when on it may end at any moment, zero when it does not end by chance.
	RandomFrom Instant
	In         In
}

// Moment is an instant that a rule fixes on a day. Start is where a span of time begins, else zero.
type Moment struct {
	Start, At Instant
	In        In
}

// Day is what the rules say of a board on a date.
type Day struct {
	// Reason is why it is closed, or what is unusual; "" on an ordinary day.
	Reason string
	// Parts are the phases in order, each followed by its sub-phases. None: the board is closed.
	Parts []Part
	// SquareOff, Expiry and Closing are zero on closed days and where no rule is known. Closing is the time whose average
	// price makes the close.
	SquareOff, Expiry, Closing Moment
}

// Day returns what the rules say of a board on a date.
func (c *Calendar) Day(b Board, d Date) Day { return c.tables.Load().report(b.normal(), d) }

func (c *timetable) report(b Board, d Date) (out Day) {
	plan := c.day(b, d)
	out.Reason = plan.reason
	special, isSpecial := c.specialOn(b, d)
	if isSpecial && out.Reason == "" {
		out.Reason = special.name
	}
	for i := range plan.n {
		p := &plan.phases[i]
		in := In{p.from, p.to, *p.origin}
		if isSpecial && !special.isNormal {
			in.From, in.To = d, d
		}
		out.Parts = append(out.Parts, Part{Phase: p.phase, Start: d.At(p.start), End: d.At(p.end), In: in})
		for _, s := range c.subPhasesOf(p, d) {
			part := Part{Phase: p.phase, SubPhase: s.name, Start: d.At(p.start + s.start), End: d.At(min(p.start+s.end, p.end)), In: In{s.from, s.to, *s.origin}}
			if s.random != 0 {
				part.RandomFrom = d.At(p.start + s.random)
			}
			if part.Start < part.End {
				out.Parts = append(out.Parts, part)
			}
		}
	}
	if !plan.isTrading() {
		return out
	}
	if row, ok := c.squareOffOn(b, d); ok {
		out.SquareOff = Moment{At: c.squareOff(b, d), In: In{row.from, row.to, *row.origin}}
	}
	if row, ok := c.expiryTimeOn(b, d); ok {
		out.Expiry = Moment{At: c.expiryAt(b, d), In: In{row.from, row.to, *row.origin}}
	}
	if from, to, row := c.closingWindow(b, d); to != 0 {
		out.Closing = Moment{Start: from, At: to, In: In{row.from, row.to, *row.origin}}
	}
	return out
}

// Kinds of events.
const (
	HolidayEvent     = "holiday"
	SpecialEvent     = "special session"
	UnsettledEvent   = "settlement holiday"
	eventsSearchDays = 400
)

// Event is a date on which the exchanges do not follow the week.
type Event struct {
	Date Date
	// Kind is HolidayEvent, SpecialEvent or UnsettledEvent.
	Kind, Name string
	// Extent says how much of the day: "day", "morning", "evening" of a holiday, "no" where an override calls one off; of a
	// special session "normal hours" or its times, "times not announced" when there are none.
	Extent string
	// Places are the boards or exchanges it counts for, in order.
	Places []string
	In     In
}

// Events lists what is ahead from a date on, by date, up to n rows of the tables within 400 days.
func (c *Calendar) Events(from Date, n int) (all []Event) {
	t := c.tables.Load()
	for d := from; d < from+eventsSearchDays && len(all) < n; d++ {
		all = append(all, t.eventsOn(d)...)
	}
	return all[:min(n, len(all))]
}

func (c *timetable) eventsOn(d Date) (all []Event) {
	note := func(e Event, place string) {
		for i := range all {
			if all[i].In.Origin == e.In.Origin {
				all[i].Places = append(all[i].Places, place)
				return
			}
		}
		e.Date, e.In.From, e.In.To, e.Places = d, d, d, []string{place}
		all = append(all, e)
	}
	for _, b := range allBoards() {
		if b.Auction {
			continue
		}
		place := b.String()
		if h := c.holidayOn(b, d); h.origin != nil {
			note(Event{Kind: HolidayEvent, Name: h.name, Extent: h.closed.String(), In: In{Origin: *h.origin}}, place)
		}
		if s, ok := c.specialOn(b, d); ok {
			note(Event{Kind: SpecialEvent, Name: s.name, Extent: s.extent(), In: In{Origin: *s.origin}}, place)
		}
	}
	for e := NSE; e <= MCX; e++ {
		for i := len(c.layers) - 1; i >= 0; i-- {
			if x, ok := c.layers[i].unsettled[exchangeDay{d, e}]; ok {
				note(Event{Kind: UnsettledEvent, Name: x.name, Extent: "day", In: In{Origin: *x.origin}}, e.String())
				break
			}
		}
	}
	return all
}

func (s *special) extent() string {
	if s.isNormal {
		return "normal hours"
	}
	for _, p := range s.phases {
		if p.phase == Open {
			return clockText(p.start) + " to " + clockText(p.end)
		}
	}
	return "times not announced"
}

// String returns the word of the tables.
func (c closure) String() string {
	switch c {
	case closedDay:
		return "day"
	case closedMorning:
		return "morning"
	case closedEvening:
		return "evening"
	case closedNot:
		return "no"
	default:
		return "?"
	}
}

// squareOffOn finds the row of a board and date.
func (c *timetable) squareOffOn(b Board, d Date) (squareOff, bool) {
	for i := len(c.layers) - 1; i >= 0; i-- {
		for _, s := range c.layers[i].squareOffs {
			if s.board == b && covers(s.from, s.to, d) {
				return s, true
			}
		}
	}
	return squareOff{}, false
}

// expiryTimeOn finds the row of a board and date.
func (c *timetable) expiryTimeOn(b Board, d Date) (expiryTime, bool) {
	for i := len(c.layers) - 1; i >= 0; i-- {
		for _, t := range c.layers[i].expiryTimes {
			if t.board == b && covers(t.from, t.to, d) {
				return t, true
			}
		}
	}
	return expiryTime{}, false
}

// WeekdayRule returns the weekday on which contracts of an exchange expire at a date, false when no rule is known.
func (c *Calendar) WeekdayRule(e Exchange, d Date) (time.Weekday, In, bool) {
	t := c.tables.Load()
	for i := len(t.layers) - 1; i >= 0; i-- {
		rules := t.layers[i].expiries
		for j := len(rules) - 1; j >= 0; j-- {
			if rules[j].exchange == e && d >= rules[j].from {
				return rules[j].weekday, In{From: rules[j].from, Origin: *rules[j].origin}, true
			}
		}
	}
	return 0, In{}, false
}
