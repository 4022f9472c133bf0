package main

import (
	"fmt"
	"net/http"
	"strconv"
	"time"
)

const (
	positionsLen = 20
	loadConns    = 64
	booksLen     = 40 // accounts of the load: a user may have 50
	// Requests of one sample: few enough for a quick run, enough for a median.
	getsAlone, getsMany     = 300, 3000
	ordersAlone, ordersMany = 150, 2560
)

// bookOf is one account of the load with the order that it sends.
type bookOf struct {
	account string
	order   map[string]any
}

// marketUnderLoad is a running server with a trader who holds positions and has accounts for the load.
type marketUnderLoad struct {
	*trader
	positions string // path
	books     []bookOf
	sent      int
}

// httpRows is P14 and the HTTP row of P4: reading twenty positions with live P&L, and orders that are durable before the
// answer, over keep-alive connections.
func httpRows(b *bench) error {
	ours, err := b.oursServer("on")
	if err != nil {
		return err
	}
	p, _, err := b.launch(ours, "/livez", "")
	if err != nil {
		return err
	}
	defer p.kill()
	m, err := openMarket(baseOf(p.url))
	if err != nil {
		return err
	}
	floor, err := b.floorServer()
	if err != nil {
		return err
	}
	f, _, err := b.launch(floor, "/", "")
	if err != nil {
		return err
	}
	defer f.kill()
	return m.rows(b, baseOf(f.url))
}

func baseOf(url string) string {
	for i := len("http://"); i < len(url); i++ {
		if url[i] == '/' {
			return url[:i]
		}
	}
	return url
}

func (m *marketUnderLoad) rows(b *bench, floorURL string) error {
	floor := &trader{url: floorURL, client: newClient(loadConns)}
	for _, c := range []struct {
		name         string
		conns, total int
		isOrder      bool
		goal         float64
		id           string
	}{
		{"GET 20 positions, 1 connection, p50", 1, getsAlone, false, 1.3, "P14"},
		{"GET 20 positions, 64 connections, per request", loadConns, getsMany, false, 1.3, "P14"},
		{"POST order, durable, 1 connection, p50", 1, ordersAlone, true, 1.3, "P14"},
		{"POST order, durable, 64 connections, per order", loadConns, ordersMany, true, 1.25, "P4"},
	} {
		ours := func(conn, n int) (*http.Request, error) { return m.request(http.MethodGet, m.positions, nil) }
		theirs := func(conn, n int) (*http.Request, error) { return floor.request(http.MethodGet, "/list", nil) }
		status := http.StatusOK
		if c.isOrder {
			ours = m.orderRequest
			theirs = func(conn, n int) (*http.Request, error) {
				return floor.request(http.MethodPost, "/order", m.body(conn, n))
			}
			status = http.StatusCreated
		}
		pick := func(a answered) time.Duration { return a.each }
		if c.conns == 1 {
			pick = func(a answered) time.Duration { return a.p50 }
		}
		err := b.measure(row{
			ID: c.id, Name: c.name, Unit: "us", Goal: c.goal,
			ours:  m.sampleOf(&load{newClient(c.conns), c.conns, c.total, ours, status}, pick),
			floor: m.sampleOf(&load{newClient(c.conns), c.conns, c.total, theirs, status}, pick),
		})
		if err != nil {
			return err
		}
	}
	return m.checkOrders(b)
}

func (m *marketUnderLoad) sampleOf(l *load, pick func(answered) time.Duration) func() (sample, error) {
	return func() (sample, error) {
		m.sent += l.total
		a, err := l.run()
		if err != nil {
			return sample{}, err
		}
		return sample{cost: micros(pick(a)), proof: fmt.Sprintf("%d requests, all answered %d", l.total, l.status)}, nil
	}
}

// book spreads the orders, for an account may have only so many working.
func (m *marketUnderLoad) book(conn, n int) bookOf { return m.books[(conn+n)%len(m.books)] }

// body is a new limit order far below the market: it is checked, reserves money and rests.
func (m *marketUnderLoad) body(conn, n int) map[string]any {
	book := m.book(conn, n)
	out := map[string]any{"client_order_id": fmt.Sprintf("load-%d-%d-%d", conn, n, time.Now().UnixNano())}
	for k, v := range book.order {
		out[k] = v
	}
	return out
}

func (m *marketUnderLoad) orderRequest(conn, n int) (*http.Request, error) {
	return m.request(http.MethodPost, "/api/accounts/"+m.book(conn, n).account+"/orders", m.body(conn, n))
}

// checkOrders proves that what was answered is there: every account has the orders it sent.
func (m *marketUnderLoad) checkOrders(b *bench) error {
	stored := 0
	for _, book := range m.books {
		var page struct {
			Orders []struct {
				Status string `json:"status"`
			} `json:"orders"`
		}
		if err := m.call(http.MethodGet, "/api/accounts/"+book.account+"/orders", nil, &page); err != nil {
			return err
		}
		for _, o := range page.Orders {
			if o.Status == "open" || o.Status == "pending" {
				stored++
			}
		}
	}
	want := b.pairs * (ordersAlone + ordersMany)
	r := &b.results[len(b.results)-1]
	r.Note = fmt.Sprintf("%d of %d acknowledged orders are there", stored, want)
	if stored != want {
		r.Equal, r.Met = false, "void"
	}
	return nil
}

