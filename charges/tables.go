package charges

import (
	"crypto/sha256"
	"embed"
	"encoding/csv"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

//go:embed tables/*.csv
var embedded embed.FS

// Tables are the dated rates and brokerage plans. The value is read-only after Load and may be shared.
type Tables struct {
	// Version names the tables' content (a hash), for ChargesEvent and the screen.
	Version   string
	plans     []Plan
	statutory []statutoryRow
	fees      []feeRow
}

// Plan is one brokerage plan an account may choose.
type Plan struct {
	// ID is the stored name ("flat20"), Name the words for the screen, Note what it costs, Source where the fees come from.
	ID, Name, Note, Source string
	dpFee                  money.Paise
}

type statutoryRow struct {
	item, exchange, class, underlying, side string
	from, to                                calendar.Date
	rate                                    money.Rate
	source                                  string
}

type feeRow struct {
	plan, class string
	from, to    calendar.Date
	fee         brokerage
}

// key is what a row is matched with.
type key struct {
	exchange, class, underlying, side string
	date                              calendar.Date
}

// Load reads the embedded tables; a file of the same name ("statutory.csv", "brokerage.csv", "plans.csv") at the root
// of overrides (may be nil) replaces the embedded one.
func Load(overrides fs.FS) (*Tables, error) {
	t, hash := &Tables{}, sha256.New()
	for _, f := range []struct {
		name  string
		width int
		read  func(*Tables, []string) error
	}{{"statutory.csv", 9, readStatutory}, {"brokerage.csv", 9, readFee}, {"plans.csv", 5, readPlan}} {
		text, err := readFile(overrides, f.name)
		if err != nil {
			return nil, fmt.Errorf("charges: reading %s: %w", f.name, err)
		}
		hash.Write(text)
		if err := t.readCSV(string(text), f.width, f.read); err != nil {
			return nil, fmt.Errorf("charges: %s: %w", f.name, err)
		}
	}
	t.Version = hex.EncodeToString(hash.Sum(nil)[:8])
	return t, nil
}

func readFile(overrides fs.FS, name string) ([]byte, error) {
	if overrides != nil {
		if text, err := fs.ReadFile(overrides, name); err == nil {
			return text, nil
		}
	}
	return embedded.ReadFile("tables/" + name)
}

func (t *Tables) readCSV(text string, width int, read func(*Tables, []string) error) error {
	r := csv.NewReader(strings.NewReader(text))
	r.Comment, r.FieldsPerRecord = '#', width
	rows, err := r.ReadAll()
	if err != nil {
		return err
	}
	if len(rows) < 2 {
		return fmt.Errorf("no rows")
	}
	for i, row := range rows[1:] {
		if err := read(t, row); err != nil {
			return fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	return nil
}

func readStatutory(t *Tables, c []string) error {
	row := statutoryRow{item: c[0], exchange: c[1], class: c[2], underlying: c[3], side: c[4]}
	var err error
	if row.from, row.to, err = dates(c[5], c[6]); err != nil {
		return err
	}
	if row.rate, err = money.ParsePercent(c[7]); err != nil || row.rate < 0 || row.rate > money.RateScale {
		return fmt.Errorf("percent %q is not between 0 and 100", c[7])
	}
	if c[8] == "" {
		return fmt.Errorf("no source")
	}
	row.source = c[8]
	t.statutory = append(t.statutory, row)
	return nil
}

func readFee(t *Tables, c []string) error {
	row := feeRow{plan: c[0], class: c[1]}
	var err error
	if row.from, row.to, err = dates(c[2], c[3]); err != nil {
		return err
	}
	if c[4] != "" {
		if row.fee.rate, err = money.ParsePercent(c[4]); err != nil || row.fee.rate < 0 {
			return fmt.Errorf("percent %q is not a rate", c[4])
		}
	}
	for i, to := range []*money.Paise{&row.fee.cap, &row.fee.flat, &row.fee.perLot} {
		if c[5+i] == "" {
			continue
		}
		if *to, err = money.ParsePaise(c[5+i]); err != nil || *to < 0 {
			return fmt.Errorf("%q is not an amount", c[5+i])
		}
	}
	t.fees = append(t.fees, row)
	return nil
}

func readPlan(t *Tables, c []string) error {
	fee, err := money.ParsePaise(c[2])
	if err != nil || fee < 0 {
		return fmt.Errorf("dp_fee %q is not an amount", c[2])
	}
	t.plans = append(t.plans, Plan{ID: c[0], Name: c[1], dpFee: fee, Source: c[3], Note: c[4]})
	return nil
}

func dates(from, to string) (calendar.Date, calendar.Date, error) {
	f, err := calendar.ParseDate(from)
	if err != nil || to == "" {
		return f, 0, err
	}
	t, err := calendar.ParseDate(to)
	return f, t, err
}

// Plans lists the brokerage plans in the order of the table. The slice is a copy.
func (t *Tables) Plans() []Plan { return append([]Plan(nil), t.plans...) }

// HasPlan reports whether id names a plan.
func (t *Tables) HasPlan(id string) bool {
	for _, p := range t.plans {
		if p.ID == id {
			return true
		}
	}
	return false
}

func keyOf(leg Leg) (key, error) {
	i := leg.Instrument
	k := key{exchange: i.Exchange.String(), underlying: i.Underlying, side: "buy", date: leg.Date}
	if leg.Side == order.Sell {
		k.side = "sell"
	}
	prefix := ""
	switch i.Segment {
	case calendar.Currency:
		prefix = "currency_"
	case calendar.Commodity:
		prefix = "commodity_"
	case calendar.Equity, calendar.FNO:
	}
	switch i.Kind {
	case instrument.Equity:
		k.class = equityClass(i, leg.Product)
	case instrument.Future:
		k.class = prefix + "futures"
	case instrument.Option:
		k.class = prefix + "options"
	case instrument.Index:
		return key{}, fmt.Errorf("%w: an index is not traded", ErrNoRate)
	}
	return k, nil
}

func equityClass(i *instrument.Instrument, p order.Product) string {
	switch {
	case p == order.MIS:
		return "intraday"
	case i.Terms.IsETF:
		return "etf_delivery"
	default:
		return "delivery"
	}
}

func (t *Tables) rate(item string, k key) (money.Rate, error) {
	for i := range t.statutory {
		r := &t.statutory[i]
		if r.item == item && covers(r.from, r.to, k.date) && (r.side == "both" || r.side == k.side) &&
			isClass(r.class, k.class) && isIn(r.exchange, k.exchange) && isIn(r.underlying, k.underlying) {
			return r.rate, nil
		}
	}
	return 0, fmt.Errorf("%w: %s of %s %s on %s", ErrNoRate, item, k.exchange, k.class, k.date)
}

func (t *Tables) brokerage(plan string, k key) (brokerage, error) {
	for i := range t.fees {
		r := &t.fees[i]
		if r.plan == plan && covers(r.from, r.to, k.date) && isClass(r.class, k.class) {
			return r.fee, nil
		}
	}
	return brokerage{}, fmt.Errorf("%w: brokerage of plan %q for %s on %s", ErrNoRate, plan, k.class, k.date)
}

func covers(from, to, date calendar.Date) bool { return date >= from && (to == 0 || date <= to) }

func isIn(row, want string) bool { return row == "*" || row == want }

// isClass lets funds use the rows of delivery where they have none of their own.
func isClass(row, want string) bool {
	return isIn(row, want) || (want == "etf_delivery" && row == "delivery")
}
