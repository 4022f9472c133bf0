// What is read only on request: an order's story and the ledger.
import type { Instant, Price } from '../value';
import type { WireEntry, WireOrderStory } from '../wire';
import { decodeOrder, decodeTrade, type Order, type Trade } from './book';
import { instant, list, maybePrice, reader, type Read } from './decode';

export type Entry = Omit<Read<WireEntry, never, 'amount' | 'balance'>, 'at'> & { readonly at: Instant };

const entry = reader<WireEntry, Read<WireEntry, never, 'amount' | 'balance'>>([], ['amount', 'balance']);

export function decodeEntry(w: WireEntry): Entry {
  return { ...entry(w), at: instant(w.at) };
}

/** One step of an order's trail. */
export interface Step {
  readonly at: Instant;
  readonly text: string;
  readonly qty: number;
  readonly price: Price | undefined;
}

/** An order with its trail, oldest first, and its trades. */
export interface Story {
  readonly order: Order;
  readonly history: readonly Step[];
  readonly trades: readonly Trade[];
}

export function decodeStory(w: WireOrderStory): Story {
  return {
    order: decodeOrder(w.order),
    history: list(w.history, (h) => ({ at: instant(h.at), text: h.text === '' ? h.kind : h.text, qty: h.qty, price: maybePrice(h.price) })),
    trades: list(w.trades, decodeTrade),
  };
}
