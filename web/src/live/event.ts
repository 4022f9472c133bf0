// The one typed map of all events of the stream.
import type { Instant } from '../value';
import type { WireEvent } from '../wire';
import { decodeFunds, decodeHolding, decodeOrder, decodePosition, decodeTrade, type Funds, type Holding, type Order, type Position, type Trade } from './book';
import { instant, list } from './decode';
import { decodeDepth, decodeQuote, type Depth, type Quote } from './market';
import { decodeVenue, type Venue } from './venue';

/** What happened to an account, by the noun it happened to. */
export type AccountEvent =
  | { readonly order: Order }
  | { readonly trade: Trade }
  | { readonly position: Position }
  | { readonly holding: Holding }
  | { readonly funds: Funds };

export type LiveEvent =
  | { t: 'hello'; now: Instant; expiresAt: Instant }
  | { t: 'quotes'; venue: string; quotes: Quote[] }
  | { t: 'depth'; venue: string; depth: Depth[] }
  | { t: 'venue'; venue: Venue }
  /** `seq` is the venue's journal number: several events may share one. */
  | { t: 'account'; account: string; seq: number; event: AccountEvent }
  | { t: 'caught-up'; account: string; seq: number }
  | { t: 'resync'; account: string }
  | { t: 'broker' | 'notices' }
  | { t: 'signed-out' }
  | { t: 'error'; code: string; detail: string }
  | { t: 'pong' };

/** Throws a DecodeError (or a TypeError) on a message it cannot read; undefined for a kind it does not know. */
export function decodeEvent(w: WireEvent): LiveEvent | undefined {
  switch (w.t) {
    case 'hello': return { t: w.t, now: instant(w.now), expiresAt: instant(w.login_expires_at) };
    case 'quotes': return { ...w, quotes: list(w.quotes, decodeQuote) };
    case 'depth': return { ...w, depth: list(w.depth, decodeDepth) };
    case 'venue': return { t: w.t, venue: decodeVenue(w.venue) };
    case 'order': return accountEvent(w, { order: decodeOrder(w.order) });
    case 'trade': return accountEvent(w, { trade: decodeTrade(w.trade) });
    case 'position': return accountEvent(w, { position: decodePosition(w.position) });
    case 'holding': return accountEvent(w, { holding: decodeHolding(w.holding) });
    case 'funds': return accountEvent(w, { funds: decodeFunds(w.funds) });
    case 'caught-up': case 'resync': case 'broker': case 'notices': case 'signed-out': case 'error': case 'pong': return w;
    default: return unknownKind(w);
  }
}

function accountEvent(w: { account: string; seq: number }, event: AccountEvent): LiveEvent {
  return { t: 'account', account: w.account, seq: w.seq, event };
}

function unknownKind(_event: never): undefined {
  return undefined;
}
