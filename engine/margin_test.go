package engine

import (
	"fmt"
	"strings"
	"testing"

	"paperport/margin"
	"paperport/money"
	"paperport/order"
)

// derivativeWorld is an index with a future and options that expire the month after, and alice's account.
const derivativeWorld = `09:15:00 instrument NIFTY index
09:15:00 instrument FUT future tick=0.05 lot=65 freeze=1800 expiry=2026-12-29 under=NIFTY
09:15:00 instrument CE call tick=0.05 lot=65 freeze=1800 strike=24000 expiry=2026-12-29 under=NIFTY
09:15:00 instrument FAR call tick=0.05 lot=65 freeze=1800 strike=28000 expiry=2026-12-29 under=NIFTY
09:15:00 phase NFO open
09:15:00 feed NFO alive
`

func newDerivatives(t *testing.T, lines string) *scenario {
	s := newScenario(t)
	s.send(derivativeWorld + lines)
	return s
}

// send runs lines and returns what the last of them brought.
func (s *scenario) send(lines string) (out string) {
	for _, line := range strings.Split(strings.TrimSpace(lines), "\n") {
		out = strings.Join(s.run(strings.TrimSpace(line)), "\n")
		if strings.Contains(out, "FAULT") {
			s.t.Fatalf("%s: %s", line, out)
		}
	}
	return out
}

// nextDay ends the trading date of the derivatives; the scenario's own day-end leaves the date as it is.
func (s *scenario) nextDay(marks string) {
	s.send("23:55:00 day-end NFO " + marks)
	s.date++
	s.send("09:15:00 phase NFO open")
}

// TestFutureWithoutAMark: a day that brought no price at all leaves a future at the last day's settlement; the price of its
// purchase, a day old, would take the profit of that day back. Worked out on paper: bought 65 at 24,050.00 (charges 90.20,
// india-rules 3.6 E4), settled at 24,100.00, sold at 24,180.00 (charges 845.39): 65 x 130 less 935.59 in all.
func TestFutureWithoutAMark(t *testing.T) {
	s := newDerivatives(t, `09:15:01 account alice 1000000 flat20
		09:15:02 quote FUT 24049.95x650 24050.00x650 24050.00
		09:15:03 scan NIFTY 24050 24050 FUT=24050
		09:15:04 place alice future-01 buy 65 FUT NRML 24050.00`)
	a := s.e.accounts[0]
	cash := func(when string, want string) {
		t.Helper()
		if got := a.funds().Cash; got != s.paise(want) {
			t.Errorf("%s: cash %s, want %s", when, got, want)
		}
	}
	cash("bought", "999909.80")
	s.nextDay("FUT=24100")
	cash("settled at 24,100.00", "1003159.80")
	s.nextDay("")
	cash("a day without a price", "1003159.80")
	s.send("09:15:02 quote FUT 24120.00x650 24120.05x650 24120.00")
	s.nextDay("")
	cash("a day of which only the last price is known", "1004459.80")
	s.send(`09:15:03 scan NIFTY 24100 24100 FUT=24100
		09:15:03 quote FUT 24180.00x650 24180.05x650 24180.00
		09:15:04 place alice future-02 sell 65 FUT NRML 24180.00`)
	cash("sold", "1007514.41")
	if f := a.funds(); f.Blocked != 0 {
		t.Errorf("nothing is open and %s is blocked", f.Blocked)
	}
}

