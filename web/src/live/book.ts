// An account's own things as the browser keeps them.
import type { WireChargeNote, WireEvidence, WireFunds, WireHolding, WireOrder, WirePosition, WireTrade } from '../wire';
import { instant, price, reader, type Read } from './decode';
import type { Instant, Price } from '../value';

type OrderRead = Read<WireOrder, 'price' | 'avg_price' | 'trigger_price', 'reserved', 'expires_at' | 'triggered_at'>;
export type Order = Omit<OrderRead, 'placed_at' | 'updated_at'> & { readonly placed_at: Instant; readonly updated_at: Instant };

const order = reader<WireOrder, OrderRead>(['price', 'avg_price', 'trigger_price'], ['reserved'], ['expires_at', 'triggered_at']);

export function decodeOrder(w: WireOrder): Order {
  const placed_at = instant(w.placed_at);
  return { ...order(w), placed_at, updated_at: w.updated_at === '' ? placed_at : instant(w.updated_at) };
}

/** An order that can still fill, be modified or be cancelled. */
export function isOpen(order: Order): boolean {
  return order.status === 'open' || order.status === 'pending' || order.status === 'trigger-pending';
}

const CHARGES = ['turnover', 'brokerage', 'stt', 'exchange', 'sebi', 'stamp', 'gst', 'total'] as const;

export type ChargeNote = Read<WireChargeNote, never, (typeof CHARGES)[number]>;

export const decodeChargeNote = reader<WireChargeNote, ChargeNote>([], CHARGES);

export type Evidence = Read<WireEvidence, 'bid' | 'ask' | 'last', never, 'quote_at'>;

const evidence = reader<WireEvidence, Evidence>(['bid', 'ask', 'last'], [], ['quote_at']);

export type Trade = Omit<Read<WireTrade, never, 'realised_pnl'>, 'price' | 'at' | 'charges' | 'evidence'>
  & { readonly price: Price; readonly at: Instant; readonly charges: ChargeNote; readonly evidence: Evidence };

const trade = reader<WireTrade, Read<WireTrade, never, 'realised_pnl'>>([], ['realised_pnl']);

export function decodeTrade(w: WireTrade): Trade {
  return { ...trade(w), price: price(w.price), at: instant(w.at), charges: decodeChargeNote(w.charges), evidence: evidence(w.evidence) };
}

const POSITION_AMOUNTS = ['pnl', 'realised_pnl', 'unrealised_pnl', 'charges', 'blocked'] as const;

/** `last` is the mark the server used for `pnl`; the live figure moves from there. */
export type Position = Read<WirePosition, 'avg_price' | 'last', (typeof POSITION_AMOUNTS)[number]>;

export const decodePosition = reader<WirePosition, Position>(['avg_price', 'last'], POSITION_AMOUNTS);

export type Holding = Read<WireHolding, 'avg_price' | 'last', 'cost' | 'value' | 'pnl'>;

export const decodeHolding = reader<WireHolding, Holding>(['avg_price', 'last'], ['cost', 'value', 'pnl']);

const FUNDS = ['cash', 'blocked', 'order_blocked', 'position_blocked', 'free', 'opening', 'payin', 'payout', 'realised_pnl', 'charges_today'] as const;

export type Funds = Read<WireFunds, never, (typeof FUNDS)[number]>;

export const decodeFunds = reader<WireFunds, Funds>([], FUNDS);
