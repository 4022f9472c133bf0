package breeze

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"paperport/breezewire"
	"paperport/calendar"
)

const (
	// answerMax is the largest answer we read, in bytes; a full chain is about 200 kB.
	answerMax = 8 << 20
	// callWait limits one request with its answer.
	callWait = 30 * time.Second
	// skewMin is the smallest difference of clocks that we correct: the Date header has whole seconds.
	skewMin = 2 * time.Second
	// skewMax is the largest difference we believe.
	skewMax = 12 * time.Hour
)

func (c *Client) now() calendar.Instant { return calendar.FromTime(c.options.Clock.Now()) }

// Skew is how far the broker's clock is ahead of ours, by its last answer; 0 when the two agree within 2 s.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// signed makes a v1 call with a body; it tries once more when the broker failed in passing.
func (c *Client) signed(ctx context.Context, name string, body any, p purpose) (json.RawMessage, error) {
	token := c.token.Load()
	if token == nil || token.session == nil {
		return nil, ErrNoToken
	}
	raw, err := breezewire.Marshal(body)
	if err != nil {
		return nil, err
	}
	send := func() (json.RawMessage, error) {
		timestamp := breezewire.Timestamp(c.options.Clock.Now().Add(c.Skew()))
		return c.send(ctx, c.options.Hosts.API+pathV1+name, raw, http.Header{
			breezewire.HeaderChecksum:  {breezewire.Checksum(timestamp, raw, c.options.Secret.Reveal())},
			breezewire.HeaderTimestamp: {timestamp},
			breezewire.HeaderAppKey:    {c.options.AppKey.Reveal()},
			breezewire.HeaderSession:   {token.session.Encode()},
		}, p)
	}
	return again(send)
}

// v2 makes a call of REST v2: a query, no body, no signature.
func (c *Client) v2(ctx context.Context, query url.Values) (json.RawMessage, error) {
	token := c.token.Load()
	if token == nil || token.session == nil {
		return nil, ErrNoToken
	}
	return again(func() (json.RawMessage, error) {
		return c.send(ctx, c.options.Hosts.History+pathV2+"?"+query.Encode(), nil, http.Header{
			breezewire.HeaderSession: {token.session.Encode()},
			breezewire.HeaderKeyV2:   {c.options.AppKey.Reveal()},
		}, ordinary)
	})
}

// again repeats a read once after the broker's passing failure.
func again(send func() (json.RawMessage, error)) (json.RawMessage, error) {
	success, err := send()
	if errors.Is(err, ErrSporadic) {
		return send()
	}
	return success, err
}

// send makes one GET within the budget and opens the envelope of its answer. Errors name neither URL nor header.
func (c *Client) send(ctx context.Context, address string, body []byte, header http.Header, p purpose) (json.RawMessage, error) {
	if err := c.spend(p); err != nil {
		return nil, err
	}
	success, err := c.carry(ctx, address, body, header)
	if c.options.OnAnswer != nil {
		c.options.OnAnswer(endpointOf(address), answerClassOf(err))
	}
	return success, err
}

// carry makes one GET that was spent already.
func (c *Client) carry(ctx context.Context, address string, body []byte, header http.Header) (json.RawMessage, error) {
	ctx, stop := context.WithTimeout(ctx, callWait)
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, bytes.NewReader(body))
	if err != nil {
		return nil, errors.New("breeze: the host is not a URL")
	}
	if len(body) == 0 {
		request.Body = nil
	}
	header["Content-Type"] = []string{"application/json"}
	request.Header = header
	response, err := c.http.Do(request)
	if err != nil {
		return nil, networkError(err)
	}
	defer response.Body.Close()
	c.noteDate(response.Header.Get("Date"))
	answer, err := readCapped(response.Body, answerMax)
	if err != nil {
		return nil, err
	}
	success, err := breezewire.OpenEnvelope(response.StatusCode, answer)
	if err != nil {
		return nil, fmt.Errorf("breeze: %w", c.refused(err, response.Header))
	}
	c.budget.accepted()
	return success, nil
}

// refused masks what we hold in the broker's words, and turns its "too many" into a pause of our own.
func (c *Client) refused(err error, header http.Header) error {
	var r *breezewire.Refused
	if errors.As(err, &r) && r.Text != "" {
		r.Text = c.mask().line(r.Text)
	}
	if errors.Is(err, ErrRateMinute) || errors.Is(err, ErrRateDay) {
		return c.budget.pause(c.now(), header, err)
	}
	return err
}

// networkError drops the URL that net/http puts into its errors, since a query may hold what nobody should read, and any
// error that may quote what the server sent: a malformed answer or redirect.
func networkError(err error) error {
	var wrapped *url.Error
	if errors.As(err, &wrapped) {
		err = wrapped.Err
	}
	if errors.Is(err, ErrWall) || errors.Is(err, ErrForeignKey) {
		return err
	}
	return fmt.Errorf("breeze: no answer: %w", errors.Join(ErrUnavailable, quiet(err)))
}

// quiet keeps an error of the network or of a context, and replaces every other by words of our own.
func quiet(err error) error {
	var (
		operation   *net.OpError
		name        *net.DNSError
		certificate *tls.CertificateVerificationError
	)
	switch {
	case errors.Is(err, context.Canceled):
		return context.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return io.ErrUnexpectedEOF
	case errors.As(err, &operation):
		return operation
	case errors.As(err, &name):
		return name
	case errors.As(err, &certificate):
		return certificate
	default:
		return errors.New("the connection failed or what came is not HTTP")
	}
}

// readCapped reads all of r, or fails with ErrGarbled beyond limit and ErrUnavailable when the connection breaks.
func readCapped(r io.Reader, limit int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil {
		return nil, fmt.Errorf("breeze: reading the answer: %w", errors.Join(ErrUnavailable, err))
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("breeze: the answer is larger than %d bytes: %w", limit, ErrGarbled)
	}
	return b, nil
}

// noteDate learns the difference of clocks from an answer, so that a machine whose clock is off can still sign.
func (c *Client) noteDate(date string) {
	server, err := http.ParseTime(date)
	if err != nil {
		return
	}
	skew := server.Sub(c.options.Clock.Now().Truncate(time.Second))
	switch {
	case skew.Abs() < skewMin:
		c.skew.Store(0)
	case skew.Abs() <= skewMax:
		c.skew.Store(int64(skew))
	}
}
