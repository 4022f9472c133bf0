package match

import (
	"fmt"
	"sort"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"paperport/calendar"
	"paperport/instrument"
	"paperport/market"
	"paperport/money"
	"paperport/order"
)

// reference is the slow, obvious matcher: no sorted books, no short cuts; every frame looks at every order. It is
// written from docs/domain/matching.md, not from Book.
type reference struct {
	quote, prevQuote market.Quote
	depth            market.Depth
	orders           []*refOrder
	spent            map[refLevel]refSpent
	turns            int
}

type refOrder struct {
	id         order.ID
	account    int32
	isBuy      bool
	limit      money.Price
	leaves     money.Qty
	queue      money.Qty
	isKnown    bool
	isSweeping bool
	joined     calendar.Instant
	turn       int
	profile    string
}

type refLevel struct {
	account int32
	isAsk   bool
	price   money.Price
}

type refSpent struct{ size, used money.Qty }

type refFill struct {
	Order order.ID
	Qty   money.Qty
	Price money.Price
	Rule  string
}

// offers lists one side of the book, best first, and whether that is all there is.
func (m *reference) offers(isAsk bool) (levels []market.Level, isAll bool) {
	top := market.Level{Price: m.quote.Bid, Qty: m.quote.BidQty}
	ladder := m.depth.Bids[:m.depth.BidLevels]
	if isAsk {
		top = market.Level{Price: m.quote.Ask, Qty: m.quote.AskQty}
		ladder = m.depth.Asks[:m.depth.AskLevels]
	}
	isDepthGood := m.depth.ReceivedAt != 0 && m.depth.ReceivedAt >= m.quote.ReceivedAt-1_000_000
	switch {
	case !isDepthGood && top.Price == 0:
		return nil, true
	case !isDepthGood:
		return []market.Level{top}, false
	case m.quote.ReceivedAt <= m.depth.ReceivedAt:
		return ladder, len(ladder) < 5
	case top.Price == 0:
		return nil, true
	}
	levels = []market.Level{top}
	for _, l := range ladder {
		if (isAsk && l.Price > top.Price) || (!isAsk && l.Price < top.Price) {
			levels = append(levels, l)
		}
	}
	isAll = len(ladder) < 5
	if len(levels) > 5 {
		levels, isAll = levels[:5], false
	}
	return levels, isAll
}

// reaches reports whether a price on the other side is as good as the order asks.
func (o *refOrder) reaches(p money.Price) bool {
	if o.isBuy {
		return p <= o.limit
	}
	return p >= o.limit
}

// isFilledAt reports whether an offer on the other side fills the order where it rests: at the limit or better, for a
// pessimist only at least one tick (0.05 here) better.
func (o *refOrder) isFilledAt(p money.Price) bool {
	switch {
	case o.profile != Pessimistic:
		return o.reaches(p)
	case o.isBuy:
		return p <= o.limit-500
	default:
		return p >= o.limit+500
	}
}

// join is what the order finds ahead of it: nothing for a learner, half as much again for a pessimist.
func (m *reference) join(o *refOrder) {
	o.queue, o.isKnown = m.queueAt(o)
	switch o.profile {
	case Learner:
		o.queue, o.isKnown = 0, true
	case Pessimistic:
		o.queue += (o.queue + 1) / 2
	}
}

// queueAt is what stands at the order's limit on its own side.
func (m *reference) queueAt(o *refOrder) (money.Qty, bool) {
	levels, isAll := m.offers(!o.isBuy)
	if len(levels) == 0 {
		return 0, isAll
	}
	for _, l := range levels {
		if l.Price == o.limit {
			return l.Qty, true
		}
	}
	last := levels[len(levels)-1].Price
	isBeyond := (o.isBuy && o.limit < last) || (!o.isBuy && o.limit > last)
	return 0, !isBeyond || isAll
}

func (m *reference) take(o *refOrder, l market.Level) money.Qty {
	k := refLevel{o.account, o.isBuy, l.Price}
	s := m.spent[k]
	qty := max(0, min(o.leaves, l.Qty-s.used))
	if qty > 0 {
		m.spent[k] = refSpent{l.Qty, s.used + qty}
		o.leaves -= qty
	}
	return qty
}