// TestMoreLegsThanTheModelTakes: a portfolio of more legs than the model adds up halts nobody; its blocks stay, and nothing
// more is taken.
func TestMoreLegsThanTheModelTakes(t *testing.T) {
	s := newScenario(t)
	s.opt.WorkingOrdersMax = 2 * margin.LegsMax
	s.send(derivativeWorld + `09:15:01 account alice 10000000 flat20
		09:15:02 quote FUT 24049.95x650 24050.00x650 24050.00
		09:15:02 quote FAR 0.05x650 0.10x650 0.05`)
	for i := range margin.LegsMax {
		s.send(fmt.Sprintf("09:15:03 place alice far-%05d buy 65 FAR NRML 0.05", i))
	}
	a := s.e.accounts[0]
	a.position(s.ids["FUT"], order.NRML, s.date).NetQty = 65 // as if it had been bought before
	a.positions[0].CarriedQty, a.positions[0].Cost = 65, 65*24050_00
	before := a.funds()
	s.send("09:15:04 scan NIFTY 24050 24050 FUT=24050 FAR=0.05")
	if after := a.funds(); after != before {
		t.Errorf("funds %+v became %+v", before, after)
	}
	if out := s.send("09:15:05 place alice onemore-1 buy 65 FUT NRML 24050.00"); !strings.Contains(out, "VALUE_TOO_LARGE") {
		t.Errorf("one more: %s", out)
	}
	var reserved money.Paise
	for _, w := range a.orders {
		reserved += w.o.Reserved
	}
	if reserved != before.OrderBlocked {
		t.Errorf("orders block %s, told %s", reserved, before.OrderBlocked)
	}
}

// TestClosingWithoutMarginData: what is sold can be bought back while a contract of the same underlying has no array; until
// there is one all that was blocked stays blocked, and nothing is opened.
func TestClosingWithoutMarginData(t *testing.T) {
	s := newDerivatives(t, `09:15:01 account alice 1000000 flat20
		09:15:02 quote FUT 24049.95x650 24050.00x650 24050.00
		09:15:02 quote CE 299.95x65 300.00x65 300.00
		09:15:02 quote FAR 0.95x650 1.00x650 1.00
		09:15:03 scan NIFTY 24050 24050 FUT=24050 CE=300 FAR=1
		09:15:04 place alice long-0001 buy 65 FAR NRML 1.00
		09:15:04 place alice future-01 buy 65 FUT NRML 24050.00
		09:15:04 place alice short-001 sell 65 CE NRML 299.95`)
	a := s.e.accounts[0]
	s.e.inst(s.ids["FAR"]).risk = nil // as after rows were loaded
	before := a.funds()
	for _, line := range []string{
		"09:15:05 place alice open-0001 sell 65 CE NRML 299.95",
		"09:15:05 place alice open-0002 buy 130 CE NRML 300.00",
		"09:15:05 place alice open-0003 buy 65 FUT NRML 24050.00",
		"09:15:05 place alice open-0004 buy 65 FAR NRML 1.00",
	} {
		if out := s.send(line); !strings.Contains(out, "SPAN_NOT_AVAILABLE") {
			t.Errorf("%s: %s", line, out)
		}
	}
	s.send("09:15:06 place alice close-001 buy 65 CE NRML 200.00") // rests
	if out := s.send("09:15:06 place alice close-002 buy 65 CE NRML 300.00"); !strings.Contains(out, "SPAN_NOT_AVAILABLE") {
		t.Errorf("a second order for the same position: %s", out)
	}
	s.send("09:15:07 modify alice modify-01 8 price=300.00")
	f := a.funds()
	if n := a.netQty(s.ids["CE"], order.NRML); n != 0 || f.Blocked != before.Blocked {
		t.Errorf("short %d left, %s blocked; want 0 and %s as before", n, f.Blocked, before.Blocked)
	}
	s.send("09:15:08 scan NIFTY 24050 24050 FUT=24050 FAR=1")
	if f := a.funds(); f.Blocked >= before.Blocked || f.Blocked <= 0 {
		t.Errorf("with arrays %s is blocked for the future, %s was for both", f.Blocked, before.Blocked)
	}
	s.send("09:15:09 place alice close-003 sell 65 FUT NRML 24049.95")
	if f := a.funds(); f.Blocked != 0 {
		t.Errorf("nothing is open and %s is blocked", f.Blocked)
	}
}

