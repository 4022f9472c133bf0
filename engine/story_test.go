package engine

import (
	"strings"
	"testing"

	"paperport/ledger"
	"paperport/margin"
	"paperport/money"
	"paperport/order"
)

// story is a run of input lines. A line "= NAME cash C orders O positions P" says what the account must have then; the
// figures were worked out by hand from the rates of india-rules 3 and 4, to the paisa, not by this program.
type story struct{ name, text string }

var stories = []story{
	{"delivery, sold in parts while settling and after", `
09:15:00 instrument ACME share tick=0.05
09:15:00 phase NSE open
09:15:00 feed NSE alive
09:15:01 account alice 1000000 flat20
09:15:02 quote ACME 1449.95x500 1450.00x100 1450.00
09:15:03 place alice buy-00001 buy 100 ACME CNC 1450
= alice cash 854827.57 orders 0 positions 0
15:30:00 day-end NSE ACME=1500
09:15:00 phase NSE open
09:15:02 quote ACME 1520.00x40 1521.00x100 1520.00
09:15:03 place alice sell-0001 sell 40 ACME CNC 1520
= alice cash 915548.95 orders 0 positions 0
09:15:04 quote ACME 1525.00x30 1526.00x100 1525.00
09:15:05 place alice sell-0002 sell 30 ACME CNC 1525
= alice cash 961251.24 orders 0 positions 0
09:15:06 place alice sell-0003 sell 31 ACME CNC 1525
= alice cash 961251.24 orders 0 positions 0
15:30:00 day-end NSE ACME=1500
09:15:00 phase NSE open
09:15:02 quote ACME 1500.00x40 1501.00x100 1500.00
09:15:03 place alice sell-0004 sell 30 ACME CNC market
= alice cash 1006189.21 orders 0 positions 0
15:30:00 day-end NSE ACME=1500
= alice cash 1006189.21 orders 0 positions 0
`},
	{"intraday short of a share with derivatives, covered with profit and with loss", `
09:15:00 instrument ACME share tick=0.05 derivatives
09:15:00 phase CAS open
09:15:00 feed CAS alive
09:15:01 account alice 100000 flat20
09:15:02 quote ACME 812.35x500 812.45x500 812.40
09:15:03 place alice short-001 sell 200 ACME MIS 812.40
= alice cash 100000 orders 32566.68 positions 0
09:15:04 quote ACME 812.40x500 812.45x500 812.40
= alice cash 99929.32 orders 0 positions 32496.00
09:15:05 place alice cover-001 buy 200 ACME MIS 800
= alice cash 99929.32 orders 0 positions 32496.00
09:15:06 quote ACME 799.90x500 800.00x500 800.00
= alice cash 102374.74 orders 0 positions 0
09:15:07 quote ACME 812.40x500 812.45x500 812.40
09:15:08 place alice short-002 sell 200 ACME MIS 812.40
= alice cash 102304.06 orders 0 positions 32496.00
09:15:09 quote ACME 819.95x500 820.00x500 820.00
09:15:10 place alice cover-002 buy 200 ACME MIS 820
= alice cash 100749.34 orders 0 positions 0
`},
	{"index option bought in three parts, one brokerage, sold at once", `
09:15:00 instrument NIFTY index
09:15:00 instrument CE call tick=0.05 lot=65 freeze=1800 strike=24000 expiry=2026-11-24 under=NIFTY
09:15:00 phase NFO open
09:15:00 feed NFO alive
09:15:01 account alice 100000 flat20
09:15:02 quote CE 120.00x650 120.40x65 120.50
09:15:02 depth CE 120.00x650 | 120.40x65 120.45x65 121.00x650
09:15:03 place alice buy-00001 buy 195 CE NRML 120.50
= alice cash 84314.57 orders 7836.80 positions 0
09:15:04 quote CE 120.00x650 120.50x650 120.50
= alice cash 76477.77 orders 0 positions 0
09:15:05 quote CE 158.25x650 158.30x650 158.25
09:15:06 place alice sell-0001 sell 195 CE NRML market
= alice cash 107253.95 orders 0 positions 0
`},
	{"index option through its expiry", `
09:15:00 instrument NIFTY index
09:15:00 instrument CE call tick=0.05 lot=65 freeze=1800 strike=24000 expiry=2026-11-24 under=NIFTY
09:15:00 instrument PE put tick=0.05 lot=65 freeze=1800 strike=24000 expiry=2026-11-24 under=NIFTY
09:15:00 phase NFO open
09:15:00 feed NFO alive
09:15:01 account alice 20000 flat20
09:15:02 quote CE 94.95x650 95.00x650 95.00
09:15:03 place alice buy-00001 buy 65 CE NRML 95
= alice cash 13798.80 orders 0 positions 0
15:40:00 expire NFO NIFTY=24212.35
= alice cash 27580.55 orders 0 positions 0
23:55:00 day-end NFO NIFTY=24500
= alice cash 27580.55 orders 0 positions 0
`},
	{"IOC takes a part; two accounts each take the same displayed quantity, one account only once", `
09:15:00 instrument ACME share tick=0.05
09:15:00 phase NSE open
09:15:00 feed NSE alive
09:15:01 account alice 50000 flat20
09:15:01 account bob 50000 flat20
09:15:02 quote ACME 812.35x500 812.40x30 812.40
09:15:03 place alice ioc-00001 buy 60 ACME CNC 812.40 ioc
= alice cash 25599.09 orders 0 positions 0
09:15:04 place alice ioc-00002 buy 30 ACME CNC 812.40 ioc
= alice cash 25599.09 orders 0 positions 0
09:15:05 place bob ioc-00001 buy 30 ACME CNC 812.40 ioc
= bob cash 25599.09 orders 0 positions 0
`},
}

func TestStories(t *testing.T) {
	for _, x := range stories {
		t.Run(x.name, func(t *testing.T) {
			s := newScenario(t)
			for _, line := range strings.Split(strings.TrimSpace(x.text), "\n") {
				f := strings.Fields(line)
				if f[0] != "=" {
					s.run(line)
					s.checkStock(line)
					continue
				}
				got := s.e.byID[order.AccountID(f[1])].funds()
				want := Funds{Account: got.Account, Cash: s.paise(f[3]), OrderBlocked: s.paise(f[5]), PositionBlocked: s.paise(f[7])}
				want.Blocked = want.OrderBlocked + want.PositionBlocked
				want.Free = want.Cash - want.Blocked
				if got != want {
					t.Errorf("%s\n got %+v\nwant %+v", line, got, want)
				}
			}
		})
	}
}

// checkStock holds the stock book against what positions and holdings cost: what was paid for is there, or was booked.
func (s *scenario) checkStock(line string) {
	for _, a := range s.e.accounts {
		if got, want := a.books.Of(ledger.Stock), stockOf(s.e, a); got != want {
			s.t.Errorf("%s: account %s: stock book %s, positions and holdings cost %s", line, a.id, got, want)
		}
	}
}

func stockOf(e *Engine, a *account) (cost money.Paise) {
	for _, p := range a.positions {
		if margin.StyleOf(e.inst(p.Instrument).book.Instrument, p.Product) == margin.Paid {
			cost += p.Cost
		}
	}
	for _, h := range a.holdings {
		x := *h
		if x.SoldToday < x.Qty+x.T1Qty { // what the rest of it would release
			rest, _ := x.Sell(x.Usable())
			cost += rest
		}
	}
	return cost
}
