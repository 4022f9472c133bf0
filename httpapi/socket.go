package httpapi

import (
	"context"
	"encoding/json"
	"time"

	"github.com/coder/websocket"

	"paperport/app"
	"paperport/instrument"
	"paperport/order"
)

// socket is one open event stream. serve is its only writer; read feeds it requests.
type socket struct {
	server   *Server
	ws       *websocket.Conn
	actor    app.Actor
	requests chan socketRequest
	ended    chan struct{} // the login is over
	// brokerChanged has a value after a change of the user's broker connection or notices; nil when there is no broker side.
	brokerChanged <-chan struct{}

	venue     app.VenueID
	quotes    *app.QuoteStream
	account   order.AccountID
	events    *app.AccountStream
	isFresh   bool      // the account's first batch was not sent yet
	quotedAt  time.Time // when quotes were last written
	quoteWait <-chan time.Time
}

// serve runs the socket until it ends and leaves nothing behind.
func (c *socket) serve(ctx context.Context, cancel context.CancelFunc) {
	defer c.close()
	readDone := make(chan struct{})
	go func() { defer close(readDone); c.read(ctx, cancel) }()
	code, reason := c.loop(ctx)
	if code == 0 {
		_ = c.ws.CloseNow()
	} else {
		_ = c.ws.Close(code, reason)
	}
	cancel()
	<-readDone
}

func (c *socket) close() {
	if c.quotes != nil {
		c.quotes.Close()
	}
	if c.events != nil {
		c.events.Close()
	}
}

// loop writes what happens until something ends it. Code 0 means that the other side is gone.
func (c *socket) loop(ctx context.Context) (websocket.StatusCode, string) {
	hello := map[string]any{"t": "hello", "now": wireTime(c.server.Clock.Now()), "login_expires_at": wireTime(c.actor.Login.ExpiresAt)}
	if c.write(ctx, hello) != nil {
		return 0, ""
	}
	ping := time.NewTicker(socketPingEvery)
	defer ping.Stop()
	second := time.NewTicker(socketVenueEvery)
	defer second.Stop()
	for {
		var err error
		select {
		case <-ctx.Done():
			return 0, ""
		case <-c.server.sockets.stop:
			return websocket.StatusGoingAway, "the server stops"
		case <-c.ended:
			_ = c.write(ctx, map[string]any{"t": "signed-out"})
			return closeSignedOut, "signed out"
		case <-c.brokerChanged:
			err = c.write(ctx, map[string]any{"t": "broker"}, map[string]any{"t": "notices"})
		case request := <-c.requests:
			err = c.answer(ctx, request)
		case <-eventsReady(c.events):
			if err = c.writeEvents(ctx); err == errResync {
				return closeResync, "fell behind"
			}
		case <-c.quotesReady():
			err = c.quotesDue(ctx)
		case <-c.quoteWait:
			c.quoteWait = nil
			err = c.writeQuotes(ctx)
		case <-second.C:
			err = c.writeVenue(ctx)
		case <-ping.C:
			c.server.Users.Touch(c.actor.Login.TokenHash)
			err = c.ping(ctx)
		}
		if err != nil {
			return 0, ""
		}
	}
}

func eventsReady(s *app.AccountStream) <-chan struct{} {
	if s == nil {
		return nil
	}
	return s.Ready()
}

// quotesReady is silent while a write of quotes is already due.
func (c *socket) quotesReady() <-chan struct{} {
	if c.quotes == nil || c.quoteWait != nil {
		return nil
	}
	return c.quotes.Ready()
}

func (c *socket) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, socketWriteMax)
	defer cancel()
	return c.ws.Ping(ctx)
}

// write sends objects in one frame: an array when there are several.
func (c *socket) write(ctx context.Context, objects ...any) error {
	if len(objects) == 0 {
		return nil
	}
	var frame any = objects
	if len(objects) == 1 {
		frame = objects[0]
	}
	text, err := json.Marshal(frame)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, socketWriteMax)
	defer cancel()
	return c.ws.Write(ctx, websocket.MessageText, text)
}

