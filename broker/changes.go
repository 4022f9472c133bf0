package broker

import (
	"strconv"

	"paperport/breeze"
	"paperport/calendar"
	"paperport/instrument"
)

// changesMax bounds each list of Changes; the counts are exact.
const changesMax = 1000

// Changes say in what a master differs from the one before. It is kept as JSON, for people.
type Changes struct {
	On     string `json:"on"`
	Before string `json:"before"`
	// New and Gone count instruments; what expired in between is neither.
	New  int `json:"new"`
	Gone int `json:"gone"`
	// NewShares and GoneShares name those of them that do not expire.
	NewShares  []string `json:"new_shares"`
	GoneShares []string `json:"gone_shares"`
	// Lots, Ticks and Names list what an instrument had and has; LotCount and so on are exact.
	Lots      []Change `json:"lots"`
	Ticks     []Change `json:"ticks"`
	Names     []Change `json:"names"`
	LotCount  int      `json:"lot_count"`
	TickCount int      `json:"tick_count"`
	NameCount int      `json:"name_count"`
}

// Change is one term of one instrument.
type Change struct {
	Key  string `json:"key"`
	From string `json:"from"`
	To   string `json:"to"`
}

// compare lists what two imports differ in, by the terms in force on their days.
func (m *Master) compare(before, after *breeze.Codes) *Changes {
	c := &Changes{On: after.On.String(), Before: before.On.String(), NewShares: []string{}, GoneShares: []string{}, Lots: []Change{},
		Ticks: []Change{}, Names: []Change{}}
	for now := range m.opt.View.All() {
		had, has := before.StockCode(now.ID) != "", after.StockCode(now.ID) != ""
		switch {
		case has && !had:
			c.New++
			c.NewShares = shareOf(c.NewShares, &now)
		case had && !has && (now.Expiry == 0 || now.Expiry >= after.On):
			c.Gone++
			c.GoneShares = shareOf(c.GoneShares, &now)
		case had && has:
			if old, ok := m.opt.View.AsOf(now.ID, before.On); ok && before.On != after.On {
				c.note(&old, &now)
			}
		}
	}
	return c
}

func shareOf(list []string, in *instrument.Instrument) []string {
	if in.Expiry != calendar.Date(0) || len(list) >= changesMax {
		return list
	}
	return append(list, in.Key()+" "+in.Symbol)
}

func (c *Changes) note(old, now *instrument.Instrument) {
	if old.Terms.LotSize != now.Terms.LotSize {
		c.LotCount++
		c.Lots = changed(c.Lots, now, strconv.FormatInt(int64(old.Terms.LotSize), 10), strconv.FormatInt(int64(now.Terms.LotSize), 10))
	}
	if old.Terms.TickSize != now.Terms.TickSize {
		c.TickCount++
		c.Ticks = changed(c.Ticks, now, old.Terms.TickSize.String(), now.Terms.TickSize.String())
	}
	if old.Symbol != now.Symbol || old.Name != now.Name {
		c.NameCount++
		c.Names = changed(c.Names, now, old.Symbol+" "+old.Name, now.Symbol+" "+now.Name)
	}
}

func changed(list []Change, in *instrument.Instrument, from, to string) []Change {
	if len(list) >= changesMax {
		return list
	}
	return append(list, Change{in.Key(), from, to})
}
