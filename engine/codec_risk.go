package engine

import "paperport/margin"

func (c *codec) under(v **under) {
	if c.isReading {
		*v = &under{}
	}
	u := *v
	num(c, &u.id)
	c.underlying(&u.terms)
}

func (c *codec) underlying(t *margin.Underlying) {
	num(c, &t.Date)
	c.flag(&t.IsIndex)
	num(c, &t.Spot)
	num(c, &t.Close)
	list(c, &t.Spreads, (*codec).spread)
	num(c, &t.ShortMin)
	num(c, &t.DeliveryRate)
	num(c, &t.Exposure)
	num(c, &t.ExposureDeep)
	num(c, &t.Label)
}

func (c *codec) spread(s *margin.Spread) {
	num(c, &s.A)
	num(c, &s.B)
	num(c, &s.Charge)
}

func (c *codec) riskOf(r *riskOf) {
	for i := range r.array.Losses {
		num(c, &r.array.Losses[i])
	}
	num(c, &r.array.Delta)
	num(c, &r.array.Price)
	num(c, &r.daysLeft)
}
