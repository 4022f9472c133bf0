package engine

import (
	"strconv"

	"paperport/money"
	"paperport/order"
	"paperport/risk"
)

// fingerprint is FNV-1a over the kind and fields of a command.
type fingerprint uint64

func newFingerprint(kind byte) fingerprint {
	return fingerprint(14695981039346656037).byte(kind)
}

func (f fingerprint) byte(b byte) fingerprint { return (f ^ fingerprint(b)) * 1099511628211 }

func (f fingerprint) num(v int64) fingerprint {
	for shift := 0; shift < 64; shift += 8 {
		f = f.byte(byte(uint64(v) >> shift))
	}
	return f
}

func (f fingerprint) text(s string) fingerprint {
	f = f.num(int64(len(s)))
	for i := range len(s) {
		f = f.byte(s[i])
	}
	return f
}

func (f fingerprint) sum() uint64 { return uint64(f) }

func fingerprintOf(p *order.Place) uint64 {
	return newFingerprint('p').num(int64(p.Instrument)).num(int64(p.Side)).num(int64(p.Product)).num(int64(p.Type)).
		num(int64(p.Validity)).num(int64(p.Qty)).num(int64(p.LimitPrice)).text(p.Tag).terms(p.TriggerPrice, p.Minutes).sum()
}

// terms adds fields that older versions did not know; without them a fingerprint is what it was then.
func (f fingerprint) terms(trigger money.Price, minutes int16) fingerprint {
	if trigger == 0 && minutes == 0 {
		return f
	}
	return f.num(int64(trigger)).num(int64(minutes))
}

// isAnswered repeats the first answer to a request id, or refuses the id for another body. False: the id is new.
func (e *Engine) isAnswered(a *account, requestID string, print uint64) bool {
	i, isThere := a.byRequest[requestID]
	if requestID == "" || !isThere {
		return false
	}
	r := a.receipts[i]
	if r.Fingerprint == print {
		r.IsRepeat = true
		e.emit(Output{Receipt: &r})
		return true
	}
	e.refuse(Receipt{RequestID: requestID, Fingerprint: print}, a.id, risk.Deny(risk.ClientOrderIDReused))
	return true
}

// countCommand counts an order, change or cancel and reports whether the account has sent too many in this second. What is
// refused counts too; a repeated command does not.
func (e *Engine) countCommand(a *account) risk.Denial {
	if second := int64(e.now) / 1_000_000; second != a.second {
		a.second, a.sent = second, 0
	}
	a.sent++
	if most := e.rules.OrdersPerSecond; most > 0 && a.sent > most {
		return risk.Deny(risk.RateLimit, "max", strconv.Itoa(most))
	}
	return risk.Denial{}
}

// answer gives the one answer to a command and keeps it under its request id.
func (e *Engine) answer(a *account, r Receipt, d risk.Denial) {
	r.Account, r.At = a.id, e.now
	if d.IsDenied() {
		r.Code, r.Reason = d.Code.String(), d.Reason()
	}
	if r.RequestID != "" {
		a.keepReceipt(r)
	}
	e.emit(Output{Receipt: &r})
}

func (a *account) keepReceipt(r Receipt) {
	a.byRequest[r.RequestID] = int32(len(a.receipts))
	a.receipts = append(a.receipts, r)
}

// answerNobody answers a command for an account that is not ours.
func (e *Engine) answerNobody(id order.AccountID, requestID string) {
	e.refuse(Receipt{RequestID: requestID}, id, risk.Deny(risk.AccountUnknown))
}

// refuse answers without keeping the answer: the request id is not the account's to remember.
func (e *Engine) refuse(r Receipt, id order.AccountID, d risk.Denial) {
	r.Account, r.At, r.Code, r.Reason = id, e.now, d.Code.String(), d.Reason()
	e.emit(Output{Receipt: &r})
}
