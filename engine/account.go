package engine

import (
	"cmp"
	"errors"
	"slices"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/ledger"
	"paperport/match"
	"paperport/money"
	"paperport/order"
	"paperport/position"
	"paperport/risk"
)

// account is one user's book in this venue.
type account struct {
	id      order.AccountID
	index   int32
	plan    string
	profile *match.Profile
	books   ledger.Balances
	// orderBlocked and positionBlocked are kept as sums; check adds them up again.
	orderBlocked, positionBlocked money.Paise
	orders                        []*working           // by id
	positions                     []*position.Position // by instrument, product
	holdings                      []*position.Holding  // by instrument
	receipts                      []Receipt            // in order of their commands
	byRequest                     map[string]int32
	told                          Funds
	// second is the calendar second of the newest command, sent how many came in it.
	second    int64
	sent      int
	isTouched bool
}

var (
	errBlocked = errors.New("engine: blocked is not the sum of orders and positions")
	errHalted  = errors.New("engine: halted by a fault")
	errBooks   = errors.New("engine: books do not sum to zero")
)

func (a *account) funds() Funds {
	blocked := a.orderBlocked + a.positionBlocked
	return Funds{
		Account: a.id, Cash: a.books.Cash(), Blocked: blocked, Free: a.books.Cash() - blocked,
		OrderBlocked: a.orderBlocked, PositionBlocked: a.positionBlocked,
	}
}

// check holds the sums against what they are sums of.
func (a *account) check() error {
	var orders, positions money.Paise
	for _, w := range a.orders {
		orders += w.o.Reserved
		if err := w.o.Check(); err != nil {
			return err
		}
	}
	for _, p := range a.positions {
		positions += p.Blocked
		if err := p.Check(); err != nil {
			return err
		}
	}
	for _, h := range a.holdings {
		if err := h.Check(); err != nil {
			return err
		}
	}
	if orders != a.orderBlocked || positions != a.positionBlocked || orders < 0 || positions < 0 {
		return errBlocked
	}
	if !a.books.IsBalanced() {
		return errBooks
	}
	return nil
}

// position returns the account's position, made when there is none and date is not 0.
func (a *account) position(id instrument.ID, p order.Product, date calendar.Date) *position.Position {
	i, isThere := slices.BinarySearchFunc(a.positions, position.Position{Instrument: id, Product: p}, comparePosition)
	if isThere {
		return a.positions[i]
	}
	if date == 0 {
		return nil
	}
	x := &position.Position{Account: a.id, Instrument: id, Product: p, TradingDate: date}
	a.positions = slices.Insert(a.positions, i, x)
	return x
}

func comparePosition(p *position.Position, want position.Position) int {
	return cmp.Or(cmp.Compare(p.Instrument, want.Instrument), cmp.Compare(p.Product, want.Product))
}

// netQty is the open quantity, 0 without a position.
func (a *account) netQty(id instrument.ID, p order.Product) money.Qty {
	if x := a.position(id, p, 0); x != nil {
		return x.NetQty
	}
	return 0
}

// holding returns the account's holding, nil when there is none.
func (a *account) holding(id instrument.ID) *position.Holding {
	i, isThere := a.holdingAt(id)
	if isThere {
		return a.holdings[i]
	}
	return nil
}

func (a *account) holdingAt(id instrument.ID) (int, bool) {
	return slices.BinarySearchFunc(a.holdings, id, func(h *position.Holding, id instrument.ID) int {
		return cmp.Compare(h.Instrument, id)
	})
}

func (a *account) makeHolding(id instrument.ID) *position.Holding {
	i, isThere := a.holdingAt(id)
	if !isThere {
		a.holdings = slices.Insert(a.holdings, i, &position.Holding{Account: a.id, Instrument: id})
	}
	return a.holdings[i]
}

func (a *account) addOrder(w *working) { a.orders = append(a.orders, w) }

func (a *account) removeOrder(w *working) {
	i, isThere := slices.BinarySearchFunc(a.orders, w.o.ID, func(x *working, id order.ID) int { return cmp.Compare(x.o.ID, id) })
	if isThere {
		a.orders = slices.Delete(a.orders, i, i+1)
	}
}

