package charges

import (
	"errors"
	"strings"
	"testing"

	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

// trips is the second table of india-rules 3.6, one round trip a line; "0" as turnover: there is no such leg.
// name contract product date plan qty buy sell | extra total gross net, - where the table has none
const trips = `
E1+2  share     CNC  2026-11-24 flat20 100 145000.00 152000.00   | 15.34 345.46 7000 6654.54
E2    share     CNC  2026-11-24 flat20 100 0 152000.00           | 15.34 173.03 - -
E3    share     MIS  2026-11-24 flat20 200 162480.00 163620.00   | 0 105.39 1140.00 1034.61
E4    nifty-fut NRML 2026-11-24 flat20 65 1563250.00 1571700.00  | 0 935.59 8450.00 7514.41
E4b   nifty-fut NRML 2026-03-30 flat20 65 1563250.00 1571700.00  | 0 463.59 8450.00 7986.41
E5    nifty-opt NRML 2026-11-24 flat20 65 7832.50 10286.25       | 0 69.81 2453.75 2383.94
E6    nifty-opt NRML 2026-11-24 flat20 65 0 5525.00              | 0 33.92 5525.00 5491.08
E9    sensex    NRML 2026-11-24 flat20 20 6200.00 5500.00        | 0 59.72 -700.00 -759.72
E10   crude-fut NRML 2026-11-24 flat20 100 580000.00 586500.00   | 0 148.49 6500.00 6351.51
E11   crude-fut NRML 2026-11-24 flat20 100 1250000.00 1256000.00 | 0 263.27 6000.00 5736.73
E12   crude-opt NRML 2026-11-24 flat20 100 14500.00 18000.00     | 0 72.26 3500.00 3427.74
E13   usdinr    NRML 2026-11-24 flat20 10000 882500.00 884000.00 | 0 57.56 1500.00 1442.44
E14   nifty-opt NRML 2026-11-24 icici_prime_4999 260 31330 41145 | 0 272.83 9815.00 9542.17
E15b  share     CNC  2026-11-24 icici_prime_4999 100 0 152000    | 23.60 360.65 - -
E17   stock-fut NRML 2026-11-24 icici_neo 500 725000 731200      | 0 414.17 6200.00 5785.83
`

func TestGoldenTrips(t *testing.T) {
	tables := mustLoad(t)
	products := map[string]order.Product{"CNC": order.CNC, "MIS": order.MIS, "NRML": order.NRML}
	for _, line := range strings.Split(strings.TrimSpace(trips), "\n") {
		f := strings.Fields(line)
		t.Run(f[0], func(t *testing.T) {
			leg := Leg{Instrument: contracts[f[1]], Product: products[f[2]], Date: mustDate(t, f[3]), Plan: f[4]}
			buy, sell := mustPaise(t, f[6]), mustPaise(t, f[7])
			total := mustNote(t, tables, leg, order.Buy, buy, f[5]).Total() + mustNote(t, tables, leg, order.Sell, sell, f[5]).Total()
			if leg.Product == order.CNC {
				fee, err := tables.DPCharge(leg.Plan, leg.Instrument, leg.Date)
				if err != nil || fee != mustPaise(t, f[9]) {
					t.Errorf("depository fee %s, %v; want %s", fee, err, f[9])
				}
				total += fee
			}
			if total != mustPaise(t, f[10]) {
				t.Errorf("charges %s, want %s", total, f[10])
			}
			if f[11] == "-" {
				return
			}
			if gross := sell - buy; gross != mustPaise(t, f[11]) || gross-total != mustPaise(t, f[12]) {
				t.Errorf("gross %s net %s, want %s and %s", gross, gross-total, f[11], f[12])
			}
		})
	}
}

func mustNote(t *testing.T, tables *Tables, leg Leg, side order.Side, turnover money.Paise, qty string) Note {
	t.Helper()
	leg.Side = side
	s, err := tables.Schedule(leg)
	if err != nil {
		t.Fatal(err)
	}
	n, err := money.ParseQty(qty)
	if err != nil {
		t.Fatal(err)
	}
	note, err := s.Note(turnover, n)
	if err != nil {
		t.Fatal(err)
	}
	return note
}

// TestDelivery is E8, a stock call of strike 1400 exercised for one lot of 500, and what the other side pays.
func TestDelivery(t *testing.T) {
	tables, date := mustLoad(t), mustDate(t, "2026-11-24")
	call := *contracts["stock-fut"]
	call.Kind = instrument.Option
	value := mustPaise(t, "700000")
	icici := Note{Turnover: value, Brokerage: mustPaise(t, "1050"), GST: mustPaise(t, "189"), STT: mustPaise(t, "700")}
	flat := Note{Turnover: value, Brokerage: mustPaise(t, "1750"), GST: mustPaise(t, "315"), STT: mustPaise(t, "700")}
	for plan, want := range map[string]Note{"icici_prime_4999": icici, "icici_neo": icici, "flat20": flat} {
		for _, side := range []order.Side{order.Buy, order.Sell} {
			got, err := tables.Delivery(plan, &call, side, date, value)
			if err != nil || got != want {
				t.Errorf("%s, side %d: %+v, %v; want %+v", plan, side, got, err, want)
			}
		}
	}
	if icici.Total() != mustPaise(t, "1939") {
		t.Errorf("E8 costs %s, want 1939.00", icici.Total())
	}
	index := *contracts["nifty-opt"]
	index.Terms.UnderlyingIsIndex = true
	for name, i := range map[string]*instrument.Instrument{"index option": &index, "share": contracts["share"], "commodity": contracts["crude-fut"]} {
		if _, err := tables.Delivery("flat20", i, order.Buy, date, value); !errors.Is(err, ErrNoRate) {
			t.Errorf("%s: %v, want ErrNoRate", name, err)
		}
	}
}

// days has one line for the last day before and the first day of every change (india-rules 3.1, 3.2): the lines of a
// turnover of one crore, - for a date without rates.
// contract side product date | txn stt+ctt exercise
const days = `
share     sell CNC  2024-09-30 | - - -
share     sell CNC  2024-10-01 | 307.00 10000 -
share     sell CNC  2026-02-28 | 307.00 10000 -
share     sell CNC  2026-03-01 | 307.00 10000 -
share     sell CNC  2026-04-01 | 307.00 10000 -
share     sell MIS  2024-10-01 | 307.00 2500 -
share     sell MIS  2026-02-28 | 307.00 2500 -
share     sell MIS  2026-03-01 | 307.00 2500 -
etf       sell CNC  2024-10-01 | 307.00 100 -
bse-share sell CNC  2026-02-28 | 375.00 10000 -
bse-share sell CNC  2026-03-01 | 375.00 10000 -
nifty-fut sell NRML 2024-09-30 | - - -
nifty-fut sell NRML 2024-10-01 | 183.00 2000 -
nifty-fut sell NRML 2026-02-28 | 183.00 2000 -
nifty-fut sell NRML 2026-03-01 | 183.00 2000 -
nifty-fut sell NRML 2026-03-31 | 183.00 2000 -
nifty-fut sell NRML 2026-04-01 | 183.00 5000 -
nifty-fut buy  NRML 2026-04-01 | 183.00 0 -
nifty-opt sell NRML 2024-09-30 | - - -
nifty-opt sell NRML 2024-10-01 | 3553.00 10000 12500
nifty-opt sell NRML 2026-02-28 | 3553.00 10000 12500
nifty-opt sell NRML 2026-03-01 | 3553.00 10000 12500
nifty-opt sell NRML 2026-03-31 | 3553.00 10000 12500
nifty-opt sell NRML 2026-04-01 | 3553.00 15000 15000
nifty-opt buy  NRML 2026-04-01 | 3553.00 0 15000
sensex    sell NRML 2026-03-31 | 3250.00 10000 12500
sensex    sell NRML 2026-04-01 | 3250.00 15000 15000
focit     sell NRML 2026-05-10 | 500.00 15000 15000
focit     sell NRML 2026-05-11 | 0 15000 15000
crude-fut sell NRML 2024-09-30 | - - -
crude-fut sell NRML 2024-10-01 | 210.00 1000 -
crude-fut sell NRML 2026-04-01 | 210.00 1000 -
crude-opt sell NRML 2026-04-01 | 4180.00 5000 -
usdinr    sell NRML 2026-04-01 | 35.00 0 -
`

func TestDaysOfChange(t *testing.T) {
	tables, crore := mustLoad(t), mustPaise(t, "10000000")
	products := map[string]order.Product{"CNC": order.CNC, "MIS": order.MIS, "NRML": order.NRML}
	sides := map[string]order.Side{"buy": order.Buy, "sell": order.Sell}
	of := func(name string) *instrument.Instrument {
		if name == "focit" {
			i := *contracts["sensex"]
			i.Underlying = "FOCIT"
			return &i
		}
		return contracts[name]
	}
	for _, line := range strings.Split(strings.TrimSpace(days), "\n") {
		f := strings.Fields(line)
		leg := Leg{Instrument: of(f[0]), Side: sides[f[1]], Product: products[f[2]], Date: mustDate(t, f[3]), Plan: "flat20"}
		s, err := tables.Schedule(leg)
		if f[5] == "-" {
			if !errors.Is(err, ErrNoRate) {
				t.Errorf("%s: %v, want ErrNoRate", line, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", line, err)
			continue
		}
		n, err := s.Note(crore, 1)
		if err != nil || n.Exchange != mustPaise(t, f[5]) || n.STT+n.CTT != mustPaise(t, f[6]) {
			t.Errorf("%s: exchange %s, STT and CTT %s, %v", line, n.Exchange, n.STT+n.CTT, err)
		}
		if f[7] == "-" {
			continue
		}
		if got, err := tables.ExerciseSTT(leg.Instrument, leg.Date, crore); err != nil || got != mustPaise(t, f[7]) {
			t.Errorf("%s: STT on exercise %s, %v", line, got, err)
		}
	}
}

// TestSourceOfTheDay: the one row of the exchange's charge that covers a date names the fees of that date.
func TestSourceOfTheDay(t *testing.T) {
	tables := mustLoad(t)
	for day, want := range map[string]string{"2026-02-28": "297 + 10", "2026-03-01": "306.99 + 0.01"} {
		var sources []string
		for _, r := range tables.statutory {
			if r.item == "exchange" && r.exchange == "NSE" && r.class == "delivery" && covers(r.from, r.to, mustDate(t, day)) {
				sources = append(sources, r.source)
			}
		}
		if len(sources) != 1 || !strings.Contains(sources[0], want) {
			t.Errorf("%s: sources %q, want one with %q", day, sources, want)
		}
	}
}
