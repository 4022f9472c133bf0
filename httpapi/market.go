package httpapi

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"paperport/app"
	"paperport/auth"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
)

// Venue is everything a screen shows about a venue itself.
type Venue struct {
	ID                string  `json:"id"`
	Kind              string  `json:"kind" enum:"demo,replay,live"`
	Name              string  `json:"name"`
	IsAvailable       bool    `json:"is_available"`
	UnavailableReason string  `json:"unavailable_reason"`
	Phase             string  `json:"phase"`
	StatusText        string  `json:"status_text"`
	Reason            string  `json:"reason"`
	Until             string  `json:"until"`
	NextOpen          string  `json:"next_open"`
	TradingDate       string  `json:"trading_date"`
	Now               string  `json:"now"`
	Feed              Feed    `json:"feed"`
	Clock             *Clock  `json:"clock"`
	BookNote          string  `json:"book_note"`
	Budget            *Budget `json:"budget"`
	BrokerName        string  `json:"broker_name" doc:"Whose prices a live venue shows"`
	NeedsBroker       bool    `json:"needs_broker" doc:"A live venue without a session: no prices until the broker is connected"`
	IsHalted          bool    `json:"is_halted" doc:"A fault stopped it: it trades again when the owner releases it"`
}

// Feed is the lamp.
type Feed struct {
	Lamp   string `json:"lamp" enum:"green,amber,red,closed"`
	AgeMs  int64  `json:"age_ms" doc:"Age of the newest exchange time, -1 when none"`
	Source string `json:"source" enum:"stream,polling,none,tape"`
	Detail string `json:"detail"`
}

// Clock is a replay's clock.
type Clock struct {
	Speed    int    `json:"speed"`
	IsPaused bool   `json:"is_paused"`
	From     string `json:"from"`
	To       string `json:"to"`
}

// TransformSchema says that a venue without a clock of its own has null.
func (Clock) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema { return orNull(s) }

func orNull(s *huma.Schema) *huma.Schema {
	s.Nullable = true
	return s
}

// Budget counts the requests made to the broker.
type Budget struct {
	MinuteUsed int `json:"minute_used"`
	MinuteMax  int `json:"minute_max"`
	DayUsed    int `json:"day_used"`
	DayMax     int `json:"day_max"`
}

// TransformSchema says that a venue whose requests are not counted has null.
func (Budget) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema { return orNull(s) }

// wireVenue shows an owner what halted the venue, too.
func wireVenue(v app.VenueState, to auth.Role) Venue {
	w := Venue{ID: string(v.ID), Kind: v.Kind, Name: v.Name, IsAvailable: v.IsAvailable, UnavailableReason: v.UnavailableReason,
		Phase: v.Phase.String(), StatusText: v.StatusText, Reason: v.Reason, Until: v.Until.String(), NextOpen: v.NextOpen.String(),
		TradingDate: v.TradingDate.String(), Now: v.Now.String(), BookNote: v.BookNote,
		BrokerName: v.BrokerName, NeedsBroker: v.NeedsBroker, IsHalted: v.Fault != "",
		Feed: Feed{Lamp: v.Feed.Lamp, AgeMs: v.Feed.AgeMs, Source: v.Feed.Source, Detail: v.Feed.Detail}}
	if v.Fault != "" && to.CanManage() {
		w.Feed.Detail = v.Fault
	}
	if c := v.Clock; c != nil {
		w.Clock = &Clock{Speed: c.Speed, IsPaused: c.IsPaused, From: c.From.String(), To: c.To.String()}
	}
	if b := v.Budget; b != nil {
		w.Budget = &Budget{MinuteUsed: b.MinuteUsed, MinuteMax: b.MinuteMax, DayUsed: b.DayUsed, DayMax: b.DayMax}
	}
	return w
}

// VenueList is the venues a user can see.
type VenueList struct {
	Venues []Venue `json:"venues"`
}

type venueListOut struct{ Body VenueList }

// ClockChange sets a replay's clock.
type ClockChange struct {
	Speed    int    `json:"speed" minimum:"1" maximum:"60"`
	IsPaused bool   `json:"is_paused"`
	At       string `json:"at,omitempty" maxLength:"40"`
}

type clockIn struct {
	ID   string `path:"id" maxLength:"40"`
	Body ClockChange
}

type releaseIn struct {
	ID   string   `path:"id" maxLength:"40"`
	Body *Nothing `required:"false"`
}

