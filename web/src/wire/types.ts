// The shapes of our JSON, as api/openapi.json states them. Prices and amounts are decimal strings, instants RFC 3339.

export type Role = 'owner' | 'trader' | 'viewer';
export type Side = 'buy' | 'sell';
export type Product = 'CNC' | 'MIS' | 'NRML';
export type OrderType = 'market' | 'limit';
export type Validity = 'day' | 'ioc';
export type OrderStatus = 'pending' | 'open' | 'executed' | 'cancelled' | 'expired' | 'rejected' | 'denied';
export type Lamp = 'green' | 'amber' | 'red' | 'closed';
export type VenueKind = 'demo' | 'replay' | 'live';
export type Interval = '1m' | '5m' | '30m' | '1d';

export interface WireUser {
  id: string;
  username: string;
  role: Role;
  has_two_step: boolean;
  is_disabled: boolean;
  created_at: string;
}

export interface WireAccount {
  id: string;
  name: string;
  venue: string;
  venue_kind: VenueKind;
  plan: string;
  profile: string;
  capital: string;
  opened_at: string;
}

export interface WireMe {
  user: WireUser;
  accounts: WireAccount[];
  login_expires_at: string;
}

export interface WireLogin {
  id: string;
  created_at: string;
  last_seen_at: string;
  ip: string;
  agent: string;
  is_current: boolean;
}

export interface WirePlan {
  id: string;
  name: string;
  note: string;
}

export interface WireVenue {
  id: string;
  kind: VenueKind;
  name: string;
  is_available: boolean;
  unavailable_reason: string;
  phase: string;
  status_text: string;
  reason: string;
  until: string;
  next_open: string;
  trading_date: string;
  now: string;
  feed: { lamp: Lamp; age_ms: number; source: string; detail: string };
  clock: { speed: number; is_paused: boolean; from: string; to: string } | null;
  book_note: string;
  budget: { minute_used: number; minute_max: number; day_used: number; day_max: number } | null;
}

export interface WireInstrument {
  id: number;
  label: string;
  symbol: string;
  name: string;
  exchange: string;
  kind: 'equity' | 'index' | 'future' | 'option';
  underlying: string;
  expiry: string | null;
  strike: string | null;
  right: '' | 'CE' | 'PE';
  lot_size: number;
  tick_size: string;
  freeze_qty: number;
  isin: string;
  products: Product[];
  is_orderable: boolean;
}

export interface WireQuote {
  id: number;
  at: string;
  received_at: string;
  bid: string;
  bid_qty: number;
  ask: string;
  ask_qty: number;
  last: string;
  last_qty: number;
  open: string;
  high: string;
  low: string;
  prev_close: string;
  avg: string;
  volume: number;
  oi: number;
  oi_change: number;
  lower_circuit: string;
  upper_circuit: string;
  total_bid: number;
  total_ask: number;
  is_from_bars: boolean;
  is_stale: boolean;
}

export interface WireLevel {
  price: string;
  qty: number;
  orders: number;
}

export interface WireDepth {
  id: number;
  at: string;
  received_at: string;
  bids: WireLevel[];
  asks: WireLevel[];
  is_from_bars: boolean;
}

export interface WireCandle {
  start: string;
  open: string;
  high: string;
  low: string;
  close: string;
  volume: number;
  oi: number;
}

export interface WireWatchlist {
  number: number;
  name: string;
  venue: string;
  instruments: number[];
}

export interface WireChargeNote {
  turnover: string;
  brokerage: string;
  stt: string;
  exchange: string;
  sebi: string;
  stamp: string;
  gst: string;
  total: string;
}

export interface WireReceipt {
  client_order_id: string;
  order_id: string;
  code: string;
  reason: string;
  at: string;
}

export interface WirePlace {
  instrument: number;
  side: Side;
  product: Product;
  type: OrderType;
  validity: Validity;
  qty: number;
  price: string;
  tag: string;
}

