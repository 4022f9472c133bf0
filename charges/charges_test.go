package charges

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/money"
	"paperport/order"
)

func mustLoad(t testing.TB) *Tables {
	t.Helper()
	tables, err := Load(nil)
	if err != nil {
		t.Fatal(err)
	}
	return tables
}

func mustPaise(t testing.TB, s string) money.Paise {
	t.Helper()
	v, err := money.ParsePaise(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func mustDate(t testing.TB, s string) calendar.Date {
	t.Helper()
	d, err := calendar.ParseDate(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var contracts = map[string]*instrument.Instrument{
	"share":     {Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Underlying: "RELIANCE", Terms: instrument.Terms{LotSize: 1}},
	"bse-share": {Exchange: calendar.BSE, Segment: calendar.Equity, Kind: instrument.Equity, Underlying: "TCS", Terms: instrument.Terms{LotSize: 1}},
	"etf":       {Exchange: calendar.NSE, Segment: calendar.Equity, Kind: instrument.Equity, Underlying: "NIFTYBEES", Terms: instrument.Terms{LotSize: 1, IsETF: true}},
	"nifty-fut": {Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Future, Underlying: "NIFTY", Terms: instrument.Terms{LotSize: 65}},
	"stock-fut": {Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Future, Underlying: "ACC", Terms: instrument.Terms{LotSize: 500}},
	"nifty-opt": {Exchange: calendar.NSE, Segment: calendar.FNO, Kind: instrument.Option, Underlying: "NIFTY", Terms: instrument.Terms{LotSize: 65}},
	"sensex":    {Exchange: calendar.BSE, Segment: calendar.FNO, Kind: instrument.Option, Underlying: "SENSEX", Terms: instrument.Terms{LotSize: 20}},
	"crude-fut": {Exchange: calendar.MCX, Segment: calendar.Commodity, Kind: instrument.Future, Underlying: "CRUDEOIL", Terms: instrument.Terms{LotSize: 100}},
	"crude-opt": {Exchange: calendar.MCX, Segment: calendar.Commodity, Kind: instrument.Option, Underlying: "CRUDEOIL", Terms: instrument.Terms{LotSize: 100}},
	"usdinr":    {Exchange: calendar.NSE, Segment: calendar.Currency, Kind: instrument.Future, Underlying: "USDINR", Terms: instrument.Terms{LotSize: 1000}},
}

// golden is india-rules 3.6, one order leg a line:
// name contract side product date plan qty turnover | brokerage txn sebi gst stt+ctt stamp total
const golden = `
E1   share     buy  CNC  2026-11-24 flat20 100 145000.00   | 0 4.45 0.15 0.83 145 22 172.43
E2   share     sell CNC  2026-11-24 flat20 100 152000.00   | 0 4.67 0.15 0.87 152 0 157.69
E3b  share     buy  MIS  2026-11-24 flat20 200 162480.00   | 20 4.99 0.16 4.53 0 5 34.68
E3s  share     sell MIS  2026-11-24 flat20 200 163620.00   | 20 5.02 0.16 4.53 41 0 70.71
E4b  nifty-fut buy  NRML 2026-11-24 flat20 65 1563250.00   | 20 28.61 1.56 9.03 0 31 90.20
E4s  nifty-fut sell NRML 2026-11-24 flat20 65 1571700.00   | 20 28.76 1.57 9.06 786 0 845.39
E4bs nifty-fut sell NRML 2026-03-30 flat20 65 1571700.00   | 20 28.76 1.57 9.06 314 0 373.39
E5b  nifty-opt buy  NRML 2026-11-24 flat20 65 7832.50      | 20 2.78 0.01 4.10 0 0 26.89
E5s  nifty-opt sell NRML 2026-11-24 flat20 65 10286.25     | 20 3.65 0.01 4.26 15 0 42.92
E6   nifty-opt sell NRML 2026-11-24 flat20 65 5525.00      | 20 1.96 0.01 3.95 8 0 33.92
E7   nifty-opt buy  NRML 2026-11-24 flat20 65 6175.00      | 20 2.19 0.01 4.00 0 0 26.20
E9b  sensex    buy  NRML 2026-11-24 flat20 20 6200.00      | 20 2.02 0.01 3.97 0 0 26.00
E9s  sensex    sell NRML 2026-11-24 flat20 20 5500.00      | 20 1.79 0.01 3.92 8 0 33.72
E10b crude-fut buy  NRML 2026-11-24 flat20 100 580000.00   | 20 12.18 0.58 5.90 0 12 50.66
E10s crude-fut sell NRML 2026-11-24 flat20 100 586500.00   | 20 12.32 0.59 5.92 59 0 97.83
E11b crude-fut buy  NRML 2026-11-24 flat20 100 1250000.00  | 20 26.25 1.25 8.55 0 25 81.05
E11s crude-fut sell NRML 2026-11-24 flat20 100 1256000.00  | 20 26.38 1.26 8.58 126 0 182.22
E12b crude-opt buy  NRML 2026-11-24 flat20 100 14500.00    | 20 6.06 0.01 4.69 0 0 30.76
E12s crude-opt sell NRML 2026-11-24 flat20 100 18000.00    | 20 7.52 0.02 4.96 9 0 41.50
E13b usdinr    buy  NRML 2026-11-24 flat20 10000 882500.00 | 20 3.09 0.88 4.31 0 1 29.28
E13s usdinr    sell NRML 2026-11-24 flat20 10000 884000.00 | 20 3.09 0.88 4.31 0 0 28.28
E14b nifty-opt buy  NRML 2026-11-24 icici_prime_4999 260 31330.00 | 76 11.13 0.03 15.69 0 1 103.85
E14s nifty-opt sell NRML 2026-11-24 icici_prime_4999 260 41145.00 | 76 14.62 0.04 16.32 62 0 168.98
E15a share     buy  CNC  2026-11-24 icici_prime_4999 100 145000.00 | 145 4.45 0.15 26.93 145 22 343.53
E15b share     sell CNC  2026-11-24 icici_prime_4999 100 152000.00 | 152 4.67 0.15 28.23 152 0 337.05
E16  bse-share buy  CNC  2026-11-24 flat20 50 160500.00    | 0 6.02 0.16 1.11 161 24 192.29
E17b stock-fut buy  NRML 2026-11-24 icici_neo 500 725000.00 | 0 13.27 0.73 2.52 0 15 31.52
E17s stock-fut sell NRML 2026-11-24 icici_neo 500 731200.00 | 0 13.38 0.73 2.54 366 0 382.65
`

func TestGoldenLegs(t *testing.T) {
	tables := mustLoad(t)
	products := map[string]order.Product{"CNC": order.CNC, "MIS": order.MIS, "NRML": order.NRML}
	sides := map[string]order.Side{"buy": order.Buy, "sell": order.Sell}
	for _, line := range strings.Split(strings.TrimSpace(golden), "\n") {
		f := strings.Fields(line)
		t.Run(f[0], func(t *testing.T) {
			s, err := tables.Schedule(Leg{Instrument: contracts[f[1]], Side: sides[f[2]], Product: products[f[3]], Date: mustDate(t, f[4]), Plan: f[5]})
			if err != nil {
				t.Fatal(err)
			}
			qty, err := money.ParseQty(f[6])
			if err != nil {
				t.Fatal(err)
			}
			n, err := s.Note(mustPaise(t, f[7]), qty)
			if err != nil {
				t.Fatal(err)
			}
			got := []money.Paise{n.Brokerage, n.Exchange, n.SEBIFee, n.GST, n.STT + n.CTT, n.StampDuty, n.Total()}
			want := make([]money.Paise, 0, 7)
			for _, s := range f[9:] {
				want = append(want, mustPaise(t, s))
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("brokerage, txn, SEBI, GST, STT+CTT, stamp, total (-want +got):\n%s", d)
			}
		})
	}
}

func TestGoldenExtras(t *testing.T) {
	tables, date := mustLoad(t), mustDate(t, "2026-11-24")
	for plan, want := range map[string]string{"flat20": "15.34", "icici_prime_4999": "23.60"} {
		got, err := tables.DPCharge(plan, contracts["share"], date)
		if err != nil || got != mustPaise(t, want) {
			t.Errorf("DP charge of %s = %s, %v; want %s (E2, E15b)", plan, got, err, want)
		}
	}
	for day, want := range map[string]string{"2026-11-24": "21", "2026-03-30": "17"} {
		got, err := tables.ExerciseSTT(contracts["nifty-opt"], mustDate(t, day), mustPaise(t, "13802.75"))
		if err != nil || got != mustPaise(t, want) {
			t.Errorf("exercise STT on %s = %s, %v; want %s (E7)", day, got, err, want)
		}
	}
}

func TestMissingRates(t *testing.T) {
	tables := mustLoad(t)
	ok := Leg{Instrument: contracts["share"], Side: order.Buy, Product: order.CNC, Date: mustDate(t, "2026-11-24"), Plan: "flat20"}
	for name, change := range map[string]func(*Leg){
		"before the tables": func(l *Leg) { l.Date = mustDate(t, "2024-09-30") },
		"unknown plan":      func(l *Leg) { l.Plan = "nobody" },
		"an index":          func(l *Leg) { l.Instrument = &instrument.Instrument{Kind: instrument.Index} },
	} {
		leg := ok
		change(&leg)
		if _, err := tables.Schedule(leg); !errors.Is(err, ErrNoRate) {
			t.Errorf("%s: %v, want ErrNoRate", name, err)
		}
	}
}

func TestFundUnitsPayTheirOwnSTT(t *testing.T) {
	tables := mustLoad(t)
	s, err := tables.Schedule(Leg{Instrument: contracts["etf"], Side: order.Sell, Product: order.CNC, Date: mustDate(t, "2026-11-24"), Plan: "flat20"})
	if err != nil {
		t.Fatal(err)
	}
	n, err := s.Note(mustPaise(t, "1000000"), 1000)
	if err != nil || n.STT != mustPaise(t, "10") {
		t.Errorf("STT on a sale of ₹10 lakh of fund units = %s, %v; want 10.00", n.STT, err)
	}
}

// TestFillsAddUpToTheOrder: differences of cumulative notes are never negative and add up to the one-shot note.
func TestFillsAddUpToTheOrder(t *testing.T) {
	tables := mustLoad(t)
	rapid.Check(t, func(r *rapid.T) {
		name := rapid.SampledFrom([]string{"share", "etf", "nifty-fut", "nifty-opt", "sensex", "crude-fut"}).Draw(r, "contract")
		leg := Leg{
			Instrument: contracts[name],
			Side:       rapid.SampledFrom([]order.Side{order.Buy, order.Sell}).Draw(r, "side"),
			Product:    rapid.SampledFrom([]order.Product{order.CNC, order.MIS}).Draw(r, "product"),
			Date:       mustDate(t, "2026-11-24"),
			Plan:       rapid.SampledFrom(tables.Plans()).Draw(r, "plan").ID,
		}
		s, err := tables.Schedule(leg)
		if err != nil {
			r.Fatal(err)
		}
		var posted, sum Note
		var turnover money.Paise
		var qty money.Qty
		for range rapid.IntRange(1, 8).Draw(r, "fills") {
			turnover += money.Paise(rapid.Int64Range(1, 1e9).Draw(r, "turnover"))
			qty += money.Qty(rapid.Int64Range(1, 5000).Draw(r, "qty"))
			now, err := s.Note(turnover, qty)
			if err != nil {
				r.Fatal(err)
			}
			step := now.Sub(posted)
			for _, line := range []money.Paise{step.Brokerage, step.STT, step.Exchange, step.SEBIFee, step.StampDuty, step.GST, step.CTT} {
				if line < 0 {
					r.Fatalf("a fill's charge fell: %+v", step)
				}
			}
			posted, sum = now, sum.Add(step)
		}
		whole, err := s.Note(turnover, qty)
		if err != nil || whole != sum {
			r.Fatalf("fills add up to %+v, the order costs %+v (%v)", sum, whole, err)
		}
	})
}

func TestOverrides(t *testing.T) {
	base := mustLoad(t)
	dear := fstest.MapFS{"plans.csv": {Data: []byte("plan,name,dp_fee,source,note\nflat20,Dear,100,ours,x\n")}}
	tables, err := Load(dear)
	if err != nil {
		t.Fatal(err)
	}
	got, err := tables.DPCharge("flat20", contracts["share"], mustDate(t, "2026-11-24"))
	if err != nil || got != mustPaise(t, "118") {
		t.Errorf("overridden DP charge = %s, %v; want 118.00", got, err)
	}
	if tables.Version == base.Version {
		t.Error("other tables, same version")
	}
	for name, text := range map[string]string{
		"no source":   "h,,,,,,,,\nstt,*,*,*,both,2024-10-01,,0.1,\n",
		"not a date":  "h,,,,,,,,\nstt,*,*,*,both,yesterday,,0.1,x\n",
		"over 100 %":  "h,,,,,,,,\nstt,*,*,*,both,2024-10-01,,101,x\n",
		"a cell less": "h,,,,,,,\nstt,*,*,*,both,2024-10-01,0.1,x\n",
		"empty":       "h,,,,,,,,\n",
	} {
		if _, err := Load(fstest.MapFS{"statutory.csv": {Data: []byte(text)}}); err == nil {
			t.Errorf("a table with %s was taken", name)
		}
	}
}