// openMarket makes the owner, buys twenty shares, and opens one account for each connection of the load.
func openMarket(url string) (*marketUnderLoad, error) {
	m := &marketUnderLoad{trader: &trader{url: url, client: newClient(1)}}
	if err := m.call(http.MethodPost, "/api/setup", map[string]string{"username": benchUser, "password": benchPass}, nil); err != nil {
		return nil, err
	}
	var me struct {
		Accounts []struct{ ID, Venue string } `json:"accounts"`
	}
	if err := m.call(http.MethodGet, "/api/me", nil, &me); err != nil {
		return nil, err
	}
	if len(me.Accounts) == 0 {
		return nil, fmt.Errorf("the new owner has no account")
	}
	first := me.Accounts[0]
	m.positions = "/api/accounts/" + first.ID + "/positions"
	shares, err := m.shares(first.Venue)
	if err != nil {
		return nil, err
	}
	for i, id := range shares {
		if err := m.buy(first.ID, id, i); err != nil {
			return nil, err
		}
	}
	if err := m.awaitPositions(); err != nil {
		return nil, err
	}
	return m, m.openBooks(first.Venue, shares[0])
}

// shares finds twenty cheap enough shares with a live price.
func (m *marketUnderLoad) shares(venue string) ([]int, error) {
	var ids []int
	for _, q := range []string{"reliance", "tcs", "infy", "itc", "sbin", "hdfcbank", "icicibank", "axisbank", "wipro", "ongc", "ntpc", "coalindia", "tatasteel", "hindalco", "cipla", "sunpharma", "bhartiartl", "kotakbank", "powergrid", "techm", "bel", "gail", "ioc", "bpcl", "pnb", "vedl"} {
		var found struct {
			Instruments []struct {
				ID             int
				Kind, Exchange string
			} `json:"instruments"`
		}
		if err := m.call(http.MethodGet, "/api/instruments?venue="+venue+"&limit=5&q="+q, nil, &found); err != nil {
			return nil, err
		}
		for _, i := range found.Instruments {
			if i.Kind == "equity" && i.Exchange == "NSE" {
				ids = append(ids, i.ID)
				break
			}
		}
		if len(ids) == positionsLen {
			return ids, nil
		}
	}
	return nil, fmt.Errorf("only %d shares found", len(ids))
}

// buy sends one market order for one share until it is taken: a price may need a moment to arrive.
func (m *marketUnderLoad) buy(account string, id, n int) error {
	order := map[string]any{"client_order_id": "", "instrument": id, "side": "buy", "product": "CNC", "type": "market", "validity": "day", "qty": 1, "price": "", "tag": ""}
	var err error
	for try := range 50 {
		order["client_order_id"] = fmt.Sprintf("position-%d-%d", n, try)
		if err = m.call(http.MethodPost, "/api/accounts/"+account+"/orders", order, nil); err == nil {
			return nil
		}
		time.Sleep(200 * time.Millisecond)
	}
	return err
}

func (m *marketUnderLoad) awaitPositions() error {
	var page struct {
		Positions []struct{ Last string } `json:"positions"`
	}
	for range 100 {
		if err := m.call(http.MethodGet, m.positions, nil, &page); err != nil {
			return err
		}
		if len(page.Positions) == positionsLen {
			return nil
		}
		time.Sleep(100 * time.Millisecond)
	}
	return fmt.Errorf("%d positions, want %d", len(page.Positions), positionsLen)
}

// openBooks opens the load's accounts; each sends one-share limit orders at nine tenths of the price.
func (m *marketUnderLoad) openBooks(venue string, id int) error {
	var page struct {
		Quotes []struct{ Last string } `json:"quotes"`
	}
	if err := m.call(http.MethodGet, fmt.Sprintf("/api/quotes?venue=%s&ids=%d", venue, id), nil, &page); err != nil {
		return err
	}
	if len(page.Quotes) == 0 {
		return fmt.Errorf("no quote for instrument %d", id)
	}
	last, err := strconv.ParseFloat(page.Quotes[0].Last, 64)
	if err != nil {
		return err
	}
	price := fmt.Sprintf("%d.00", int(last*0.95))
	for i := range booksLen {
		var account struct{ ID string }
		body := map[string]any{"name": fmt.Sprintf("Load %d", i), "capital": "100000000.00", "plan": "flat20", "venue": venue}
		if err := m.call(http.MethodPost, "/api/accounts", body, &account); err != nil {
			return err
		}
		m.books = append(m.books, bookOf{account: account.ID, order: map[string]any{
			"instrument": id, "side": "buy", "product": "CNC", "type": "limit", "validity": "day", "qty": 1, "price": price, "tag": "",
		}})
	}
	return nil
}
