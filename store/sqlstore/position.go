package sqlstore

import (
	"encoding/json"
	"fmt"

	"paperport/engine"
	"paperport/position"
)

const positionColumns = `account, instrument, product, net_qty, avg_price, cost, buy_qty, sell_qty, buy_value, sell_value, realised,
 charges, blocked, trading_date, updated_at, carried_qty, from_holdings`

const putPosition = `INSERT INTO positions (` + positionColumns + `)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
 ON CONFLICT (account, instrument, product) DO UPDATE SET net_qty = excluded.net_qty, avg_price = excluded.avg_price,
 cost = excluded.cost, buy_qty = excluded.buy_qty, sell_qty = excluded.sell_qty, buy_value = excluded.buy_value,
 sell_value = excluded.sell_value, realised = excluded.realised, charges = excluded.charges, blocked = excluded.blocked,
 trading_date = excluded.trading_date, updated_at = excluded.updated_at, carried_qty = excluded.carried_qty,
 from_holdings = excluded.from_holdings`

func (t *transaction) positions(list []position.Position) error {
	for i := range list {
		p := &list[i]
		_, err := t.exec(putPosition, string(p.Account), int64(p.Instrument), int64(p.Product), int64(p.NetQty), int64(p.AvgPrice),
			int64(p.Cost), int64(p.BuyQty), int64(p.SellQty), int64(p.BuyValue), int64(p.SellValue), int64(p.RealisedPnL),
			int64(p.Charges), int64(p.Blocked), int64(p.TradingDate), int64(p.UpdatedAt),
			int64(p.CarriedQty), int64(p.FromHoldings))
		if err != nil {
			return fmt.Errorf("sqlstore: storing a position in %d: %w", p.Instrument, err)
		}
	}
	return nil
}

func scanPosition(scan func(...any) error) (p position.Position, err error) {
	return p, scan(&p.Account, &p.Instrument, &p.Product, &p.NetQty, &p.AvgPrice, &p.Cost, &p.BuyQty, &p.SellQty, &p.BuyValue,
		&p.SellValue, &p.RealisedPnL, &p.Charges, &p.Blocked, &p.TradingDate, &p.UpdatedAt, &p.CarriedQty, &p.FromHoldings)
}

const holdingColumns = `account, instrument, qty, t1_qty, sold_today, cost, avg_price, lots, updated_at, dp_charged_on`

const putHolding = `INSERT INTO holdings (` + holdingColumns + `) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
 ON CONFLICT (account, instrument) DO UPDATE SET qty = excluded.qty, t1_qty = excluded.t1_qty, sold_today = excluded.sold_today,
 cost = excluded.cost, avg_price = excluded.avg_price, lots = excluded.lots, updated_at = excluded.updated_at,
 dp_charged_on = excluded.dp_charged_on`

func (t *transaction) holdings(list []position.Holding) error {
	for i := range list {
		h := &list[i]
		lots, err := json.Marshal(h.Lots)
		if err != nil {
			return fmt.Errorf("sqlstore: encoding lots: %w", err)
		}
		_, err = t.exec(putHolding, string(h.Account), int64(h.Instrument), int64(h.Qty), int64(h.T1Qty), int64(h.SoldToday),
			int64(h.Cost), int64(h.AvgPrice), lots, int64(h.UpdatedAt), int64(h.DPChargedOn))
		if err != nil {
			return fmt.Errorf("sqlstore: storing a holding of %d: %w", h.Instrument, err)
		}
	}
	return nil
}

func scanHolding(scan func(...any) error) (h position.Holding, err error) {
	var lots []byte
	err = scan(&h.Account, &h.Instrument, &h.Qty, &h.T1Qty, &h.SoldToday, &h.Cost, &h.AvgPrice, &lots, &h.UpdatedAt, &h.DPChargedOn)
	if err != nil {
		return h, err
	}
	return h, json.Unmarshal(lots, &h.Lots)
}

const fundsColumns = `account, cash, blocked, free, order_blocked, position_blocked`

const putFunds = `INSERT INTO funds (` + fundsColumns + `) VALUES ($1, $2, $3, $4, $5, $6)
 ON CONFLICT (account) DO UPDATE SET cash = excluded.cash, blocked = excluded.blocked, free = excluded.free,
 order_blocked = excluded.order_blocked, position_blocked = excluded.position_blocked`

func (t *transaction) funds(list []engine.Funds) error {
	for _, f := range list {
		_, err := t.exec(putFunds, string(f.Account), int64(f.Cash), int64(f.Blocked), int64(f.Free), int64(f.OrderBlocked), int64(f.PositionBlocked))
		if err != nil {
			return fmt.Errorf("sqlstore: storing funds: %w", err)
		}
	}
	return nil
}

func scanFunds(scan func(...any) error) (f engine.Funds, err error) {
	return f, scan(&f.Account, &f.Cash, &f.Blocked, &f.Free, &f.OrderBlocked, &f.PositionBlocked)
}
