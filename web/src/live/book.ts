// An account's own things as the browser keeps them.
import type { Instant, IstDate, Paise, Price, Qty } from '../value';
import type {
  OrderStatus, OrderType, Product, Side, Validity, WireChargeNote, WireEntry, WireEvidence, WireFunds, WireHolding, WireOrder, WireOrderStory, WirePosition,
  WireTrade,
} from '../wire';
import { date, instant, list, maybeInstant, maybePaise, maybePrice, paise, price, qty } from './decode';

export interface Order {
  readonly id: string;
  readonly clientOrderId: string;
  readonly instrument: number;
  readonly label: string;
  readonly exchange: string;
  readonly side: Side;
  readonly product: Product;
  readonly type: OrderType;
  readonly validity: Validity;
  readonly qty: Qty;
  readonly filledQty: Qty;
  readonly pendingQty: Qty;
  readonly price: Price | undefined;
  readonly avgPrice: Price | undefined;
  readonly status: OrderStatus;
  readonly code: string;
  readonly reason: string;
  readonly reserved: Paise;
  readonly placedAt: Instant;
  readonly updatedAt: Instant;
  readonly tradingDate: IstDate;
}

/** An order that can still fill, be modified or be cancelled. */
export function isOpen(order: Order): boolean {
  return order.status === 'open' || order.status === 'pending';
}

export function decodeOrder(w: WireOrder): Order {
  return {
    id: w.id, clientOrderId: w.client_order_id, instrument: w.instrument, label: w.label, exchange: w.exchange, side: w.side, product: w.product,
    type: w.type, validity: w.validity, qty: qty(w.qty), filledQty: qty(w.filled_qty), pendingQty: qty(w.pending_qty), price: maybePrice(w.price),
    avgPrice: maybePrice(w.avg_price), status: w.status, code: w.code, reason: w.reason, reserved: maybePaise(w.reserved),
    placedAt: instant(w.placed_at), updatedAt: maybeInstant(w.updated_at) ?? instant(w.placed_at), tradingDate: date(w.trading_date),
  };
}

export interface ChargeNote {
  readonly turnover: Paise;
  readonly brokerage: Paise;
  readonly stt: Paise;
  readonly exchange: Paise;
  readonly sebi: Paise;
  readonly stamp: Paise;
  readonly gst: Paise;
  readonly total: Paise;
}

export function decodeChargeNote(w: WireChargeNote): ChargeNote {
  return {
    turnover: maybePaise(w.turnover), brokerage: maybePaise(w.brokerage), stt: maybePaise(w.stt), exchange: maybePaise(w.exchange),
    sebi: maybePaise(w.sebi), stamp: maybePaise(w.stamp), gst: maybePaise(w.gst), total: maybePaise(w.total),
  };
}

export interface Evidence {
  readonly rule: string;
  readonly text: string;
  readonly bid: Price | undefined;
  readonly ask: Price | undefined;
  readonly bidQty: Qty;
  readonly askQty: Qty;
  readonly last: Price | undefined;
  readonly level: number;
  readonly queueAhead: Qty;
  readonly quoteAt: Instant | undefined;
  readonly isFromBars: boolean;
  readonly profile: string;
}

function decodeEvidence(w: WireEvidence): Evidence {
  return {
    rule: w.rule, text: w.text, bid: maybePrice(w.bid), ask: maybePrice(w.ask), bidQty: qty(w.bid_qty), askQty: qty(w.ask_qty),
    last: maybePrice(w.last), level: w.level, queueAhead: qty(w.queue_ahead), quoteAt: maybeInstant(w.quote_at), isFromBars: w.is_from_bars, profile: w.profile,
  };
}

export interface Trade {
  readonly id: string;
  readonly orderId: string;
  readonly instrument: number;
  readonly label: string;
  readonly exchange: string;
  readonly side: Side;
  readonly product: Product;
  readonly qty: Qty;
  readonly price: Price;
  readonly at: Instant;
  readonly charges: ChargeNote;
  readonly realisedPnl: Paise;
  readonly evidence: Evidence;
}

