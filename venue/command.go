package venue

import (
	"context"

	"paperport/engine"
	"paperport/store"
)

// command is something the loop is asked to do. It is answered exactly once.
type command struct {
	// in holds the command part of an input; call runs on the loop instead and is answered at once.
	in        engine.Input
	call      func(*loop) error
	isRelease bool
	account   *store.Account // the row that OpenAccount stores
	answer    chan answer    // has room for one
}

type answer struct {
	receipt engine.Receipt
	err     error
}

func (c *command) reply(r engine.Receipt, err error) { c.answer <- answer{r, err} }

// send waits for the answer. When ctx ends first the command may still be carried out: its id makes repeating it safe.
func (v *Venue) send(ctx context.Context, c *command) (engine.Receipt, error) {
	if err := v.trySend(c); err != nil {
		return engine.Receipt{}, err
	}
	select {
	case a := <-c.answer:
		return a.receipt, a.err
	case <-ctx.Done():
		return engine.Receipt{}, ctx.Err()
	case <-v.ended:
	}
	select {
	case a := <-c.answer:
		return a.receipt, a.err
	default:
		return engine.Receipt{}, ErrClosed
	}
}

func (v *Venue) trySend(c *command) error {
	c.answer = make(chan answer, 1)
	select {
	case <-v.quit:
		return ErrClosed
	default:
	}
	select {
	case v.inbox <- c:
		return nil
	default:
		return ErrBusy
	}
}
