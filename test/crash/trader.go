package crash

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
)

// request is one command as a client sends it. Its body never changes: it may be sent again.
type request struct {
	id     string // client order id or request id
	method string
	path   string
	body   string
}

// receipt is a definite answer.
type receipt struct {
	Order string `json:"order_id"`
	Code  string `json:"code"`
	At    string `json:"at"`
}

// trader is one client with an account of his own. One goroutine uses it.
type trader struct {
	program *program
	account string
	prefix  string
	random  *rand.Rand
	ids     []uint32 // instruments
	count   int
	// open is the request whose answer was lost; it is sent again first.
	open  *request
	acked map[string]acked
	order []string // ids of acked, in order
	live  []string // orders that may still be working
}

type acked struct {
	request
	receipt
}

var errLost = errors.New("crash: no answer")

// trade sends commands until the program is gone; an error is a broken promise.
func (t *trader) trade(ctx context.Context) error {
	if err := t.repeat(ctx); err != nil {
		return ignoreLost(err)
	}
	for ctx.Err() == nil {
		r := t.open
		if r == nil {
			r = t.next()
			t.open = r
		}
		answer, err := t.send(ctx, r)
		if err != nil {
			return ignoreLost(err)
		}
		t.open = nil
		t.acked[r.id] = acked{*r, answer}
		t.order = append(t.order, r.id)
		if r.method == http.MethodPost && answer.Code == "" && answer.Order != "0" && answer.Order != "" {
			t.live = append(t.live, answer.Order)
		}
	}
	return nil
}

func ignoreLost(err error) error {
	if errors.Is(err, errLost) {
		return nil
	}
	return err
}

// repeat sends an acknowledged command again: its answer must be the first one.
func (t *trader) repeat(ctx context.Context) error {
	if len(t.order) == 0 {
		return nil
	}
	a := t.acked[t.order[max(0, len(t.order)-1-t.random.IntN(5))]]
	again, err := t.send(ctx, &a.request)
	if err != nil {
		return err
	}
	if again != a.receipt {
		return fmt.Errorf("crash: %s was answered %+v and now %+v", a.id, a.receipt, again)
	}
	return nil
}

// next makes a command: mostly orders, some changes, cancels and money.
func (t *trader) next() *request {
	t.count++
	id := fmt.Sprintf("%s-%07d", t.prefix, t.count)
	base := "/api/accounts/" + t.account
	switch n := t.random.IntN(20); {
	case n < 2 && len(t.live) > 0:
		return &request{id, http.MethodDelete, base + "/orders/" + t.pick() + "?request_id=" + id, ""}
	case n < 4 && len(t.live) > 0:
		return &request{id, http.MethodPatch, base + "/orders/" + t.pick(), fmt.Sprintf(`{"request_id":%q,"price":"%d.00"}`, id, 20+t.random.IntN(180))}
	case n == 4:
		return &request{id, http.MethodPost, base + "/payin", fmt.Sprintf(`{"request_id":%q,"amount":"100000.00"}`, id)}
	}
	side, kind, price := "buy", "limit", fmt.Sprintf("%d.00", 20+t.random.IntN(180))
	if t.random.IntN(3) == 0 {
		side = "sell"
	}
	if t.random.IntN(2) == 0 {
		kind, price = "market", ""
	}
	return &request{id, http.MethodPost, base + "/orders", fmt.Sprintf(
		`{"client_order_id":%q,"instrument":%d,"side":%q,"product":"NRML","type":%q,"validity":"day","qty":%d,"price":%q,"tag":""}`,
		id, t.ids[t.random.IntN(len(t.ids))], side, kind, 65*(1+t.random.IntN(3)), price)}
}

// pick takes one of the orders that may be working off the list.
func (t *trader) pick() string {
	i := t.random.IntN(len(t.live))
	o := t.live[i]
	t.live[i] = t.live[len(t.live)-1]
	t.live = t.live[:len(t.live)-1]
	return o
}

// send returns the definite answer: a receipt, taken or denied. errLost when there was none.
func (t *trader) send(ctx context.Context, r *request) (receipt, error) {
	status, body, err := t.program.do(ctx, r.method, r.path, r.body)
	if err != nil {
		return receipt{}, fmt.Errorf("%w: %w", errLost, err)
	}
	if status >= 500 || status == http.StatusUnauthorized || status == http.StatusTooManyRequests {
		return receipt{}, fmt.Errorf("%w: status %d: %s", errLost, status, body)
	}
	var answer receipt
	if err := json.Unmarshal(body, &answer); err != nil || answer.At == "" {
		return receipt{}, fmt.Errorf("crash: %s %s got %d: %s", r.method, r.path, status, body)
	}
	return answer, nil
}

// do sends one HTTP request.
func (p *program) do(ctx context.Context, method, path, body string) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, p.base+path, bytes.NewBufferString(body))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Origin", p.base)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	reply, err := p.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer reply.Body.Close()
	answer, err := io.ReadAll(reply.Body)
	return reply.StatusCode, answer, err
}
