package venue

import (
	"paperport/engine"
	"paperport/order"
	"paperport/position"
)

// index keys rows.
func index[K comparable, V any](rows []V, key func(*V) K) map[K]V {
	all := make(map[K]V, len(rows))
	for i := range rows {
		all[key(&rows[i])] = rows[i]
	}
	return all
}

func positionOf(p *position.Position) positionKey {
	return positionKey{p.Account, p.Instrument, p.Product}
}

func holdingOf(h *position.Holding) holdingKey { return holdingKey{h.Account, h.Instrument} }

func fundsOf(f *engine.Funds) order.AccountID { return f.Account }