type venueOut struct{ Body Venue }

// Instrument is a contract as of the venue's trading date.
type Instrument struct {
	ID          uint32   `json:"id"`
	Label       string   `json:"label"`
	Symbol      string   `json:"symbol"`
	Name        string   `json:"name"`
	Exchange    string   `json:"exchange"`
	Kind        string   `json:"kind" enum:"equity,index,future,option"`
	Underlying  string   `json:"underlying"`
	Expiry      *string  `json:"expiry" nullable:"true"`
	Strike      *string  `json:"strike" nullable:"true"`
	Right       string   `json:"right"`
	LotSize     int64    `json:"lot_size"`
	TickSize    string   `json:"tick_size"`
	FreezeQty   int64    `json:"freeze_qty"`
	ISIN        string   `json:"isin"`
	Products    []string `json:"products"`
	IsOrderable bool     `json:"is_orderable"`
}

func (s *Server) wireInstrument(venue app.VenueID, i *instrument.Instrument) Instrument {
	w := Instrument{ID: uint32(i.ID), Label: label(i, calendar.FromTime(s.Clock.Now()).Date()), Symbol: i.Symbol, Name: i.Name, Exchange: i.ExchangeCode(),
		Kind: i.Kind.String(), Underlying: i.Underlying, Right: i.Right.String(), LotSize: int64(i.Terms.LotSize),
		TickSize: i.Terms.TickSize.String(), FreezeQty: int64(i.Terms.FreezeQty), ISIN: i.ISIN, Products: []string{},
		IsOrderable: s.App.IsTradable(venue, i)}
	if i.Expiry != 0 {
		expiry := i.Expiry.String()
		w.Expiry = &expiry
	}
	if i.Strike != 0 {
		price := i.Strike.String()
		w.Strike = &price
	}
	for _, p := range s.App.Products(i) {
		w.Products = append(w.Products, productText(p))
	}
	return w
}

