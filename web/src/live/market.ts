// Market data as the browser keeps it.
import { toQty, type Instant, type Price, type Qty } from '../value';
import type { Product, WireCandle, WireDepth, WireInstrument, WireLevel, WireQuote } from '../wire';
import { instant, list, maybeInstant, maybePrice, price, reader, type Read } from './decode';

const QUOTE_PRICES = ['bid', 'ask', 'last', 'open', 'high', 'low', 'prev_close', 'avg', 'lower_circuit', 'upper_circuit'] as const;

export type Quote = Read<WireQuote, (typeof QUOTE_PRICES)[number], never, 'at' | 'received_at'>;

export const decodeQuote = reader<WireQuote, Quote>(QUOTE_PRICES, [], ['at', 'received_at']);

export interface Level {
  readonly price: Price;
  readonly qty: Qty;
  readonly orders: number;
}

/** Best price first on both sides. */
export interface Depth {
  readonly id: number;
  readonly at: Instant | undefined;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
  readonly is_from_bars: boolean;
}

function decodeLevel(w: WireLevel): Level {
  return { ...w, price: price(w.price), qty: toQty(w.qty) };
}

export function decodeDepth(w: WireDepth): Depth {
  return { ...w, at: maybeInstant(w.at), bids: list(w.bids, decodeLevel), asks: list(w.asks, decodeLevel) };
}

export interface Candle {
  readonly start: Instant;
  readonly open: Price;
  readonly high: Price;
  readonly low: Price;
  readonly close: Price;
  readonly volume: number;
}

export function decodeCandle(w: WireCandle): Candle {
  return { ...w, start: instant(w.start), open: price(w.open), high: price(w.high), low: price(w.low), close: price(w.close) };
}

/** In the order they are offered. */
const PRODUCTS: readonly Product[] = ['CNC', 'NRML', 'MIS'];

export interface Instrument extends Omit<Readonly<WireInstrument>, 'tick_size' | 'lot_size' | 'freeze_qty' | 'products'> {
  /** Above zero. */
  readonly tick_size: Price;
  /** At least one. */
  readonly lot_size: Qty;
  /** Zero when there is none. */
  readonly freeze_qty: Qty;
  readonly products: readonly Product[];
}

export function decodeInstrument(w: WireInstrument): Instrument {
  return {
    ...w, lot_size: toQty(Math.max(1, w.lot_size)), freeze_qty: toQty(w.freeze_qty), tick_size: maybePrice(w.tick_size) ?? price('0.05'),
    products: PRODUCTS.filter((p) => (w.products ?? []).includes(p)),
  };
}
