package app

import (
	"cmp"
	"context"
	"slices"
	"strconv"

	"paperport/auth"
	"paperport/calendar"
	"paperport/charges"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/money"
	"paperport/order"
)

// ContractNote is what an account traded on a date and what it cost, with the proof that it adds up with the ledger.
// It is no broker's: see PaperMark.
type ContractNote struct {
	Account     Account
	Plan        string // its name
	Date        calendar.Date
	Instruments []NoteInstrument // by label
	// Others are charges that no trade of the date made: STT on exercise, for one.
	Others []NoteOther
	// Charges is the sum of all lines; its DPCharge is beside the total, as on a note. Ledger is what the postings of the
	// date say. They differ only if our books are wrong.
	Charges, Ledger charges.Note
	Rounding        NoteRounding
	// TradeCash is what trades and settlements moved into the account (> 0) or out of it, before charges; Net is that less
	// all charges, and the change of cash but for what was paid in and out.
	TradeCash, Net money.Paise
	// GrossPnL is the profit booked on the date, NetPnL that less all charges.
	GrossPnL, NetPnL money.Paise
}

// PaperMark is on every form of a note.
const PaperMark = "PAPER TRADING - not a contract note of a broker"

// NoteInstrument is one contract of a note.
type NoteInstrument struct {
	Contract                         *instrument.Instrument
	Orders                           []NoteOrder // by id
	BuyQty, SellQty                  money.Qty
	BuyValue, SellValue, RealisedPnL money.Paise
	Charges                          charges.Note
}

// NoteOrder is one order of a note with its fills, oldest first.
type NoteOrder struct {
	ID          order.ID
	Side        order.Side
	Product     order.Product
	Qty         money.Qty
	AvgPrice    money.Price
	Value       money.Paise
	Charges     charges.Note
	RealisedPnL money.Paise
	Trades      []Trade
}

// NoteOther is a charge entry of the ledger without a trade of its own.
type NoteOther struct {
	Entry   int64
	Text    string
	Charges charges.Note
}

// NoteRounding is what rounding to the rupee added (> 0) or took: STT and CTT, and stamp duty, against what they are to
// the paisa; Day against one note that rounds each of the two once for the whole date, as a broker's does.
type NoteRounding struct{ Tax, Stamp, Day money.Paise }

// Difference is what the lines say beyond the ledger: 0.
func (n *ContractNote) Difference() money.Paise {
	return n.Charges.Total() + n.Charges.DPCharge - n.Ledger.Total() - n.Ledger.DPCharge
}

// ContractNote makes the note of a trading date; date 0 is the venue's current one. A date without trades has an empty
// one.
func (a *App) ContractNote(ctx context.Context, user auth.UserID, account order.AccountID, date calendar.Date) (ContractNote, error) {
	m, row, err := a.own(user, account)
	if err != nil {
		return ContractNote{}, err
	}
	if b, ok := m.Book(account); ok && date == 0 {
		date = b.TradingDate
	}
	trades, entries, err := a.dayOf(ctx, m, account, date)
	if err != nil {
		return ContractNote{}, outcome(err)
	}
	n := noteOf(trades, entries, date)
	n.Account, n.Date, n.Plan = accountOf(row, m.row.Kind), date, row.Plan
	for _, p := range a.plans {
		if p.ID == row.Plan {
			n.Plan = p.Name
		}
	}
	n.Rounding = a.rounding(&n)
	return n, nil
}

// dayOf reads trades and entries of one moment: a trade and its entries become durable together, so nothing came
// between when no trade did.
func (a *App) dayOf(ctx context.Context, m *trading, account order.AccountID, date calendar.Date) ([]Trade, []ledger.Entry, error) {
	before, err := a.store.TradesOn(ctx, account, date)
	for err == nil {
		entries, err := a.store.EntriesOn(ctx, account, date)
		if err != nil {
			return nil, nil, err
		}
		after, err := a.store.TradesOn(ctx, account, date)
		if err != nil {
			return nil, nil, err
		}
		if len(after) == len(before) {
			return m.trades(after), entries, nil
		}
		before = after
	}
	return nil, nil, err
}

// noteOf groups the trades (by id) and compares them with the entries of the date.
func noteOf(trades []Trade, entries []ledger.Entry, date calendar.Date) ContractNote {
	n := ContractNote{}
	due := map[string]charges.Note{} // what each trade's entries must say
	for _, t := range trades {
		n.add(t)
		c := t.Charges
		c.Turnover = 0
		due["trade:"+strconv.FormatInt(int64(t.Trade.ID), 10)] = c
	}
	slices.SortStableFunc(n.Instruments, func(x, y NoteInstrument) int {
		return cmp.Or(cmp.Compare(x.Contract.Label(date), y.Contract.Label(date)), cmp.Compare(x.Contract.ID, y.Contract.ID))
	})
	for i := range entries {
		n.compare(&entries[i], due)
	}
	n.NetPnL = n.GrossPnL - n.Charges.Total() - n.Charges.DPCharge
	return n
}

