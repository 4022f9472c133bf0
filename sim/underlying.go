package sim

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"paperport/calendar"
	"paperport/money"
)

//go:embed underlyings.csv
var underlyingsCSV string

// Underlying is one row of the embedded table: an index or a share of the demo market, with the terms of its derivatives.
type Underlying struct {
	// Row is its place in the table, from 0; tokens of derivatives are made from it.
	Row int
	// IsIndex tells an index from a share; Exchange is where it is listed first.
	IsIndex  bool
	Exchange calendar.Exchange
	// Symbol is the exchange's, StockCode ICICI's; Token and BSEToken are ICICI's cash tokens, BSEToken "" when not listed there.
	Symbol, StockCode, Token, BSEToken string
	// ISIN and Series are empty for indices; Name is the long name.
	ISIN, Series, Name string
	// CashLabel and DerivativeLabel are what the master's ExchangeCode column says.
	CashLabel, DerivativeLabel string
	// Lot, StrikeStep, Strikes (on each side of the price) and Freeze are terms of derivatives, 0 when there are none.
	Lot        money.Qty
	StrikeStep money.Price
	Strikes    int
	Freeze     money.Qty
	// BandPercent is the circuit; Volume the usual units traded a day (shares).
	BandPercent int64
	Volume      money.Qty

	base       float64 // rupees
	baseAt     int64   // the second at which the price is base
	vol        float64 // of one day, as a fraction
	marketPart float64 // log price per unit of the market factor
	ownPart    float64 // log price per unit of its own factor
	ownSeed    uint64
	marketSeed uint64
	level      float64 // log price where both factors are zero
	octaves    int     // slow octaves in use: fewer return to the base sooner
}

// HasDerivatives reports whether futures and options exist on it.
func (u *Underlying) HasDerivatives() bool { return u.Lot > 0 }

// IsFund reports whether it is an exchange traded fund.
func (u *Underlying) IsFund() bool { return strings.HasPrefix(u.ISIN, "INF") }

// vixOctaves keeps the volatility index near its base: its slowest octave is 11 days.
const vixOctaves = 8

// marketVol is the daily volatility of the market factor: NIFTY's.
const marketVol = 0.008

// underlyings parses the embedded table; a broken table is our own mistake and panics.
func underlyings() []Underlying {
	r := csv.NewReader(strings.NewReader(underlyingsCSV))
	r.Comment = '#'
	head, err := r.Read()
	if err != nil {
		panic("sim: underlyings.csv: " + err.Error())
	}
	var rows []Underlying
	for {
		fields, err := r.Read()
		if err == io.EOF {
			return rows
		}
		if err != nil {
			panic("sim: underlyings.csv: " + err.Error())
		}
		row := map[string]string{}
		for i, name := range head {
			row[name] = fields[i]
		}
		rows = append(rows, parseUnderlying(len(rows), row))
	}
}

func parseUnderlying(i int, row map[string]string) Underlying {
	cash, derivative, _ := strings.Cut(row["label"], "|")
	u := Underlying{
		Row: i, IsIndex: row["kind"] == "index", Exchange: calendar.NSE,
		Symbol: row["symbol"], StockCode: row["stock_code"], Token: row["token"], BSEToken: row["bse_token"],
		ISIN: row["isin"], Series: row["series"], Name: row["name"], CashLabel: cash, DerivativeLabel: derivative,
		Lot: money.Qty(number(row["lot"])), StrikeStep: money.Price(number(row["strike_step"]) * money.PriceScale),
		Strikes: int(number(row["strikes"])), Freeze: money.Qty(number(row["freeze"])),
		BandPercent: int64(number(row["band_pct"])), Volume: money.Qty(number(row["volume"])),
		base: number(row["base"]), vol: number(row["vol_bp"]) / 10_000,
	}
	if row["exchange"] == "BSE" {
		u.Exchange = calendar.BSE
	}
	if !u.IsIndex {
		u.CashLabel, u.DerivativeLabel = u.Symbol, u.Symbol
	}
	on, err := calendar.ParseDate(row["base_on"])
	if err != nil {
		panic("sim: underlyings.csv: " + err.Error())
	}
	u.baseAt = on.At(15*time.Hour+30*time.Minute).Time().Unix() - 1
	u.marketPart = marketVol * number(row["beta"])
	u.ownPart = math.Sqrt(max(u.vol*u.vol-u.marketPart*u.marketPart, 0.0008*0.0008))
	u.octaves = len(slowPeriods)
	switch u.Symbol {
	case "NIFTY":
		u.ownPart = 0
	case "INDIAVIX":
		u.octaves = vixOctaves
	}
	return u
}

// number parses a figure of the table; empty is 0.
func number(s string) float64 {
	if s == "" {
		return 0
	}
	v, err := strconv.ParseFloat(s, 64)
	if err != nil {
		panic(fmt.Sprintf("sim: underlyings.csv: %q is no number", s))
	}
	return v
}

// anchor fixes the level so that the price is base at baseAt in the market of seed.
func (u *Underlying) anchor(seed uint64) {
	u.marketSeed = mix(seed, 1)
	u.ownSeed = mix(seed, 1000+uint64(u.Row))
	u.level = 0
	at := newMinute(u, minuteOf(u.baseAt))
	u.level = math.Log(u.base) - at.at(u.baseAt)
}
