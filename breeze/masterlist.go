package breeze

import (
	"bytes"
	_ "embed" // the symbols of indices
	"encoding/csv"
	"slices"
	"strings"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// SkipReason says why a row of the master made no instrument.
type SkipReason string

// The reasons, in the order in which they are checked.
const (
	SkipToken      SkipReason = "no stream token"
	SkipSymbol     SkipReason = "no exchange symbol"
	SkipOffer      SkipReason = "offer for sale"
	SkipDebt       SkipReason = "bond, rights or other paper that is no share, unit or trust"
	SkipSME        SkipReason = "SME share: its lot is not in the file"
	SkipBand       SkipReason = "no price band: not trading"
	SkipSpot       SkipReason = "currency spot"
	SkipKind       SkipReason = "unknown kind of contract"
	SkipExpired    SkipReason = "expired"
	SkipLot        SkipReason = "no lot size"
	SkipTick       SkipReason = "no tick size"
	SkipUnit       SkipReason = "unknown unit of quotation"
	SkipUnderlying SkipReason = "underlying has no exchange symbol"
	SkipTwice      SkipReason = "listed twice"
)

// skipOrder is the order of the report.
var skipOrder = []SkipReason{SkipToken, SkipSymbol, SkipOffer, SkipDebt, SkipSME, SkipBand, SkipSpot, SkipKind, SkipExpired, SkipLot,
	SkipTick, SkipUnit, SkipUnderlying, SkipTwice}

//go:embed tables/index_symbols.csv
var indexSymbolsCSV []byte

// indexSymbol is the exchange's symbol of an index, which no column of the master holds: in cash rows and contracts the
// ExchangeCode of an index is a label, and labels differ between files (4.4).
type indexSymbol struct{ symbol, name string }

func readIndexSymbols() map[string]indexSymbol {
	rows, err := csv.NewReader(bytes.NewReader(indexSymbolsCSV)).ReadAll()
	if err != nil {
		panic("breeze: embedded index symbols: " + err.Error())
	}
	out := map[string]indexSymbol{}
	for _, r := range rows[1:] {
		out[r[0]] = indexSymbol{r[1], r[2]}
	}
	return out
}

// lister turns rows into instruments of the registry and codes of the day.
type lister struct {
	in      MasterImport
	survey  *survey
	report  *MasterReport
	codes   *Codes
	ladder  *instrument.Ladder
	freeze  *instrument.FreezeTable
	indices map[string]indexSymbol
	// under finds what contracts are written on, by exchange and ISEC code.
	under map[underKey]underlying
	// derived are the shares with contracts on NSE by ISIN, with their tick: on BSE the closing auction follows them, and
	// so does the tier, for the closes of the two exchanges are the same but for a few paise.
	derived map[string]money.Price
	skipped map[skipKey]int
	listed  []bool
	// symbols are the cash symbols given out: six of BSE's are those of two companies.
	symbols map[symbolKey]bool
}

type symbolKey struct {
	exchange calendar.Exchange
	symbol   string
}

type underKey struct {
	exchange calendar.Exchange
	stock    string
}

type underlying struct {
	id     instrument.ID
	symbol string
}

type skipKey struct {
	member breezewire.MasterMember
	reason SkipReason
}

func newLister(in MasterImport, s *survey, report *MasterReport) *lister {
	return &lister{
		in: in, survey: s, report: report, codes: newCodes(in.On, in.Registry),
		ladder: instrument.NewLadder(), freeze: instrument.NewFreezeTable(), indices: readIndexSymbols(),
		under: map[underKey]underlying{}, derived: map[string]money.Price{}, skipped: map[skipKey]int{},
		symbols: map[symbolKey]bool{},
	}
}

// list takes one row.
func (l *lister) list(r *breezewire.MasterRow) error {
	var in instrument.Instrument
	var reason SkipReason
	switch r.Member {
	case breezewire.MasterNSE, breezewire.MasterBSE:
		in, reason = l.cash(r)
	default:
		in, reason = l.contract(r)
	}
	if reason != "" {
		l.skipped[skipKey{r.Member, reason}]++
		return nil
	}
	id := l.in.Registry.Allocate(in, l.in.On)
	for int(id) > len(l.listed) {
		l.listed = append(l.listed, false)
	}
	if l.listed[id-1] {
		l.skipped[skipKey{r.Member, SkipTwice}]++
		return nil
	}
	l.listed[id-1] = true
	l.report.Instruments++
	l.codes.add(id, &in, r.StockCode, r.Token)
	if in.Kind == instrument.Equity || in.Kind == instrument.Index {
		l.under[underKey{in.Exchange, r.StockCode}] = underlying{id, in.Symbol}
	}
	return nil
}

func (l *lister) finish() {
	for _, member := range masterOrder {
		for _, reason := range skipOrder {
			if n := l.skipped[skipKey{member, reason}]; n > 0 {
				l.report.Skipped = append(l.report.Skipped, Skip{member.String(), reason, n})
			}
		}
	}
	l.report.SharedTokens = l.codes.shared
	l.codes.clip()
}

// cash reads a row of the NSE or BSE file: a share, a unit of a fund or trust, or an index.
func (l *lister) cash(r *breezewire.MasterRow) (in instrument.Instrument, reason SkipReason) {
	exchange, segment := r.Member.ExchangeCode().Board()
	if isDeadToken(r.Token) || strings.HasSuffix(r.Token, "OFS") {
		return in, SkipToken
	}
	in = instrument.Instrument{
		Exchange: exchange, Segment: segment, Kind: instrument.Equity, Symbol: r.Symbol, Name: r.CompanyName, ISIN: r.ISIN,
		Series: r.Series, Terms: instrument.Terms{LotSize: 1, Multiplier: 1},
	}
	if l.isIndex(r) {
		return l.index(in, r)
	}
	in.Underlying = in.Symbol
	switch {
	case in.Symbol == "":
		return in, SkipSymbol
	case strings.HasPrefix(r.ISIN, "INE000000") || strings.HasSuffix(r.CompanyName, " OFS"):
		return in, SkipOffer
	case !isShareISIN(r.ISIN) || (exchange == calendar.NSE && !slices.Contains(nseShareSeries, r.Series)):
		return in, SkipDebt
	case r.Series == "SM" || r.Series == "ST" || r.Series == "SZ":
		return in, SkipSME
	case r.UpperCircuit <= 0 || r.LowerCircuit <= 0 || r.UpperCircuit <= r.LowerCircuit:
		return in, SkipBand
	}
	if exchange == calendar.BSE {
		// The file's DR and C are not BSE's groups; without a series the key is the ISIN alone.
		in.Series = ""
	}
	in.Terms.IsETF = strings.HasPrefix(r.ISIN, "INF")
	in.Terms.IsIntradayBarred = slices.Contains(barredSeries, r.Series)
	in.Terms.HasDerivatives = (exchange == calendar.NSE && l.survey.derived[r.StockCode]) || (exchange == calendar.BSE && l.derived[r.ISIN] > 0)
	tick, ok := l.shareTick(&in, r)
	if !ok {
		return in, SkipTick
	}
	in.Terms.TickSize = tick
	if in.Terms.HasDerivatives {
		l.derived[r.ISIN] = tick
	}
	if key := (symbolKey{exchange, in.Symbol}); l.symbols[key] {
		in.Symbol += "." + r.Token // symbols are unique; the later company in the file shows its token
	} else {
		l.symbols[key] = true
	}
	return in, ""
}

// nseShareSeries are the series of the cash market whose papers are shares, units of funds and trusts; SME series are
// named so that they are skipped for their own reason. Source: the series found in the master of 2026-07-30 with their ISINs.
var nseShareSeries = []string{"EQ", "BE", "BZ", "E1", "IV", "RR", "ID", "SM", "ST", "SZ"}

// barredSeries settle trade for trade: no intraday (india-rules 2.6, 5.3).
var barredSeries = []string{"BE", "BZ"}

// isShareISIN reports whether an ISIN is of a share, a unit of a mutual fund (ETF) or of an investment trust. After
// INE and four characters of the issuer come two of the kind: 01 shares, 23 and 25 trusts; IN9 partly paid; INF funds.
// Source: the ISINs found in the master of 2026-07-30 with their names.
func isShareISIN(isin string) bool {
	if len(isin) != 12 {
		return false
	}
	switch kind := isin[7:9]; isin[:3] {
	case "INF":
		return true
	case "INE", "IN9":
		return kind == "01" || kind == "23" || kind == "25"
	default:
		return false
	}
}

// isDeadToken reports the tokens of rows that are not traded (4.3).
func isDeadToken(s string) bool {
	return strings.Trim(s, "0") == "" || s == "NA" || s == "nul" || (len(s) > 1 && s[0] == 'X' && s[1] >= '0' && s[1] <= '9')
}

// isIndex: NSE marks indices with series 0; BSE's have no ISIN and a scrip code of 9999.., or a filler ISIN.
func (l *lister) isIndex(r *breezewire.MasterRow) bool {
	if r.Member == breezewire.MasterNSE {
		return r.Series == "0"
	}
	_, known := l.indices[r.StockCode]
	return known && r.ISIN == "" || strings.HasPrefix(r.ISIN, "INE1000001")
}

func (l *lister) index(in instrument.Instrument, r *breezewire.MasterRow) (instrument.Instrument, SkipReason) {
	in.Kind, in.ISIN, in.Series = instrument.Index, "", ""
	if known, ok := l.indices[r.StockCode]; ok {
		in.Symbol, in.Name = known.symbol, known.name
	} else if in.Symbol == "" {
		return in, SkipSymbol
	}
	in.Underlying = in.Symbol
	in.Terms.TickSize = money.PricePerPaisa // an index is only watched; values have two decimals
	return in, ""
}

// shareTick returns the price step of a share, its tier being fixed for the month (india-rules 2.1). The file's own
// tick column is never used. What is known best comes first: the tick of the share's future in the same master; the tick
// the share already has this month; the ladder at the middle of today's price limits, which is yesterday's close.
func (l *lister) shareTick(in *instrument.Instrument, r *breezewire.MasterRow) (money.Price, bool) {
	if in.Terms.IsETF {
		return l.ladder.TickSize(instrument.ETFTick, 0, l.in.On)
	}
	if known, ok := l.survey.futureTicks[r.StockCode]; ok && in.Exchange == calendar.NSE {
		return known.tick, true
	}
	if tick := l.derived[r.ISIN]; tick > 0 && in.Exchange == calendar.BSE {
		return tick, true
	}
	if p := l.in.Previous; p != nil && monthOf(p.On) == monthOf(l.in.On) {
		if id, ok := l.in.Registry.Find(*in); ok {
			if before, ok := l.in.Registry.AsOf(id, l.in.On); ok {
				return before.Terms.TickSize, true
			}
		}
	}
	l.report.GuessedTicks++
	middle := (r.LowerCircuit + r.UpperCircuit) / 2
	return l.ladder.TickSize(instrument.ShareTick, middle, l.in.On)
}
