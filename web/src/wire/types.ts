// Our names for the shapes of api/openapi.json, and the frames of the event stream, which OpenAPI has no words for.
import type {
  Account, Candle, ChargeNote, Depth, Entry, Evidence, Funds, Holding, Instrument, Level, Login, Me, Order, OrderStory, OrderTerms, Plan, Position, Preview,
  Problem, Quote, Receipt, System, Trade, TrailRow, User, Venue, Watchlist, paths,
} from './schema';

export type Role = User['role'];
export type Side = Order['side'];
export type Product = Order['product'];
export type OrderType = Order['type'];
export type Validity = Order['validity'];
export type OrderStatus = Order['status'];
export type Lamp = Venue['feed']['lamp'];
export type VenueKind = Venue['kind'];
export type Interval = paths['/api/candles']['get']['parameters']['query']['interval'];

export type WireUser = User;
export type WireAccount = Account;
export type WireMe = Me;
export type WireLogin = Login;
export type WirePlan = Plan;
export type WireVenue = Venue;
export type WireInstrument = Instrument;
export type WireQuote = Quote;
export type WireLevel = Level;
export type WireDepth = Depth;
export type WireCandle = Candle;
export type WireWatchlist = Watchlist;
export type WireChargeNote = ChargeNote;
export type WireReceipt = Receipt;
export type WirePlace = OrderTerms;
export type WirePreview = Preview;
export type WireOrder = Order;
export type WireEvidence = Evidence;
export type WireTrade = Trade;
export type WireOrderStory = OrderStory;
export type WirePosition = Position;
export type WireHolding = Holding;
export type WireFunds = Funds;
export type WireEntry = Entry;
export type WireProblem = Problem;
export type WireSystem = System;
export type WireTrailRow = TrailRow;

/** One server frame of the event stream. */
export type WireEvent =
  | { t: 'hello'; now: string; login_expires_at: string }
  | { t: 'quotes'; venue: string; quotes: Quote[] }
  | { t: 'depth'; venue: string; depth: Depth[] }
  | { t: 'venue'; venue: Venue }
  | { t: 'order'; seq: number; account: string; order: Order }
  | { t: 'trade'; seq: number; account: string; trade: Trade }
  | { t: 'position'; seq: number; account: string; position: Position }
  | { t: 'holding'; seq: number; account: string; holding: Holding }
  | { t: 'funds'; seq: number; account: string; funds: Funds }
  | { t: 'caught-up'; account: string; seq: number }
  | { t: 'resync'; account: string }
  /** The user's broker connection or notices changed: ask for them. */
  | { t: 'broker' | 'notices' }
  | { t: 'signed-out' }
  | { t: 'error'; code: string; detail: string }
  | { t: 'pong' };

/** One client frame of the event stream. */
export type WireRequest =
  | { op: 'watch'; venue: string; quotes: number[]; depth: number[] }
  | { op: 'account'; account: string; after: number }
  | { op: 'ping' };