func (m *reference) walk(o *refOrder) (fills []refFill) {
	levels, _ := m.offers(o.isBuy)
	for _, l := range levels {
		if o.reaches(l.Price) {
			if qty := m.take(o, l); qty > 0 {
				fills = append(fills, refFill{o.id, qty, l.Price, WalksDepth})
			}
		}
	}
	return fills
}

func (m *reference) isMarketable(o *refOrder) bool {
	levels, _ := m.offers(o.isBuy)
	return len(levels) > 0 && o.reaches(levels[0].Price)
}

func (m *reference) enter(o *refOrder, at calendar.Instant) []refFill {
	fills := m.walk(o)
	if o.leaves > 0 {
		o.joined = at
		m.join(o)
		o.isSweeping = m.isMarketable(o)
		m.turns++
		o.turn = m.turns
		m.orders = append(m.orders, o)
	}
	return fills
}

// forget drops what is remembered of levels that a frame shows to have changed.
func (m *reference) forget(isAsk bool, before, now []market.Level, isLadder bool) {
	size := func(levels []market.Level, p money.Price) (money.Qty, bool) {
		for _, l := range levels {
			if l.Price == p {
				return l.Qty, true
			}
		}
		return 0, false
	}
	for k, s := range m.spent {
		if k.isAsk != isAsk {
			continue
		}
		qty, isShown := size(now, k.price)
		old, wasShown := size(before, k.price)
		isBeyond := len(now) > 0 && ((isAsk && k.price > now[len(now)-1].Price) || (!isAsk && k.price < now[len(now)-1].Price))
		switch {
		case isShown && (!wasShown || old != qty) && qty != s.size:
			delete(m.spent, k)
		case isShown:
		case !isBeyond:
			delete(m.spent, k)
		case isLadder && len(now) < 5:
			delete(m.spent, k)
		}
	}
}

func top(p money.Price, q money.Qty) []market.Level {
	if p == 0 {
		return nil
	}
	return []market.Level{{Price: p, Qty: q}}
}

func (m *reference) onQuote(q market.Quote) []refFill {
	if (q.Bid > 0 && q.Ask > 0 && q.Bid >= q.Ask) || q.ReceivedAt < m.quote.ReceivedAt {
		return nil
	}
	for _, isAsk := range []bool{false, true} {
		before, now := top(m.quote.Bid, m.quote.BidQty), top(q.Bid, q.BidQty)
		if isAsk {
			before, now = top(m.quote.Ask, m.quote.AskQty), top(q.Ask, q.AskQty)
		}
		if !cmp.Equal(before, now) {
			m.forget(isAsk, before, now, false)
		}
	}
	m.prevQuote, m.quote = m.quote, q
	sold, bought := m.printed()
	return m.sweep(sold, bought)
}

func (m *reference) onDepth(d market.Depth) []refFill {
	if d.ReceivedAt < m.depth.ReceivedAt {
		return nil
	}
	m.forget(false, m.depth.Bids[:m.depth.BidLevels], d.Bids[:d.BidLevels], true)
	m.forget(true, m.depth.Asks[:m.depth.AskLevels], d.Asks[:d.AskLevels], true)
	m.depth = d
	return m.sweep(0, 0)
}

// printed is what sellers and buyers traded between the last two quotes.
func (m *reference) printed() (sold, bought money.Qty) {
	p := m.prevQuote
	n := m.quote.Volume - p.Volume
	if n <= 0 || p.ReceivedAt == 0 || m.quote.Last == 0 {
		return 0, 0
	}
	last := m.quote.Last
	switch {
	case p.Bid > 0 && last <= p.Bid:
		return n, 0
	case p.Ask > 0 && last >= p.Ask:
		return 0, n
	case p.Bid > 0 && p.Ask > 0 && last-p.Bid < p.Ask-last:
		return n, 0
	case p.Bid > 0 && p.Ask > 0 && last-p.Bid > p.Ask-last:
		return 0, n
	default:
		return n / 2, n / 2
	}
}

