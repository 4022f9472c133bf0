// Live profit and loss for display: the server's figure, moved by what the last price has moved since. Exact, because the
// unrealised part is linear in the price; gross, because charges are the server's to compute.
import type { Holding, Position, Quote } from '../live';
import { amountOf, minus, plus, type Paise, type Price, type Qty } from '../value';
import { derive, type Readable } from './cell';
import type { QuoteBook } from './quotes';

function moved(base: Paise, mark: Price | undefined, last: Price | undefined, qty: Qty): Paise {
  if (mark === undefined || last === undefined || qty === 0) return base;
  const by = amountOf(minus(last, mark), qty);
  return by === undefined ? base : plus(base, by);
}

/**
 * Gross P&L of a position at the given quote. A server that had no price yet (just started) counts nothing unrealised: that is
 * the figure at the average price.
 */
export function positionPnl(position: Position, quote: Quote | undefined): Paise {
  return moved(position.pnl, position.last ?? position.avg_price, quote?.last, position.net_qty);
}

/** Unrealised P&L of a holding at the given quote. */
export function holdingPnl(holding: Holding, quote: Quote | undefined): Paise {
  return moved(holding.pnl, holding.last ?? holding.avg_price, quote?.last, plus(holding.qty, holding.t1_qty));
}

/** Present value of a holding at the given quote. */
export function holdingValue(holding: Holding, quote: Quote | undefined): Paise {
  return moved(holding.last === undefined ? holding.cost : holding.value, holding.last ?? holding.avg_price, quote?.last, plus(holding.qty, holding.t1_qty));
}

/** The sum over rows, live. */
export function liveSum<T extends { readonly instrument: number }>(
  rows: readonly T[], quotes: QuoteBook, of: (row: T, quote: Quote | undefined) => Paise,
): Readable<Paise> {
  const cells = rows.map((row) => quotes.quote(row.instrument));
  return derive(cells, () => rows.reduce((sum, row, i) => plus(sum, of(row, cells[i]?.value)), 0 as Paise));
}
