// The one typed map of all events of the stream.
import type { Instant } from '../value';
import type { WireEvent } from '../wire';
import { decodeFunds, decodeHolding, decodeOrder, decodePosition, decodeTrade, type Funds, type Holding, type Order, type Position, type Trade } from './book';
import { instant, list } from './decode';
import { decodeDepth, decodeQuote, type Depth, type Quote } from './market';
import { decodeVenue, type Venue } from './venue';

/** What happened to an account. `seq` is the venue's journal number: several events may share one. */
export type AccountEvent =
  | { kind: 'order'; order: Order }
  | { kind: 'trade'; trade: Trade }
  | { kind: 'position'; position: Position }
  | { kind: 'holding'; holding: Holding }
  | { kind: 'funds'; funds: Funds };

export type LiveEvent =
  | { t: 'hello'; now: Instant; expiresAt: Instant }
  | { t: 'quotes'; venue: string; quotes: Quote[] }
  | { t: 'depth'; venue: string; depth: Depth[] }
  | { t: 'venue'; venue: Venue }
  | { t: 'account'; account: string; seq: number; event: AccountEvent }
  | { t: 'caught-up'; account: string; seq: number }
  | { t: 'resync'; account: string }
  | { t: 'signed-out' }
  | { t: 'error'; code: string; detail: string }
  | { t: 'pong' };

/** Throws a DecodeError (or a TypeError) on a message it cannot read; undefined for a kind it does not know. */
export function decodeEvent(w: WireEvent): LiveEvent | undefined {
  switch (w.t) {
    case 'hello': return { t: 'hello', now: instant(w.now), expiresAt: instant(w.login_expires_at) };
    case 'quotes': return { t: 'quotes', venue: w.venue, quotes: list(w.quotes, decodeQuote) };
    case 'depth': return { t: 'depth', venue: w.venue, depth: list(w.depth, decodeDepth) };
    case 'venue': return { t: 'venue', venue: decodeVenue(w.venue) };
    case 'order': return { t: 'account', account: w.account, seq: w.seq, event: { kind: 'order', order: decodeOrder(w.order) } };
    case 'trade': return { t: 'account', account: w.account, seq: w.seq, event: { kind: 'trade', trade: decodeTrade(w.trade) } };
    case 'position': return { t: 'account', account: w.account, seq: w.seq, event: { kind: 'position', position: decodePosition(w.position) } };
    case 'holding': return { t: 'account', account: w.account, seq: w.seq, event: { kind: 'holding', holding: decodeHolding(w.holding) } };
    case 'funds': return { t: 'account', account: w.account, seq: w.seq, event: { kind: 'funds', funds: decodeFunds(w.funds) } };
    case 'caught-up': return { t: 'caught-up', account: w.account, seq: w.seq };
    case 'resync': return { t: 'resync', account: w.account };
    case 'signed-out': return { t: 'signed-out' };
    case 'error': return { t: 'error', code: w.code, detail: w.detail };
    case 'pong': return { t: 'pong' };
    default: return unknownKind(w);
  }
}

function unknownKind(_event: never): undefined {
  return undefined;
}