export function decodeTrade(w: WireTrade): Trade {
  return {
    id: w.id, orderId: w.order_id, instrument: w.instrument, label: w.label, exchange: w.exchange, side: w.side, product: w.product,
    qty: qty(w.qty), price: price(w.price), at: instant(w.at), charges: decodeChargeNote(w.charges), realisedPnl: maybePaise(w.realised_pnl),
    evidence: decodeEvidence(w.evidence),
  };
}

export interface Position {
  readonly instrument: number;
  readonly label: string;
  readonly exchange: string;
  readonly product: Product;
  readonly netQty: Qty;
  readonly avgPrice: Price | undefined;
  /** The mark the server used for `pnl`; the live figure moves from there. */
  readonly last: Price | undefined;
  readonly pnl: Paise;
  readonly realisedPnl: Paise;
  readonly charges: Paise;
  readonly blocked: Paise;
  readonly isStale: boolean;
}

export function decodePosition(w: WirePosition): Position {
  return {
    instrument: w.instrument, label: w.label, exchange: w.exchange, product: w.product, netQty: qty(w.net_qty), avgPrice: maybePrice(w.avg_price),
    last: maybePrice(w.last), pnl: maybePaise(w.pnl), realisedPnl: maybePaise(w.realised_pnl), charges: maybePaise(w.charges),
    blocked: maybePaise(w.blocked), isStale: w.is_stale,
  };
}

export interface Holding {
  readonly instrument: number;
  readonly label: string;
  readonly exchange: string;
  readonly qty: Qty;
  readonly t1Qty: Qty;
  readonly usableQty: Qty;
  readonly avgPrice: Price | undefined;
  readonly cost: Paise;
  readonly last: Price | undefined;
  readonly value: Paise;
  readonly pnl: Paise;
}

export function decodeHolding(w: WireHolding): Holding {
  return {
    instrument: w.instrument, label: w.label, exchange: w.exchange, qty: qty(w.qty), t1Qty: qty(w.t1_qty), usableQty: qty(w.usable_qty),
    avgPrice: maybePrice(w.avg_price), cost: maybePaise(w.cost), last: maybePrice(w.last), value: maybePaise(w.value), pnl: maybePaise(w.pnl),
  };
}

export interface Funds {
  readonly cash: Paise;
  readonly blocked: Paise;
  readonly orderBlocked: Paise;
  readonly positionBlocked: Paise;
  readonly free: Paise;
  readonly opening: Paise;
  readonly payin: Paise;
  readonly payout: Paise;
  readonly realisedPnl: Paise;
  readonly chargesToday: Paise;
}

export function decodeFunds(w: WireFunds): Funds {
  return {
    cash: maybePaise(w.cash), blocked: maybePaise(w.blocked), orderBlocked: maybePaise(w.order_blocked), positionBlocked: maybePaise(w.position_blocked),
    free: maybePaise(w.free), opening: maybePaise(w.opening), payin: maybePaise(w.payin), payout: maybePaise(w.payout),
    realisedPnl: maybePaise(w.realised_pnl), chargesToday: maybePaise(w.charges_today),
  };
}

export interface Entry {
  readonly number: number;
  readonly at: Instant;
  readonly kind: string;
  readonly text: string;
  readonly ref: string;
  readonly amount: Paise;
  readonly balance: Paise;
}

export function decodeEntry(w: WireEntry): Entry {
  return { number: w.number, at: instant(w.at), kind: w.kind, text: w.text, ref: w.ref, amount: paise(w.amount), balance: paise(w.balance) };
}

/** One step of an order's trail. */
export interface Step {
  readonly at: Instant;
  readonly text: string;
  readonly qty: Qty;
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
    history: list(w.history, (h) => ({ at: instant(h.at), text: h.text === '' ? h.kind : h.text, qty: qty(h.qty), price: maybePrice(h.price) })),
    trades: list(w.trades, decodeTrade),
  };
}