// openAccount opens books and credits the capital.
func (e *Engine) openAccount(in *OpenAccount) {
	print := newFingerprint('a').text(string(in.Account)).num(int64(in.Capital)).text(in.Plan).text(in.Profile).sum()
	if a := e.byID[in.Account]; a != nil {
		if e.isAnswered(a, in.RequestID, print) {
			return
		}
		e.answer(a, Receipt{RequestID: in.RequestID, Fingerprint: print}, risk.Deny(risk.AccountExists))
		return
	}
	if d := e.checkAccount(in); d.IsDenied() {
		e.refuse(Receipt{RequestID: in.RequestID, Fingerprint: print}, in.Account, d)
		return
	}
	a := e.addAccount(in.Account, in.Plan, match.ProfileOf(in.Profile))
	e.post(a, entry{
		kind: "opening", ref: "request:" + in.RequestID, text: "Starting capital", date: e.now.Date(),
		postings: []ledger.Posting{{Book: ledger.Cash, Amount: in.Capital}, {Book: ledger.Capital, Amount: -in.Capital}},
	})
	e.answer(a, Receipt{RequestID: in.RequestID, Fingerprint: print}, risk.Denial{})
}

func (e *Engine) checkAccount(in *OpenAccount) risk.Denial {
	switch {
	case in.Account == "":
		return risk.Deny(risk.AccountUnknown)
	case !e.tables.HasPlan(in.Plan):
		return risk.Deny(risk.PlanUnknown, "plan", in.Plan)
	case match.ProfileOf(in.Profile) == nil:
		return risk.Deny(risk.ProfileUnknown, "profile", in.Profile)
	case in.Capital <= 0 || in.Capital > risk.ValueMax:
		return risk.Deny(risk.AmountInvalid, "amount", in.Capital.String(), "max", risk.ValueMax.String())
	default:
		return risk.Denial{}
	}
}

// Realistic is the default fidelity profile (match.Profiles).
const Realistic = match.Realistic

func (e *Engine) addAccount(id order.AccountID, plan string, profile *match.Profile) *account {
	a := &account{id: id, index: int32(len(e.accounts)), plan: plan, profile: profile, byRequest: map[string]int32{}}
	e.accounts = append(e.accounts, a)
	e.byID[id] = a
	return a
}

// cash pays money in or out.
func (e *Engine) cash(in *Cash) {
	print := newFingerprint('m').num(int64(in.Amount)).sum()
	a := e.byID[in.Account]
	if a == nil {
		e.answerNobody(in.Account, in.RequestID)
		return
	}
	if e.isAnswered(a, in.RequestID, print) {
		return
	}
	r := Receipt{RequestID: in.RequestID, Fingerprint: print}
	if in.Amount == 0 || in.Amount > risk.ValueMax || in.Amount < -risk.ValueMax || a.books.Cash() > 100*risk.ValueMax {
		e.answer(a, r, risk.Deny(risk.AmountInvalid, "amount", in.Amount.String(), "max", risk.ValueMax.String()))
		return
	}
	if free := a.funds().Free; in.Amount < 0 && -in.Amount > free {
		e.answer(a, r, risk.Deny(risk.PayoutExceedsFree, "need", (-in.Amount).String(), "free", free.String()))
		return
	}
	kind, text := "payin", "Money paid in"
	if in.Amount < 0 {
		kind, text = "payout", "Money paid out"
	}
	e.post(a, entry{
		kind: kind, ref: "request:" + in.RequestID, text: text, date: e.now.Date(),
		postings: []ledger.Posting{{Book: ledger.Cash, Amount: in.Amount}, {Book: ledger.Capital, Amount: -in.Amount}},
	})
	e.answer(a, r, risk.Denial{})
}

// entry is a ledger entry before it has a number.
type entry struct {
	kind, ref, text string
	date            calendar.Date
	postings        []ledger.Posting
}

// post books an entry; postings of nothing are left out, and so is an entry without any other.
func (e *Engine) post(a *account, x entry) {
	x.postings = slices.DeleteFunc(x.postings, func(p ledger.Posting) bool { return p.Amount == 0 })
	if len(x.postings) == 0 {
		return
	}
	e.must(a.books.Post(x.postings), "postings")
	e.touch(a)
	e.lastEntry++
	e.emit(Output{Entry: &ledger.Entry{
		Number: e.lastEntry, Account: string(a.id), Kind: x.kind, Ref: x.ref, Text: x.text, At: e.now, TradingDate: x.date,
		Postings: x.postings, Balance: a.books.Cash(),
	}})
}
