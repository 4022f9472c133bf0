package engine

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"paperport/calendar"
	"paperport/charges"
	"paperport/instrument"
	"paperport/match"
	"paperport/money"
	"paperport/order"
	"paperport/position"
	"paperport/risk"
)

// Rows is the committed state that an engine of another Version starts from (start-up way b): what was decided stays
// decided, only model state restarts at its cautious default. Slices may come in any order.
type Rows struct {
	// Seq and At are those of the last committed input.
	Seq uint64
	At  calendar.Instant
	// LastOrder, LastTrade and LastEntry are the highest numbers given out.
	LastOrder   order.ID
	LastTrade   order.TradeID
	LastEntry   int64
	Boards      []BoardRow
	Instruments []instrument.Instrument
	Accounts    []AccountRow
	// Orders are the working ones (status Pending, Open or TriggerPending).
	Orders    []OrderRow
	Positions []position.Position
	Holdings  []position.Holding
	// Receipts are all of the season, with their fingerprints as output.
	Receipts []Receipt
}

// BoardRow is the state of one board as the last PhaseChange and DayEnd left it. Its feed counts as dead until told.
type BoardRow struct {
	Board       calendar.Board
	Phase       calendar.Phase
	TradingDate calendar.Date
	// IsSquaredOff says that the square-off of TradingDate has been: new MIS orders are refused until the day ends.
	IsSquaredOff bool
}

// AccountRow is one account: what OpenAccount said, and the balances of its ledger books (sums of its postings).
type AccountRow struct {
	Account  order.AccountID
	Plan     string
	Profile  string
	Balances []Balance
}

// Balance is the sum of all postings to one book of an account.
type Balance struct {
	Book   string
	Amount money.Paise
}

// OrderRow is a working order, the sum of the charge notes of its trades so far (Turnover included), and the sum of
// price x quantity of those trades in 1/10000 rupee.
type OrderRow struct {
	Order   order.Order
	Charged charges.Note
	Value   int64
}

// LoadRows starts a new engine from committed rows (see Rows). The next Step first tells of every working order that it
// was taken over ("restarted"): it keeps its terms and its money and joins the end of its queue, or travels to the
// exchange again. On error the engine must be thrown away.
func (e *Engine) LoadRows(r Rows) error {
	e.seq, e.now = r.Seq, r.At
	e.lastOrder, e.lastTrade, e.lastEntry = r.LastOrder, r.LastTrade, r.LastEntry
	for _, b := range r.Boards {
		x := e.board(b.Board)
		x.phase, x.tradingDate, x.isSquaredOff = b.Phase, b.TradingDate, b.IsSquaredOff
	}
	for i := range r.Instruments {
		e.setInstrument(&r.Instruments[i])
	}
	for _, row := range r.Accounts {
		profile := match.ProfileOf(row.Profile)
		if profile == nil {
			return fmt.Errorf("engine: account %s: profile %q: %w", row.Account, row.Profile, errRows)
		}
		a := e.addAccount(row.Account, row.Plan, profile)
		for _, b := range row.Balances {
			if err := a.books.Load(b.Book, b.Amount); err != nil {
				return err
			}
		}
	}
	if err := e.loadBooks(r); err != nil {
		return err
	}
	if err := e.loadOrders(r.Orders); err != nil {
		return err
	}
	for _, a := range e.accounts {
		a.sum()
	}
	return e.link(nil)
}

func (e *Engine) loadBooks(r Rows) error {
	for _, p := range r.Positions {
		a := e.byID[p.Account]
		if a == nil || e.inst(p.Instrument) == nil {
			return fmt.Errorf("engine: position of account %s in instrument %d: %w", p.Account, p.Instrument, errRows)
		}
		if p.NetQty != 0 || p.BuyQty != 0 || p.SellQty != 0 {
			*a.position(p.Instrument, p.Product, p.TradingDate) = p
		}
	}
	for _, h := range r.Holdings {
		a := e.byID[h.Account]
		if a == nil || e.inst(h.Instrument) == nil {
			return fmt.Errorf("engine: holding of account %s in instrument %d: %w", h.Account, h.Instrument, errRows)
		}
		if h.Qty+h.T1Qty > 0 {
			*a.makeHolding(h.Instrument) = h
		}
	}
	receipts := slices.Clone(r.Receipts)
	slices.SortFunc(receipts, func(a, b Receipt) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Account, b.Account), cmp.Compare(a.RequestID, b.RequestID))
	})
	for _, x := range receipts {
		if a := e.byID[x.Account]; a != nil {
			a.keepReceipt(x)
		}
	}
	return nil
}

func (e *Engine) loadOrders(rows []OrderRow) error {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b OrderRow) int { return cmp.Compare(a.Order.ID, b.Order.ID) })
	for _, row := range rows {
		w := &working{o: row.Order, acct: e.byID[row.Order.Account], inst: e.inst(row.Order.Instrument), charged: row.Charged, value: row.Value}
		if w.acct == nil || w.inst == nil || w.o.Status.IsClosed() {
			return fmt.Errorf("engine: order %d: %w", w.o.ID, errRows)
		}
		w.charged.DPCharge = 0
		if w.value == 0 { // trades not at hand: the average is rounded, but near
			w.value = int64(w.o.AvgPrice) * int64(w.o.CumQty)
		}
		w.blockPrice = w.o.LimitPrice
		w.closing = closingFor(w.acct, w)
		switch {
		case w.o.Status == order.Pending:
			w.at = inFlight
		case w.o.IsWaitingForTrigger():
			w.o.Status = order.TriggerPending
			e.standStop(w)
		default:
			w.o.Status, w.at = order.Open, waiting
			w.inst.waiting = append(w.inst.waiting, w)
			if w.o.Validity == order.IOC {
				w.lookAt = w.o.ActiveAt.Add(iocWait)
			}
		}
		e.adopt(w)
		e.restarted = append(e.restarted, w.o.ID)
	}
	return nil
}

var errRows = errors.New("names what was not loaded, or is closed")

// tellRestarted tells of loaded orders and puts those that worked into their books, behind all that is displayed.
func (e *Engine) tellRestarted() {
	ids := e.restarted
	e.restarted = nil
	for _, id := range ids {
		w := e.orders[id]
		isResting := w.at == waiting && w.o.Code == "" && w.o.Validity != order.IOC
		w.o.Code, w.o.Reason = risk.Restarted.String(), risk.Restarted.Sentence()
		w.o.Touch(e.now)
		e.tell(w, "restarted")
		w.o.Code, w.o.Reason = "", ""
		e.emit(Output{Watch: &Watch{Instrument: w.o.Instrument, IsWanted: true}})
		if !isResting {
			continue
		}
		e.take(w)
		w.rest = match.Resting{ID: id, Account: w.acct.index, Side: w.o.Side, Limit: w.o.LimitPrice, Leaves: w.o.LeavesQty, Profile: w.acct.profile}
		w.at = resting
		w.inst.book.Rest(&w.rest, e.now, match.Stale)
		if w.o.Type == order.Market { // else it would trade at its aggressive limit, far from the market
			w.rest.IsSweeping = true
			w.inst.book.Touch()
		}
	}
}
