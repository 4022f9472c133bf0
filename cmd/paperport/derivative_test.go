package main

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
	"time"

	"paperport/calendar"
)

// TestDerivativesOnTheDemo sells an index option and buys a future on the demo market as it is installed: the margin is
// worked out before, blocked after, and the books agree.
func TestDerivativesOnTheDemo(t *testing.T) {
	soon := calendar.FromTime(time.Now()).Add(2 * time.Minute)
	if calendar.Demo().At(calendar.Board{Exchange: calendar.NSE, Segment: calendar.FNO}, soon).Phase != calendar.Open {
		t.Skip("the demo market is closed until midnight IST")
	}
	dir, env := emptyWorld(t)
	p := mustServe(t, dir, env)
	p.must(201, "POST", "/api/setup", owner, nil)
	var me struct{ Accounts []struct{ ID string } }
	p.until("the first account is there", func() bool {
		p.must(200, "GET", "/api/me", nil, &me)
		return len(me.Accounts) == 1
	})
	orders := "/api/accounts/" + me.Accounts[0].ID + "/orders"
	for n, c := range []struct{ query, side string }{{"nifty fut", "buy"}, {"nifty ce", "sell"}} {
		i := mustDerivative(p, c.query)
		order := map[string]any{"instrument": i.ID, "side": c.side, "product": "NRML", "type": "market", "validity": "day", "qty": i.Lot}
		var preview struct {
			Code, Reason, Required, Note string
			Margin                       struct{ Span, Exposure, Label string }
		}
		p.until("the preview of "+c.query, func() bool {
			p.must(200, "POST", orders+"/preview", order, &preview)
			return preview.Code == "" && preview.Required != ""
		})
		if least := len("100000.00") - n; len(preview.Required) < least { // the future stands against the sold call
			t.Errorf("%s %s: required %s of a lot of %d", c.side, c.query, preview.Required, i.Lot)
		}
		if m := preview.Margin; m.Label != "approximate" || m.Exposure == "0.00" {
			t.Errorf("%s %s: margin %+v", c.side, c.query, m)
		}
		order["client_order_id"] = fmt.Sprintf("derivative-%d", n)
		p.must(201, "POST", orders, order, nil)
	}
	var book struct {
		Positions []struct {
			Label   string
			NetQty  int64 `json:"net_qty"`
			Blocked string
		}
	}
	p.until("both are filled", func() bool {
		p.must(200, "GET", strings.TrimSuffix(orders, "/orders")+"/positions", nil, &book)
		return len(book.Positions) == 2 && book.Positions[0].NetQty*book.Positions[1].NetQty < 0
	})
	if code := p.stop(syscall.SIGTERM); code != 0 {
		t.Errorf("stopped with %d: %s", code, p.said())
	}
	if out, talk, code := run(t, dir, env, "verify-ledger"); code != 0 {
		t.Errorf("verify-ledger: %d %s %s", code, out, talk)
	}
}

type derivative struct {
	ID    int
	Lot   int `json:"lot_size"`
	Label string
}

func mustDerivative(p *program, query string) derivative {
	p.t.Helper()
	var hits struct{ Instruments []derivative }
	p.must(200, "GET", "/api/instruments?venue=demo&limit=1&q="+strings.ReplaceAll(query, " ", "+"), nil, &hits)
	if len(hits.Instruments) == 0 {
		p.t.Fatalf("no instrument for %q", query)
	}
	return hits.Instruments[0]
}
