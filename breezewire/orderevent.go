package breezewire

import (
	"encoding/json"
	"errors"
	"strconv"

	"paperport/money"
)

// ErrOrderEvent says that an "order" event is not the array of 3.9.
var ErrOrderEvent = errors.New("breezewire: not an order event")

// orderLength is the length of an "order" array.
const orderLength = 47

// OrderEvent is what an "order" event tells of an order at the broker. Fields the two layouts do not share, and those
// nobody has documented, are left out. Codes are the wire's single letters (3.9); unknown ones pass through.
type OrderEvent struct {
	// IsDerivative selects the layout: messageType 6 (true) or 4 (false) when encoding.
	IsDerivative bool
	UserID       string
	// Date is DD-MM-YYYY, Time HH:MM:SS, IST.
	Date, Time string
	// ExchangeCode is element 13, StockCode element 14.
	ExchangeCode, StockCode string
	// Product is C or B for shares, F or O for derivatives; Right is C, P or *.
	Product, Right string
	// Flow is B or S, Kind L, M or S, Validity T, I or V, Status a letter such as O, E or C.
	Flow, Kind, Validity, Status string
	// Reference is the order id.
	Reference string
	// Strike and Expiry are as sent: a strike may be in paise (8 of the reference calls it open).
	Strike, Expiry                      string
	LimitRate, StopTrigger, AverageRate money.Price
	Quantity, Open, Executed            money.Qty
	Cancelled, Expired                  money.Qty
}

// orderFields maps a field to its element in the two layouts; -1 means the layout has none.
type orderFields struct {
	product, right, flow, kind, validity, status, reference, strike, expiry int
	limit, stop, average, quantity, open, executed, cancelled, expired      int
}

var (
	orderCash = orderFields{19, -1, 15, 16, 17, 20, 23, -1, -1, 18, 30, 42, 24, 25, 26, 27, 28}
	orderFNO  = orderFields{15, 16, 21, 22, 23, 25, 26, 18, 19, 24, 31, 39, 27, -1, 28, 29, 30}
)

func orderLayout(isDerivative bool) *orderFields {
	if isDerivative {
		return &orderFNO
	}
	return &orderCash
}

// DecodeOrder reads the argument of an "order" event. Longer arrays keep their tail to themselves; a strategy's array and
// anything shorter is ErrOrderEvent.
func DecodeOrder(arg []byte) (OrderEvent, error) {
	var cells []Text
	if json.Unmarshal(arg, &cells) != nil || len(cells) < orderLength {
		return OrderEvent{}, ErrOrderEvent
	}
	e := OrderEvent{UserID: string(cells[2]), Date: string(cells[7]), Time: string(cells[8]), ExchangeCode: string(cells[13]), StockCode: string(cells[14])}
	switch cells[11] {
	case "4", "5":
	case "6", "7":
		e.IsDerivative = true
	default:
		return OrderEvent{}, ErrOrderEvent
	}
	r := orderReader{cells: cells}
	l := orderLayout(e.IsDerivative)
	e.Product, e.Right, e.Flow, e.Kind = r.text(l.product), r.text(l.right), r.text(l.flow), r.text(l.kind)
	e.Validity, e.Status, e.Reference = r.text(l.validity), r.text(l.status), r.text(l.reference)
	e.Strike, e.Expiry = r.text(l.strike), r.text(l.expiry)
	e.LimitRate, e.StopTrigger, e.AverageRate = r.price(l.limit), r.price(l.stop), r.price(l.average)
	e.Quantity, e.Open, e.Executed = r.qty(l.quantity), r.qty(l.open), r.qty(l.executed)
	e.Cancelled, e.Expired = r.qty(l.cancelled), r.qty(l.expired)
	if r.isBad || e.Reference == "" {
		return OrderEvent{}, ErrOrderEvent
	}
	return e, nil
}

type orderReader struct {
	cells []Text
	isBad bool
}

func (r *orderReader) text(i int) string {
	if i < 0 {
		return ""
	}
	return string(r.cells[i])
}

func (r *orderReader) price(i int) money.Price {
	text := r.text(i)
	if text == "" {
		return 0
	}
	p, ok := parseDecimal(text)
	r.isBad = r.isBad || !ok
	return p
}

func (r *orderReader) qty(i int) money.Qty {
	p := r.price(i)
	r.isBad = r.isBad || p%money.PriceScale != 0
	return money.Qty(p / money.PriceScale)
}

// EncodeOrder returns the argument of an "order" event: a JSON array of 47 strings.
func EncodeOrder(e OrderEvent) []byte {
	var cells [orderLength]string
	set := func(i int, s string) {
		if i >= 0 {
			cells[i] = s
		}
	}
	qty := func(q money.Qty) string { return strconv.FormatInt(int64(q), 10) }
	set(0, "1")
	set(2, e.UserID)
	set(7, e.Date)
	set(8, e.Time)
	set(11, "4")
	if e.IsDerivative {
		set(11, "6")
	}
	set(13, e.ExchangeCode)
	set(14, e.StockCode)
	l := orderLayout(e.IsDerivative)
	for i, s := range map[int]string{
		l.product: e.Product, l.right: e.Right, l.flow: e.Flow, l.kind: e.Kind, l.validity: e.Validity, l.status: e.Status,
		l.reference: e.Reference, l.limit: decimal(e.LimitRate), l.stop: decimal(e.StopTrigger), l.average: decimal(e.AverageRate),
		l.quantity: qty(e.Quantity), l.executed: qty(e.Executed), l.cancelled: qty(e.Cancelled), l.expired: qty(e.Expired),
	} {
		set(i, s)
	}
	set(l.open, qty(e.Open))
	set(l.strike, e.Strike)
	set(l.expiry, e.Expiry)
	b, err := Marshal(cells)
	if err != nil {
		panic("breezewire: " + err.Error())
	}
	return b
}
