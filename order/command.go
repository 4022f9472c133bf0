package order

import (
	"paperport/instrument"
	"paperport/money"
)

// Place asks for a new order. ClientOrderID makes it safe to repeat: the same id with the same fields answers with the
// first answer, with other fields it is refused as CLIENT_ORDER_ID_REUSED.
type Place struct {
	Account       AccountID
	ClientOrderID string
	Instrument    instrument.ID
	Side          Side
	Product       Product
	Type          Type
	Validity      Validity
	Qty           money.Qty
	// LimitPrice is 0 for Market and SLM, TriggerPrice 0 unless Type is a stop, Minutes 0 unless Validity is Minutes.
	LimitPrice   money.Price
	TriggerPrice money.Price
	Minutes      int16
	Tag          string
}

// Modify changes the quantity, prices, type or validity of a working order; zero fields keep what is there. RequestID makes it
// safe to repeat, as ClientOrderID does for Place.
type Modify struct {
	Account      AccountID
	RequestID    string
	Order        ID
	Qty          money.Qty
	LimitPrice   money.Price
	TriggerPrice money.Price
	Type         Type
	Validity     Validity
	// Minutes goes with Validity Minutes and counts from the change.
	Minutes int16
}

// Cancel takes a working order back.
type Cancel struct {
	Account   AccountID
	RequestID string
	Order     ID
}