type searchIn struct {
	Venue string `query:"venue" required:"true" maxLength:"40"`
	Q     string `query:"q" maxLength:"64"`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"20"`
}

// InstrumentList is search hits, best first.
type InstrumentList struct {
	Instruments []Instrument `json:"instruments"`
}

type instrumentListOut struct{ Body InstrumentList }

type instrumentIn struct {
	ID    uint32 `path:"id" minimum:"1" maximum:"4294967295"`
	Venue string `query:"venue" required:"true" maxLength:"40"`
}

type instrumentOut struct{ Body Instrument }

// Quote is the newest state of an instrument. Prices are "" when unknown.
type Quote struct {
	ID           uint32 `json:"id"`
	At           string `json:"at"`
	ReceivedAt   string `json:"received_at"`
	Bid          string `json:"bid"`
	BidQty       int64  `json:"bid_qty"`
	Ask          string `json:"ask"`
	AskQty       int64  `json:"ask_qty"`
	Last         string `json:"last"`
	LastQty      int64  `json:"last_qty"`
	Open         string `json:"open"`
	High         string `json:"high"`
	Low          string `json:"low"`
	PrevClose    string `json:"prev_close"`
	Avg          string `json:"avg"`
	Volume       int64  `json:"volume"`
	OI           int64  `json:"oi"`
	OIChange     int64  `json:"oi_change"`
	LowerCircuit string `json:"lower_circuit"`
	UpperCircuit string `json:"upper_circuit"`
	TotalBid     int64  `json:"total_bid"`
	TotalAsk     int64  `json:"total_ask"`
	IsFromBars   bool   `json:"is_from_bars"`
	IsStale      bool   `json:"is_stale"`
}

func wireQuote(q app.Quote) Quote {
	return Quote{ID: uint32(q.Instrument), At: q.At.String(), ReceivedAt: q.ReceivedAt.String(), Bid: known(q.Bid), BidQty: int64(q.BidQty),
		Ask: known(q.Ask), AskQty: int64(q.AskQty), Last: known(q.Last), LastQty: int64(q.LastQty), Open: known(q.Open), High: known(q.High),
		Low: known(q.Low), PrevClose: known(q.PrevClose), Avg: known(q.AvgPrice), Volume: int64(q.Volume), OI: int64(q.OI),
		OIChange: int64(q.OIChange), LowerCircuit: known(q.LowerCircuit), UpperCircuit: known(q.UpperCircuit),
		TotalBid: int64(q.TotalBid), TotalAsk: int64(q.TotalAsk), IsFromBars: q.IsFromBars, IsStale: q.IsStale}
}

type quotesIn struct {
	Venue string `query:"venue" required:"true" maxLength:"40"`
	IDs   string `query:"ids" required:"true" maxLength:"2400" doc:"Instrument ids, separated by commas, at most 200"`
}

// QuoteList is quotes in the order asked.
type QuoteList struct {
	Quotes []Quote `json:"quotes"`
}

type quoteListOut struct{ Body QuoteList }

// Level is one rung of the ladder.
type Level struct {
	Price  string `json:"price"`
	Qty    int64  `json:"qty"`
	Orders int32  `json:"orders"`
}

// Depth is the ladder, best price first.
type Depth struct {
	ID         uint32  `json:"id"`
	At         string  `json:"at"`
	ReceivedAt string  `json:"received_at"`
	Bids       []Level `json:"bids"`
	Asks       []Level `json:"asks"`
	IsFromBars bool    `json:"is_from_bars"`
}

func wireDepth(d market.Depth) Depth {
	return Depth{ID: uint32(d.Instrument), At: d.At.String(), ReceivedAt: d.ReceivedAt.String(), Bids: wireLevels(d.Bids[:d.BidLevels]),
		Asks: wireLevels(d.Asks[:d.AskLevels]), IsFromBars: d.IsFromBars}
}

func wireLevels(levels []market.Level) []Level {
	list := make([]Level, len(levels))
	for i, l := range levels {
		list[i] = Level{Price: l.Price.String(), Qty: int64(l.Qty), Orders: l.Orders}
	}
	return list
}

type depthIn struct {
	Venue string `query:"venue" required:"true" maxLength:"40"`
	ID    uint32 `query:"id" required:"true" minimum:"1" maximum:"4294967295"`
}

type depthOut struct{ Body Depth }

// Candle is one bar.
type Candle struct {
	Start  string `json:"start"`
	Open   string `json:"open"`
	High   string `json:"high"`
	Low    string `json:"low"`
	Close  string `json:"close"`
	Volume int64  `json:"volume"`
	OI     int64  `json:"oi"`
}

type candlesIn struct {
	Venue    string `query:"venue" required:"true" maxLength:"40"`
	ID       uint32 `query:"id" required:"true" minimum:"1" maximum:"4294967295"`
	Interval string `query:"interval" required:"true" enum:"1m,5m,30m,1d"`
	From     string `query:"from" required:"true" maxLength:"40"`
	To       string `query:"to" required:"true" maxLength:"40"`
}

// CandleList is bars, oldest first.
type CandleList struct {
	Candles []Candle `json:"candles"`
}

type candleListOut struct{ Body CandleList }

func (s *Server) registerMarket() {
	route(s, operation{id: "venues", method: "GET", path: "/api/venues", access: SignedIn, summary: "Markets to trade in"}, s.venues)
	route(s, operation{id: "set-clock", method: "PUT", path: "/api/venues/{id}/clock", access: Trader, summary: "Set the clock of a replay"}, s.setClock)
	route(s, operation{id: "release-venue", method: "POST", path: "/api/venues/{id}/release", access: Owner, summary: "Let a halted venue trade again"}, s.releaseVenue)
	route(s, operation{id: "search", method: "GET", path: "/api/instruments", access: SignedIn, summary: "Find instruments"}, s.search)
	route(s, operation{id: "instrument", method: "GET", path: "/api/instruments/{id}", access: SignedIn, summary: "One instrument"}, s.instrument)
	route(s, operation{id: "quotes", method: "GET", path: "/api/quotes", access: SignedIn, summary: "Newest quotes"}, s.quotes)
	route(s, operation{id: "depth", method: "GET", path: "/api/depth", access: SignedIn, summary: "Newest ladder"}, s.depth)
	route(s, operation{id: "candles", method: "GET", path: "/api/candles", access: SignedIn, summary: "Bars"}, s.candles)
}

func (s *Server) venues(ctx context.Context, _ *emptyIn) (*venueListOut, error) {
	found, err := s.App.Venues(ctx, actorOf(ctx).User.ID)
	if err != nil {
		return nil, err
	}
	list := make([]Venue, len(found))
	for i, v := range found {
		list[i] = wireVenue(v, actorOf(ctx).User.Role)
	}
	return &venueListOut{Body: VenueList{Venues: list}}, nil
}

func (s *Server) setClock(ctx context.Context, in *clockIn) (*venueOut, error) {
	at, err := parseInstant("at", in.Body.At)
	if err != nil {
		return nil, err
	}
	state, err := s.App.SetClock(ctx, actorOf(ctx).User.ID, app.VenueID(in.ID),
		app.ClockChange{Speed: in.Body.Speed, IsPaused: in.Body.IsPaused, At: at})
	if err != nil {
		return nil, err
	}
	return &venueOut{Body: wireVenue(state, actorOf(ctx).User.Role)}, nil
}

func (s *Server) releaseVenue(ctx context.Context, in *releaseIn) (*venueOut, error) {
	user := actorOf(ctx).User
	state, err := s.App.ReleaseVenue(ctx, user.ID, app.VenueID(in.ID))
	if err != nil {
		return nil, err
	}
	return &venueOut{Body: wireVenue(state, user.Role)}, nil
}

func (s *Server) search(ctx context.Context, in *searchIn) (*instrumentListOut, error) {
	found, err := s.App.SearchInstruments(ctx, actorOf(ctx).User.ID, app.VenueID(in.Venue), in.Q, in.Limit)
	if err != nil {
		return nil, err
	}
	list := make([]Instrument, len(found))
	for i, hit := range found {
		list[i] = s.wireInstrument(app.VenueID(in.Venue), hit)
	}
	return &instrumentListOut{Body: InstrumentList{Instruments: list}}, nil
}

func (s *Server) instrument(ctx context.Context, in *instrumentIn) (*instrumentOut, error) {
	found, err := s.App.Instrument(ctx, actorOf(ctx).User.ID, app.VenueID(in.Venue), instrument.ID(in.ID))
	if err != nil {
		return nil, err
	}
	return &instrumentOut{Body: s.wireInstrument(app.VenueID(in.Venue), found)}, nil
}

// quotesMax bounds one request for quotes.
const quotesMax = 200

func (s *Server) quotes(ctx context.Context, in *quotesIn) (*quoteListOut, error) {
	var ids []instrument.ID
	for text := range strings.SplitSeq(in.IDs, ",") {
		id, err := strconv.ParseUint(text, 10, 32)
		if err != nil || id == 0 {
			return nil, badField("ids", "ids: write instrument ids separated by commas.")
		}
		ids = append(ids, instrument.ID(id))
	}
	if len(ids) > quotesMax {
		return nil, badField("ids", fmt.Sprintf("ids: at most %d at a time.", quotesMax))
	}
	found, err := s.App.Quotes(ctx, actorOf(ctx).User.ID, app.VenueID(in.Venue), ids)
	if err != nil {
		return nil, err
	}
	return &quoteListOut{Body: QuoteList{Quotes: wireQuotes(found)}}, nil
}

func wireQuotes(found []app.Quote) []Quote {
	list := make([]Quote, len(found))
	for i, q := range found {
		list[i] = wireQuote(q)
	}
	return list
}

func (s *Server) depth(ctx context.Context, in *depthIn) (*depthOut, error) {
	found, err := s.App.Depth(ctx, actorOf(ctx).User.ID, app.VenueID(in.Venue), instrument.ID(in.ID))
	if err != nil {
		return nil, err
	}
	return &depthOut{Body: wireDepth(found)}, nil
}

var intervals = map[string]market.Interval{"1m": market.Minute, "5m": market.FiveMinutes, "30m": market.ThirtyMinutes, "1d": market.Day}

func (s *Server) candles(ctx context.Context, in *candlesIn) (*candleListOut, error) {
	from, err := parseInstant("from", in.From)
	if err != nil {
		return nil, err
	}
	to, err := parseInstant("to", in.To)
	if err != nil {
		return nil, err
	}
	if from >= to {
		return nil, badField("to", "to: must be later than from.")
	}
	found, err := s.App.Candles(ctx, actorOf(ctx).User.ID, app.CandleAsk{Venue: app.VenueID(in.Venue), Instrument: instrument.ID(in.ID),
		Interval: intervals[in.Interval], From: from, To: to})
	if err != nil {
		return nil, err
	}
	list := make([]Candle, len(found))
	for i, c := range found {
		list[i] = Candle{Start: c.Start.String(), Open: c.Open.String(), High: c.High.String(), Low: c.Low.String(),
			Close: c.Close.String(), Volume: int64(c.Volume), OI: int64(c.OI)}
	}
	return &candleListOut{Body: CandleList{Candles: list}}, nil
}