func (c *socket) answer(ctx context.Context, r socketRequest) error {
	if r.problem != "" {
		return c.write(ctx, map[string]any{"t": "error", "code": "BAD_JSON", "detail": r.problem})
	}
	switch r.Op {
	case "watch":
		return c.watch(ctx, r)
	case "account":
		return c.follow(ctx, r)
	default:
		return c.write(ctx, map[string]any{"t": "pong"})
	}
}

// watch replaces what the page sees of a venue.
func (c *socket) watch(ctx context.Context, r socketRequest) error {
	if venue := app.VenueID(r.Venue); c.quotes == nil || venue != c.venue {
		fresh, err := c.server.App.WatchQuotes(c.actor.User.ID, venue)
		if err != nil {
			return c.write(ctx, c.streamError(ctx, err))
		}
		if c.quotes != nil {
			c.quotes.Close()
		}
		c.quotes, c.venue, c.quoteWait = fresh, venue, nil
	}
	if err := c.quotes.Set(instrumentIDs(r.Quotes), instrumentIDs(r.Depth)); err != nil {
		return c.write(ctx, c.streamError(ctx, err))
	}
	return c.writeVenue(ctx)
}

func instrumentIDs(wire []uint32) []instrument.ID {
	ids := make([]instrument.ID, len(wire))
	for i, id := range wire {
		ids[i] = instrument.ID(id)
	}
	return ids
}

// follow replaces the account the page follows.
func (c *socket) follow(ctx context.Context, r socketRequest) error {
	fresh, err := c.server.App.WatchAccount(c.actor.User.ID, order.AccountID(r.Account), r.After)
	if err != nil {
		return c.write(ctx, c.streamError(ctx, err))
	}
	if c.events != nil {
		c.events.Close()
	}
	c.events, c.account, c.isFresh = fresh, order.AccountID(r.Account), true
	return c.writeEvents(ctx)
}

// writeEvents sends what happened to the account; events are never dropped. A page too slow to keep up is cut off and
// comes back by itself; one that asked for more than is kept is told to fetch everything anew.
func (c *socket) writeEvents(ctx context.Context) error {
	events, seq, isResync := c.events.Take()
	if isResync && !c.isFresh {
		return errResync
	}
	var objects []any
	if isResync {
		objects = append(objects, map[string]any{"t": "resync", "account": string(c.account)})
	}
	objects = append(objects, accountObjects(events)...)
	if c.isFresh {
		objects = append(objects, map[string]any{"t": "caught-up", "account": string(c.account), "seq": seq})
		c.isFresh = false
	}
	return c.write(ctx, objects...)
}

// quotesDue writes quotes now, or as soon as the last write is old enough.
func (c *socket) quotesDue(ctx context.Context) error {
	if wait := c.server.Limits.QuoteEvery - time.Since(c.quotedAt); wait > 0 {
		c.quoteWait = time.After(wait)
		return nil
	}
	return c.writeQuotes(ctx)
}

func (c *socket) writeQuotes(ctx context.Context) error {
	if c.quotes == nil {
		return nil
	}
	quotes, depth := c.quotes.Take()
	c.quotedAt = time.Now()
	var objects []any
	if len(quotes) > 0 {
		objects = append(objects, map[string]any{"t": "quotes", "venue": string(c.venue), "quotes": wireQuotes(quotes)})
	}
	if len(depth) > 0 {
		ladders := make([]Depth, len(depth))
		for i, d := range depth {
			ladders[i] = wireDepth(d)
		}
		objects = append(objects, map[string]any{"t": "depth", "venue": string(c.venue), "depth": ladders})
	}
	return c.write(ctx, objects...)
}

func (c *socket) writeVenue(ctx context.Context) error {
	if c.quotes == nil {
		return nil
	}
	state, err := c.server.App.Venue(ctx, c.actor.User.ID, c.venue)
	if err != nil {
		return nil // a venue that is gone says so when it is watched
	}
	return c.write(ctx, map[string]any{"t": "venue", "venue": wireVenue(state, c.actor.User.Role)})
}
