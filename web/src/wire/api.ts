// The routes the desk needs, by name. Rarer ones (users, two-step sign-in) are called by their path where they are used.
import { makeCall, type Call, type Fetch } from './call';
import type { Interval, WirePlace, WireWatchlist } from './types';
import type { NewOrder, OrderChange } from './schema';

export class Api {
  /** Hears of every answer that says the sign-in is over. */
  onSignedOut: () => void = () => undefined;
  readonly call: Call;

  constructor(fetcher: Fetch = (url, init) => fetch(url, init)) {
    this.call = makeCall(fetcher, () => { this.onSignedOut(); });
  }

  me = () => this.call('get', '/api/me', {});
  venues = () => this.call('get', '/api/venues', {});
  search = (venue: string, q: string, limit: number) => this.call('get', '/api/instruments', { query: { venue, q, limit } });
  instrument = (venue: string, id: number) => this.call('get', '/api/instruments/{id}', { path: { id }, query: { venue } });
  candles = (venue: string, id: number, interval: Interval, from: string, to: string) =>
    this.call('get', '/api/candles', { query: { venue, id, interval, from, to } });
  watchlists = () => this.call('get', '/api/watchlists', {});
  saveWatchlist = ({ number, name, venue, instruments }: WireWatchlist) =>
    this.call('put', '/api/watchlists/{number}', { path: { number }, body: { name, venue, instruments } });

  place = (account: string, body: NewOrder) => this.call('post', '/api/accounts/{account}/orders', { path: { account }, body });
  preview = (account: string, body: WirePlace) => this.call('post', '/api/accounts/{account}/orders/preview', { path: { account }, body });
  modify = (account: string, id: string, body: OrderChange) => this.call('patch', '/api/accounts/{account}/orders/{id}', { path: { account, id }, body });
  cancel = (account: string, id: string, request_id: string) =>
    this.call('delete', '/api/accounts/{account}/orders/{id}', { path: { account, id }, query: { request_id } });
  orders = (account: string, date?: string) => this.call('get', '/api/accounts/{account}/orders', { path: { account }, query: dated(date) });
  trades = (account: string, date?: string) => this.call('get', '/api/accounts/{account}/trades', { path: { account }, query: dated(date) });
  positions = (account: string) => this.call('get', '/api/accounts/{account}/positions', { path: { account } });
  holdings = (account: string) => this.call('get', '/api/accounts/{account}/holdings', { path: { account } });
  funds = (account: string) => this.call('get', '/api/accounts/{account}/funds', { path: { account } });
}

function dated(date: string | undefined): { date?: string } {
  return date === undefined ? {} : { date };
}
