package breeze

import (
	"strings"

	"paperport/breezewire"
	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
)

// contract reads a row of a derivatives file.
func (l *lister) contract(r *breezewire.MasterRow) (in instrument.Instrument, reason SkipReason) {
	kind, isOnIndex, ok := contractKind(r)
	switch {
	case isDeadToken(r.Token):
		return in, SkipToken
	case strings.HasPrefix(r.InstrumentName, "UND"):
		return in, SkipSpot
	case !ok:
		return in, SkipKind
	case r.Expiry < l.in.On:
		return in, SkipExpired
	case r.LotSize <= 0:
		return in, SkipLot
	case r.TickSize <= 0:
		return in, SkipTick
	}
	lot, ok := lotInPriceUnits(r)
	if !ok {
		return in, SkipUnit
	}
	exchange, segment := r.Member.ExchangeCode().Board()
	under, ok := l.underlying(exchange, r, isOnIndex)
	if !ok {
		return in, SkipUnderlying
	}
	in = instrument.Instrument{
		Exchange: exchange, Segment: segment, Kind: kind, Right: r.Right, Name: r.CompanyName,
		Underlying: under.symbol, UnderlyingID: under.id, Expiry: r.Expiry, Strike: r.Strike,
		Terms: instrument.Terms{LotSize: lot, TickSize: r.TickSize, Multiplier: 1, UnderlyingIsIndex: isOnIndex},
	}
	if isOnIndex && segment == calendar.FNO {
		in.Terms.FreezeQty = l.freeze.FreezeQty(under.symbol, l.in.On)
	}
	if kind == instrument.Future {
		in.Strike = 0
	}
	cycle := instrument.Weekly
	if l.survey.lastOfMonth[monthKeyOf(r)] == r.Expiry {
		cycle = instrument.Monthly
	}
	in.Symbol = instrument.TradingSymbol(in.Underlying, in.Expiry, cycle, in.Strike, in.Right)
	return in, ""
}

// contractKind reads InstrumentName: FUT or OPT, then IDX or IND, STK or CUR.
func contractKind(r *breezewire.MasterRow) (kind instrument.Kind, isOnIndex, ok bool) {
	switch name := r.InstrumentName; name {
	case "FUTIDX", "FUTIND", "FUTSTK", "FUTCUR":
		kind, ok = instrument.Future, r.Right == instrument.NoRight
	case "OPTIDX", "OPTIND", "OPTSTK", "OPTCUR":
		kind, ok = instrument.Option, r.Right != instrument.NoRight && r.Strike > 0
	}
	isOnIndex = strings.HasSuffix(r.InstrumentName, "IDX") || strings.HasSuffix(r.InstrumentName, "IND")
	return kind, isOnIndex, ok
}

// underlying finds the share or index of a contract by its ISEC code, for the ExchangeCode of an index is only a label.
// Commodities and currencies have no row of their own, and their ExchangeCode is the exchange's symbol.
func (l *lister) underlying(exchange calendar.Exchange, r *breezewire.MasterRow, isOnIndex bool) (underlying, bool) {
	if r.Member == breezewire.MasterMCX || r.Member == breezewire.MasterNDX {
		return underlying{symbol: r.Symbol}, r.Symbol != ""
	}
	if u, ok := l.under[underKey{exchange, r.StockCode}]; ok {
		return u, true
	}
	if isOnIndex {
		known, ok := l.indices[r.StockCode]
		return underlying{symbol: known.symbol}, ok
	}
	return underlying{symbol: r.Symbol}, r.Symbol != ""
}

// lotInPriceUnits turns the lot into units of the quotation, so that price x quantity is money: a lot of GOLD, 1 KGS at
// RS/10GRMS, is 100 units. Lots of all other members are units already.
func lotInPriceUnits(r *breezewire.MasterRow) (money.Qty, bool) {
	if r.Member != breezewire.MasterMCX {
		return r.LotSize, true
	}
	switch r.QuantityUnit + " " + r.PriceUnit {
	case "GRMS RS/1GRMS", "KGS RS/1KGS", "MT RS/1MT", "BBL RS/1BBL", "mmBtu RS/1mmBtu", "BALES RS/1BALES", "MWH RS/1MWH", "UNIT RS/1UNIT":
		return r.LotSize, true
	case "KGS RS/10GRMS":
		return r.LotSize * 100, true
	case "MT RS/1KGS":
		return r.LotSize * 1000, true
	case "GRMS RS/10GRMS":
		return r.LotSize / 10, r.LotSize%10 == 0
	case "GRMS RS/8GRMS":
		return r.LotSize / 8, r.LotSize%8 == 0
	default:
		return 0, false
	}
}