export interface WirePreview {
  code: string;
  reason: string;
  required: string;
  available: string;
  charges: WireChargeNote;
  expected: { avg_price: string; qty: number; levels: number; slippage: string };
  limit_price: string;
  note: string;
}

export interface WireOrder {
  id: string;
  client_order_id: string;
  instrument: number;
  label: string;
  exchange: string;
  side: Side;
  product: Product;
  type: OrderType;
  validity: Validity;
  qty: number;
  filled_qty: number;
  pending_qty: number;
  cancelled_qty: number;
  price: string;
  avg_price: string;
  status: OrderStatus;
  code: string;
  reason: string;
  reserved: string;
  placed_at: string;
  updated_at: string;
  trading_date: string;
  tag: string;
}

export interface WireEvidence {
  rule: string;
  text: string;
  bid: string;
  ask: string;
  bid_qty: number;
  ask_qty: number;
  last: string;
  level: number;
  queue_ahead: number;
  quote_at: string;
  is_from_bars: boolean;
  profile: string;
}

export interface WireTrade {
  id: string;
  order_id: string;
  instrument: number;
  label: string;
  exchange: string;
  side: Side;
  product: Product;
  qty: number;
  price: string;
  at: string;
  charges: WireChargeNote;
  realised_pnl: string;
  evidence: WireEvidence;
}

export interface WireOrderStory {
  order: WireOrder;
  history: { at: string; kind: string; status: string; text: string; qty: number; price: string }[];
  trades: WireTrade[];
}

export interface WirePosition {
  instrument: number;
  label: string;
  exchange: string;
  product: Product;
  net_qty: number;
  avg_price: string;
  last: string;
  pnl: string;
  realised_pnl: string;
  unrealised_pnl: string;
  day_buy_qty: number;
  day_sell_qty: number;
  charges: string;
  blocked: string;
  is_stale: boolean;
}

export interface WireHolding {
  instrument: number;
  label: string;
  exchange: string;
  qty: number;
  t1_qty: number;
  usable_qty: number;
  avg_price: string;
  cost: string;
  last: string;
  value: string;
  pnl: string;
  day_change_pct: string;
}

export interface WireFunds {
  cash: string;
  blocked: string;
  order_blocked: string;
  position_blocked: string;
  free: string;
  opening: string;
  payin: string;
  payout: string;
  realised_pnl: string;
  charges_today: string;
}

export interface WireEntry {
  number: number;
  at: string;
  trading_date: string;
  kind: string;
  text: string;
  ref: string;
  amount: string;
  balance: string;
  postings: { book: string; amount: string }[];
}

export interface WireProblem {
  status: number;
  title: string;
  detail: string;
  code: string;
  context: Record<string, string>;
}

/** One server frame of the event stream. */
export type WireEvent =
  | { t: 'hello'; now: string; login_expires_at: string }
  | { t: 'quotes'; venue: string; quotes: WireQuote[] }
  | { t: 'depth'; venue: string; depth: WireDepth[] }
  | { t: 'venue'; venue: WireVenue }
  | { t: 'order'; seq: number; account: string; order: WireOrder }
  | { t: 'trade'; seq: number; account: string; trade: WireTrade }
  | { t: 'position'; seq: number; account: string; position: WirePosition }
  | { t: 'holding'; seq: number; account: string; holding: WireHolding }
  | { t: 'funds'; seq: number; account: string; funds: WireFunds }
  | { t: 'caught-up'; account: string; seq: number }
  | { t: 'resync'; account: string }
  | { t: 'signed-out' }
  | { t: 'error'; code: string; detail: string }
  | { t: 'pong' };

/** One client frame of the event stream. */
export type WireRequest =
  | { op: 'watch'; venue: string; quotes: number[]; depth: number[] }
  | { op: 'account'; account: string; after: number }
  | { op: 'ping' };
