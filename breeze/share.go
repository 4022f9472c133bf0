package breeze

// Meter counts the requests of one API key. A client made with another one's Meter goes on counting where that one stands,
// so that a key's budget outlives the client that was dropped with its secrets. The zero Meter counts anew.
type Meter struct{ budget *budget }

// Meter returns the client's.
func (c *Client) Meter() Meter { return Meter{c.budget} }

// With returns a client that differs by its session alone: keys, budget and connections are shared.
func (c *Client) With(t Token) *Client {
	w := &Client{options: c.options, http: c.http, budget: c.budget}
	w.skew.Store(c.skew.Load())
	w.SetToken(t)
	return w
}