func (n *ContractNote) add(t Trade) {
	at := slices.IndexFunc(n.Instruments, func(x NoteInstrument) bool { return x.Contract.ID == t.Contract.ID })
	if at < 0 {
		at = len(n.Instruments)
		n.Instruments = append(n.Instruments, NoteInstrument{Contract: t.Contract})
	}
	x := &n.Instruments[at]
	place, isThere := slices.BinarySearchFunc(x.Orders, t.Trade.Order, func(o NoteOrder, id order.ID) int { return cmp.Compare(o.ID, id) })
	if !isThere {
		x.Orders = slices.Insert(x.Orders, place, NoteOrder{ID: t.Trade.Order, Side: t.Trade.Side, Product: t.Trade.Product})
	}
	x.Orders[place].add(t)
	x.Charges = x.Charges.Add(t.Charges)
	x.RealisedPnL += t.RealisedPnL
	value := t.Value()
	if t.Trade.Side == order.Buy {
		x.BuyQty, x.BuyValue = x.BuyQty+t.Trade.Qty, x.BuyValue+value
	} else {
		x.SellQty, x.SellValue = x.SellQty+t.Trade.Qty, x.SellValue+value
	}
	n.Charges = n.Charges.Add(t.Charges)
}

func (o *NoteOrder) add(t Trade) {
	o.Trades = append(o.Trades, t)
	o.Qty += t.Trade.Qty
	o.Value += t.Value()
	o.Charges = o.Charges.Add(t.Charges)
	o.RealisedPnL += t.RealisedPnL
	var value int64
	for _, t := range o.Trades {
		value += int64(t.Trade.Price) * int64(t.Trade.Qty)
	}
	if average, err := money.MulDiv(value, 1, int64(o.Qty), money.HalfUp); err == nil {
		o.AvgPrice = money.Price(average)
	}
}

// Value is what a trade was worth: price times quantity.
func (t Trade) Value() money.Paise {
	value, err := money.Turnover(t.Trade.Price, t.Trade.Qty, multiplier(t.Contract), money.HalfUp)
	if err != nil {
		return t.Charges.Turnover
	}
	return value
}

// compare takes one entry of the date: the trade it belongs to must be due exactly what it says.
func (n *ContractNote) compare(e *ledger.Entry, due map[string]charges.Note) {
	said, cash := postedCharges(e)
	n.Ledger = n.Ledger.Add(said)
	switch e.Kind {
	case "opening", "payin", "payout":
		return
	}
	n.Net += cash
	if said == (charges.Note{}) {
		n.TradeCash += cash
		n.GrossPnL -= posted(e, ledger.PnL)
		return
	}
	note, fee := due[e.Ref], charges.Note{DPCharge: due[e.Ref].DPCharge}
	note.DPCharge = 0
	switch said {
	case note:
		due[e.Ref] = fee
	case fee:
		due[e.Ref] = note
	default:
		n.Others = append(n.Others, NoteOther{Entry: e.Number, Text: e.Text, Charges: said})
		n.Charges = n.Charges.Add(said)
	}
}

// postedCharges are the charge lines of an entry and what it did to the cash.
func postedCharges(e *ledger.Entry) (n charges.Note, cash money.Paise) {
	n = charges.Note{Brokerage: posted(e, ledger.Brokerage), STT: posted(e, ledger.STT), CTT: posted(e, ledger.CTT),
		Exchange: posted(e, ledger.Exchange), SEBIFee: posted(e, ledger.SEBI), StampDuty: posted(e, ledger.Stamp),
		GST: posted(e, ledger.GST), DPCharge: posted(e, ledger.DP)}
	return n, posted(e, ledger.Cash)
}

func posted(e *ledger.Entry, book string) (sum money.Paise) {
	for _, p := range e.Postings {
		if p.Book == book {
			sum += p.Amount
		}
	}
	return sum
}

// rounding works out what roundings to the rupee did. What the tables no longer know counts as exact.
func (a *App) rounding(n *ContractNote) NoteRounding {
	var tax, stamp, exactTax, exactStamp money.Paise
	for i := range n.Instruments {
		for _, o := range n.Instruments[i].Orders {
			if o.Charges.Total() == 0 {
				continue // a settlement, or free of everything
			}
			s, err := a.tables.Schedule(charges.Leg{Instrument: n.Instruments[i].Contract, Side: o.Side, Product: o.Product, Date: n.Date, Plan: n.Account.Plan})
			if err != nil {
				continue
			}
			t, d, err := s.Unrounded(o.Charges.Turnover)
			if err != nil {
				continue
			}
			tax, stamp = tax+o.Charges.STT+o.Charges.CTT, stamp+o.Charges.StampDuty
			exactTax, exactStamp = exactTax+t, exactStamp+d
		}
	}
	once := rupees(exactTax) + rupees(exactStamp)
	return NoteRounding{Tax: tax - exactTax, Stamp: stamp - exactStamp, Day: tax + stamp - once}
}

// rupees rounds an amount >= 0 half up to the rupee.
func rupees(p money.Paise) money.Paise {
	return (p + money.PaisePerRupee/2) / money.PaisePerRupee * money.PaisePerRupee
}