// sweep looks at every order: buys first, best price first, oldest first.
func (m *reference) sweep(sold, bought money.Qty) (fills []refFill) {
	for _, o := range m.orders {
		if !o.isKnown {
			m.join(o)
		}
		if !m.isMarketable(o) {
			o.isSweeping = false
		}
	}
	sort.Slice(m.orders, func(i, j int) bool {
		a, b := m.orders[i], m.orders[j]
		switch {
		case a.isBuy != b.isBuy:
			return a.isBuy
		case a.limit != b.limit:
			return (a.limit > b.limit) == a.isBuy
		default:
			return a.turn < b.turn
		}
	})
	used := map[string]money.Qty{}
	for _, o := range m.orders {
		if m.isMarketable(o) {
			fills = append(fills, m.reached(o)...)
		}
		printed := sold
		if !o.isBuy {
			printed = bought
		}
		if printed > 0 && o.leaves > 0 && !o.isSweeping && o.reaches(m.quote.Last) && o.profile != Learner && m.prevQuote.ReceivedAt >= o.joined {
			fills = append(fills, m.queued(o, printed, used)...)
		}
	}
	kept := m.orders[:0]
	for _, o := range m.orders {
		if o.leaves > 0 {
			kept = append(kept, o)
		}
	}
	m.orders = kept
	return fills
}

func (m *reference) reached(o *refOrder) []refFill {
	if o.isSweeping {
		return m.walk(o)
	}
	levels, _ := m.offers(o.isBuy)
	var qty money.Qty
	for _, l := range levels {
		if o.isFilledAt(l.Price) {
			qty += m.take(o, l)
		}
	}
	if qty == 0 {
		return nil
	}
	return []refFill{{o.id, qty, o.limit, FarQuote}}
}

func (m *reference) queued(o *refOrder, printed money.Qty, used map[string]money.Qty) []refFill {
	isPessimist, isThrough := o.profile == Pessimistic, m.quote.Last != o.limit
	if isThrough && !isPessimist {
		o.queue, o.isKnown = 0, true
	}
	if !o.isKnown {
		return nil
	}
	if isPessimist {
		printed /= 2
	}
	ahead := min(o.queue, printed)
	o.queue -= ahead
	if isPessimist && !isThrough {
		return nil
	}
	key := fmt.Sprint(o.account, o.isBuy)
	qty := min(o.leaves, printed-ahead-used[key])
	if qty <= 0 {
		return nil
	}
	used[key] += qty
	o.leaves -= qty
	return []refFill{{o.id, qty, o.limit, QueuePrinted}}
}

// TestAgainstReference runs generated markets through both matchers; every frame must give the same fills.
func TestAgainstReference(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		m := &market2{r: r, book: bookOf(&instrument.Instrument{Kind: instrument.Equity, Terms: instrument.Terms{LotSize: 1, TickSize: 500}}),
			ref: &reference{spent: map[refLevel]refSpent{}}, live: map[order.ID]*Resting{}}
		for i := range m.of {
			m.of[i] = rapid.SampledFrom([]string{Learner, Realistic, Pessimistic}).Draw(r, "profile")
		}
		for range rapid.IntRange(5, 60).Draw(r, "events") {
			m.now += calendar.Instant(rapid.SampledFrom([]int64{0, 100_000, 600_000, 1_500_000}).Draw(r, "wait"))
			switch rapid.IntRange(0, 5).Draw(r, "event") {
			case 0, 1:
				m.quote()
			case 2:
				m.depth()
			case 3, 4:
				m.enter()
			case 5:
				m.cancel()
			}
		}
	})
}

// market2 drives both matchers with the same events.
type market2 struct {
	r      *rapid.T
	book   *Book
	ref    *reference
	live   map[order.ID]*Resting
	now    calendar.Instant
	volume money.Qty
	last   order.ID
	// of are the profiles of the two accounts.
	of [2]string
}