// TestClosingWhenArraysTookAllThatWasFree: new arrays may block more than there is; then nothing is opened, and what is
// open can still be closed.
func TestClosingWhenArraysTookAllThatWasFree(t *testing.T) {
	s := newDerivatives(t, `09:15:01 account alice 180000 flat20
		09:15:02 quote FUT 24049.95x650 24050.00x650 24050.00
		09:15:03 scan NIFTY 24050 24050 FUT=24050
		09:15:04 place alice future-01 buy 65 FUT NRML 24050.00
		09:15:05 scan NIFTY 26050 26050 FUT=26050`)
	a := s.e.accounts[0]
	if f := a.funds(); f.Free >= 0 {
		t.Fatalf("the case does not arise: %+v", f)
	}
	if out := s.send("09:15:06 place alice open-0001 buy 65 FUT NRML 24050.00"); !strings.Contains(out, "MARGIN_EXCEEDS_FREE") {
		t.Errorf("opening: %s", out)
	}
	s.send("09:15:07 place alice close-001 sell 65 FUT NRML 24049.95")
	if f := a.funds(); f.Blocked != 0 || f.Cash != s.paise("179065.35") { // 180,000 - 90.20 - 3.25 - 841.20
		t.Errorf("closed: %+v", f)
	}
}

// TestIntradayCarriesNoOtherMargin: a future sold intraday does not lower the margin of the same one bought to carry, which
// is left alone when the intraday one is squared off.
func TestIntradayCarriesNoOtherMargin(t *testing.T) {
	s := newDerivatives(t, `09:15:01 account alice 400000 flat20
		09:15:02 quote FUT 24049.95x650 24050.00x650 24050.00
		09:15:03 scan NIFTY 24050 24050 FUT=24050
		09:15:04 place alice future-01 buy 65 FUT NRML 24050.00
		09:15:05 place alice future-02 sell 65 FUT MIS 24049.95`)
	a := s.e.accounts[0]
	if f := a.funds(); f.PositionBlocked != s.paise("353294.50") { // twice 176,647.25
		t.Errorf("both: %+v", f)
	}
	s.send(`15:25:04 quote FUT 24049.95x650 24050.00x650 24050.00
		15:25:05 square-off NFO`)
	if f := a.funds(); f.PositionBlocked != s.paise("176647.25") || f.Free < 0 {
		t.Errorf("after the square-off: %+v", f)
	}
}

// TestArraysOfYesterday: what was known of an underlying on another day margins nothing new, as it lacks what an expiry day
// adds; what stands keeps its block and can be closed.
func TestArraysOfYesterday(t *testing.T) {
	s := newDerivatives(t, `09:15:01 account alice 1000000 flat20
		09:15:02 quote CE 299.95x650 300.00x650 300.00
		09:15:03 scan NIFTY 24050 24050 CE=300
		09:15:04 place alice short-001 sell 65 CE NRML 299.95`)
	a := s.e.accounts[0]
	before := a.funds().PositionBlocked
	s.nextDay("CE=300")
	s.send("09:15:02 quote CE 299.95x650 300.00x650 300.00")
	if out := s.send("09:15:03 place alice short-002 sell 65 CE NRML 299.95"); !strings.Contains(out, "SPAN_NOT_AVAILABLE") {
		t.Errorf("by yesterday's arrays: %s", out)
	}
	if got := a.funds().PositionBlocked; got != before || before == 0 {
		t.Errorf("the position blocks %s, before %s", got, before)
	}
	s.send("09:15:04 place alice close-001 buy 65 CE NRML 300.00")
	if n := a.netQty(s.ids["CE"], order.NRML); n != 0 {
		t.Errorf("short %d left after buying back", n)
	}
	s.send("09:15:05 scan NIFTY 24050 24050 CE=300")
	if out := s.send("09:15:06 place alice short-003 sell 65 CE NRML 299.95"); strings.Contains(out, "SPAN_NOT_AVAILABLE") {
		t.Errorf("by today's arrays: %s", out)
	}
}
