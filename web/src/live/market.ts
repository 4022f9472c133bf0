// Market data as the browser keeps it.
import type { Instant, Price, Qty } from '../value';
import type { WireCandle, WireDepth, WireInstrument, WireLevel, WireQuote, Product } from '../wire';
import { instant, list, maybeInstant, maybePrice, price, qty } from './decode';

export interface Quote {
  readonly id: number;
  readonly at: Instant | undefined;
  readonly bid: Price | undefined;
  readonly ask: Price | undefined;
  readonly bidQty: Qty;
  readonly askQty: Qty;
  readonly last: Price | undefined;
  readonly lastQty: Qty;
  readonly open: Price | undefined;
  readonly high: Price | undefined;
  readonly low: Price | undefined;
  readonly prevClose: Price | undefined;
  readonly avg: Price | undefined;
  readonly volume: number;
  readonly oi: number;
  readonly oiChange: number;
  readonly lowerCircuit: Price | undefined;
  readonly upperCircuit: Price | undefined;
  readonly totalBid: number;
  readonly totalAsk: number;
  readonly isFromBars: boolean;
  readonly isStale: boolean;
}

export function decodeQuote(w: WireQuote): Quote {
  return {
    id: w.id, at: maybeInstant(w.at), bid: maybePrice(w.bid), ask: maybePrice(w.ask), bidQty: qty(w.bid_qty), askQty: qty(w.ask_qty),
    last: maybePrice(w.last), lastQty: qty(w.last_qty), open: maybePrice(w.open), high: maybePrice(w.high), low: maybePrice(w.low),
    prevClose: maybePrice(w.prev_close), avg: maybePrice(w.avg), volume: w.volume, oi: w.oi, oiChange: w.oi_change,
    lowerCircuit: maybePrice(w.lower_circuit), upperCircuit: maybePrice(w.upper_circuit), totalBid: w.total_bid, totalAsk: w.total_ask,
    isFromBars: w.is_from_bars, isStale: w.is_stale,
  };
}

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
  readonly isFromBars: boolean;
}

function decodeLevel(w: WireLevel): Level {
  return { price: price(w.price), qty: qty(w.qty), orders: w.orders };
}

export function decodeDepth(w: WireDepth): Depth {
  return { id: w.id, at: maybeInstant(w.at), bids: list(w.bids, decodeLevel), asks: list(w.asks, decodeLevel), isFromBars: w.is_from_bars };
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
  return { start: instant(w.start), open: price(w.open), high: price(w.high), low: price(w.low), close: price(w.close), volume: w.volume };
}

export interface Instrument {
  readonly id: number;
  readonly label: string;
  readonly symbol: string;
  readonly name: string;
  readonly exchange: string;
  readonly kind: 'equity' | 'index' | 'future' | 'option';
  readonly lotSize: Qty;
  readonly tickSize: Price;
  readonly freezeQty: Qty;
  readonly isin: string;
  readonly products: readonly Product[];
  readonly isOrderable: boolean;
  readonly expiry: string;
}

export function decodeInstrument(w: WireInstrument): Instrument {
  return {
    id: w.id, label: w.label, symbol: w.symbol, name: w.name, exchange: w.exchange, kind: w.kind, lotSize: qty(Math.max(1, w.lot_size)),
    tickSize: maybePrice(w.tick_size) ?? price('0.05'), freezeQty: qty(w.freeze_qty), isin: w.isin, products: w.products ?? [],
    isOrderable: w.is_orderable, expiry: w.expiry ?? '',
  };
}