func (m *market2) compare(what string, got []Fill, want []refFill) {
	var have []refFill
	for _, f := range got {
		have = append(have, refFill{f.Order.ID, f.Qty, f.Price, f.Rule})
		if f.Order.Leaves == 0 {
			delete(m.live, f.Order.ID)
		}
	}
	if d := cmp.Diff(want, have); d != "" {
		m.r.Fatalf("%s: reference (-) and book (+) differ:\n%s", what, d)
	}
}

func (m *market2) price(name string) money.Price {
	return money.Price(rapid.Int64Range(195, 206).Draw(m.r, name)) * 500
}

func (m *market2) size(name string) money.Qty {
	return money.Qty(rapid.SampledFrom([]int64{0, 10, 20, 50}).Draw(m.r, name))
}

func (m *market2) quote() {
	m.now++
	m.volume += m.size("traded")
	q := market.Quote{ReceivedAt: m.now, Bid: m.price("bid"), Ask: m.price("ask"), BidQty: m.size("bid size"), AskQty: m.size("ask size"), Last: m.price("last"), Volume: m.volume}
	if rapid.IntRange(0, 9).Draw(m.r, "empty") == 0 {
		q.Ask, q.AskQty = 0, 0
	}
	var fills []Fill
	if m.book.SetQuote(&q, 0) {
		fills = m.book.Fill(nil)
	}
	m.compare("quote", fills, m.ref.onQuote(q))
}

func (m *market2) depth() {
	m.now++
	d := market.Depth{ReceivedAt: m.now}
	middle := m.price("middle")
	d.BidLevels, d.AskLevels = uint8(rapid.IntRange(0, 5).Draw(m.r, "bids")), uint8(rapid.IntRange(0, 5).Draw(m.r, "asks"))
	bid, ask := middle, middle
	for i := range market.MaxLevels {
		bid -= 500 * money.Price(rapid.IntRange(1, 2).Draw(m.r, "step"))
		ask += 500 * money.Price(rapid.IntRange(1, 2).Draw(m.r, "step"))
		if i < int(d.BidLevels) {
			d.Bids[i] = market.Level{Price: bid, Qty: m.size("size")}
		}
		if i < int(d.AskLevels) {
			d.Asks[i] = market.Level{Price: ask, Qty: m.size("size")}
		}
	}
	var fills []Fill
	if m.book.SetDepth(&d) {
		fills = m.book.Fill(nil)
	}
	m.compare("depth", fills, m.ref.onDepth(d))
}

func (m *market2) enter() {
	m.last++
	side := rapid.SampledFrom([]order.Side{order.Buy, order.Sell}).Draw(m.r, "side")
	account, limit := int32(rapid.IntRange(0, 1).Draw(m.r, "account")), m.price("limit")
	qty := money.Qty(rapid.Int64Range(1, 60).Draw(m.r, "qty"))
	x := &Resting{ID: m.last, Account: account, Side: side, Limit: limit, Leaves: qty, Profile: ProfileOf(m.of[account])}
	m.live[m.last] = x
	fills := m.book.Enter(x, nil)
	if x.Leaves > 0 {
		m.book.Rest(x, m.now, Fresh)
	}
	m.compare("enter", fills, m.ref.enter(&refOrder{id: m.last, account: account, isBuy: side == order.Buy, limit: limit, leaves: qty, profile: m.of[account]}, m.now))
}

func (m *market2) cancel() {
	if m.last == 0 {
		return
	}
	id := order.ID(rapid.Int64Range(1, int64(m.last)).Draw(m.r, "cancel"))
	x := m.live[id]
	isThere := false
	for i, o := range m.ref.orders {
		if o.id == id {
			m.ref.orders = append(m.ref.orders[:i:i], m.ref.orders[i+1:]...)
			isThere = true
			break
		}
	}
	if got := x != nil && m.book.Remove(x); got != isThere {
		m.r.Fatalf("removing order %d: book %v, reference %v", id, got, isThere)
	}
	delete(m.live, id)
}
