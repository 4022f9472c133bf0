package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"

	"paperport/calendar"
	"paperport/order"
	"paperport/store"
)

const tradeColumns = `account, id, seq, order_id, instrument, side, product, qty, price, at, trading_date, realised, turnover,
 brokerage, stt, exchange, sebi, stamp, gst, ctt, dp, evidence`

const addTrade = `INSERT INTO trades (` + tradeColumns + `)
 VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)`

func (t *transaction) trades(list []store.Trade) error {
	for i := range list {
		e := &list[i]
		evidence, err := json.Marshal(e.Trade.Evidence)
		if err != nil {
			return fmt.Errorf("sqlstore: encoding evidence: %w", err)
		}
		d, c := &e.Trade, &e.Charges
		_, err = t.exec(addTrade, string(d.Account), int64(d.ID), int64(e.Seq), int64(d.Order), int64(d.Instrument), int64(d.Side),
			int64(d.Product), int64(d.Qty), int64(d.Price), int64(d.At), int64(d.TradingDate), int64(e.RealisedPnL),
			int64(c.Turnover), int64(c.Brokerage), int64(c.STT), int64(c.Exchange), int64(c.SEBIFee), int64(c.StampDuty),
			int64(c.GST), int64(c.CTT), int64(c.DPCharge), evidence)
		if err != nil {
			return fmt.Errorf("sqlstore: storing trade %d: %w", d.ID, err)
		}
	}
	return nil
}

func scanTrade(scan func(...any) error) (e store.Trade, err error) {
	d, c := &e.Trade, &e.Charges
	var evidence []byte
	err = scan(&d.Account, &d.ID, &e.Seq, &d.Order, &d.Instrument, &d.Side, &d.Product, &d.Qty, &d.Price, &d.At, &d.TradingDate,
		&e.RealisedPnL, &c.Turnover, &c.Brokerage, &c.STT, &c.Exchange, &c.SEBIFee, &c.StampDuty, &c.GST, &c.CTT, &c.DPCharge,
		&evidence)
	if err != nil {
		return e, err
	}
	return e, json.Unmarshal(evidence, &d.Evidence)
}

// TradesOn lists an account's fills of a trading date by id.
func (s *Store) TradesOn(ctx context.Context, a order.AccountID, d calendar.Date) ([]store.Trade, error) {
	return list(ctx, s.read, "trades", scanTrade,
		`SELECT `+tradeColumns+` FROM trades WHERE account = $1 AND trading_date = $2 ORDER BY id`, string(a), int64(d))
}

// TradesOf lists the fills of an order by id.
func (s *Store) TradesOf(ctx context.Context, a order.AccountID, id order.ID) ([]store.Trade, error) {
	return list(ctx, s.read, "trades", scanTrade,
		`SELECT `+tradeColumns+` FROM trades WHERE account = $1 AND order_id = $2 ORDER BY id`, string(a), int64(id))
}
