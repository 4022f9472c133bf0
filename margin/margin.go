// Package margin says what an order and a position hold of an account's money. It is exact where no model is needed:
// delivery shares, intraday shares at a flat rate, long options at full premium. What needs the SPAN model (futures,
// short options) is refused, never guessed. It knows no ledger and moves nothing.
package margin
