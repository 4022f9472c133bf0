// One function per route. Every failure is an ApiError with the server's own code and sentence, or code OFFLINE when
// no answer came: only then may the same command be sent again with the same id.
import type {
  Interval, Role, WireAccount, WireCandle, WireDepth, WireEntry, WireFunds, WireHolding, WireInstrument, WireLogin, WireMe, WireOrder,
  WireOrderStory, WirePlace, WirePlan, WirePosition, WirePreview, WireProblem, WireQuote, WireReceipt, WireTrade, WireUser, WireVenue, WireWatchlist,
} from './types';

export class ApiError extends Error {
  constructor(
    readonly code: string,
    message: string,
    readonly status: number,
    readonly context: Readonly<Record<string, string>> = {},
    readonly body: unknown = undefined,
  ) {
    super(message);
  }
  /** No definite answer: the command may or may not have happened. */
  get isUnanswered(): boolean {
    return this.status === 0 || this.status === 502 || this.status === 503 || this.status === 504;
  }
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

async function readProblem(response: Response): Promise<ApiError> {
  const body: unknown = await response.json().catch(() => undefined);
  const problem = (typeof body === 'object' && body !== null ? body : {}) as Partial<WireProblem> & { reason?: string };
  const message = problem.detail ?? problem.reason ?? problem.title ?? `The server answered ${String(response.status)}.`;
  return new ApiError(problem.code ?? `HTTP_${String(response.status)}`, message, response.status, problem.context ?? {}, body);
}

function query(values: Record<string, string | number | undefined>): string {
  const parts = Object.entries(values).flatMap(([key, value]) =>
    value === undefined || value === '' ? [] : [`${key}=${encodeURIComponent(String(value))}`]);
  return parts.length === 0 ? '' : '?' + parts.join('&');
}

/** The typed client. `onSignedOut` hears of every 401 that is not an answer to a sign-in. */
export class Api {
  onSignedOut: () => void = () => undefined;
  private readonly fetcher: Fetch;

  constructor(fetcher: Fetch = (url, init) => fetch(url, init)) {
    this.fetcher = fetcher;
  }

  private async call<T>(method: Method, path: string, body?: unknown): Promise<T> {
    const init: RequestInit = { method, credentials: 'same-origin', headers: { accept: 'application/json' } };
    if (method !== 'GET') {
      init.headers = { accept: 'application/json', 'content-type': 'application/json' };
      if (body !== undefined) init.body = JSON.stringify(body);
    }
    const response = await this.fetcher(path, init).catch(() => {
      throw new ApiError('OFFLINE', 'No answer from the server. Nothing is known to have changed.', 0);
    });
    if (!response.ok) {
      const problem = await readProblem(response);
      if (problem.code === 'NOT_SIGNED_IN') this.onSignedOut();
      throw problem;
    }
    if (response.status === 204) return undefined as T;
    return (await response.json()) as T;
  }

  setupState = () => this.call<{ needs_owner: boolean; allowed: boolean; reason: string }>('GET', '/api/setup' + query({ link: linkOfPage() }));
  setup = (username: string, password: string, link: string) =>
    this.call<{ user: WireUser }>('POST', '/api/setup', link === '' ? { username, password } : { username, password, link });
  login = (username: string, password: string, code: string) =>
    this.call<{ user: WireUser }>('POST', '/api/login', code === '' ? { username, password } : { username, password, code });
  logout = () => this.call<void>('POST', '/api/logout', {});
  me = () => this.call<WireMe>('GET', '/api/me');
  changePassword = (old_password: string, new_password: string) => this.call<void>('POST', '/api/me/password', { old_password, new_password });
  logins = () => this.call<{ logins: WireLogin[] }>('GET', '/api/me/logins');
  revokeLogin = (id: string) => this.call<void>('DELETE', `/api/me/logins/${id}`);
  startTwoStep = (password: string) => this.call<{ secret: string; uri: string }>('POST', '/api/me/two-step/start', { password });
  confirmTwoStep = (code: string) => this.call<{ recovery_codes: string[] }>('POST', '/api/me/two-step/confirm', { code });
  stopTwoStep = (password: string, code: string) => this.call<void>('POST', '/api/me/two-step/off', { password, code });
  users = () => this.call<{ users: WireUser[] }>('GET', '/api/users');
  userAction = (id: string, action: 'disable' | 'enable' | 'sign-out') => this.call<void>('POST', `/api/users/${id}/${action}`, {});
  setRole = (id: string, role: Role) => this.call<void>('PUT', `/api/users/${id}/role`, { role });
  invite = (role: Role) => this.call<{ url: string; expires_at: string }>('POST', '/api/invites', { role });
  invitation = (token: string) => this.call<{ role: Role; expires_at: string }>('GET', `/api/invites/${token}`);
  acceptInvite = (token: string, username: string, password: string) =>
    this.call<{ user: WireUser }>('POST', `/api/invites/${token}`, { username, password });
  reset = (token: string, password: string) => this.call<void>('POST', '/api/reset', { token, password });

  venues = () => this.call<{ venues: WireVenue[] }>('GET', '/api/venues');
  setClock = (venue: string, speed: number, is_paused: boolean) => this.call<void>('PUT', `/api/venues/${venue}/clock`, { speed, is_paused });
  search = (venue: string, q: string, limit = 20) =>
    this.call<{ instruments: WireInstrument[] }>('GET', '/api/instruments' + query({ venue, q, limit }));
  instrument = (venue: string, id: number) => this.call<WireInstrument>('GET', `/api/instruments/${String(id)}` + query({ venue }));
  quotes = (venue: string, ids: readonly number[]) => this.call<{ quotes: WireQuote[] }>('GET', '/api/quotes' + query({ venue, ids: ids.join(',') }));
  depth = (venue: string, id: number) => this.call<WireDepth>('GET', '/api/depth' + query({ venue, id }));
  candles = (venue: string, id: number, interval: Interval, from: string, to: string) =>
    this.call<{ candles: WireCandle[] }>('GET', '/api/candles' + query({ venue, id, interval, from, to }));
  watchlists = () => this.call<{ lists: WireWatchlist[] }>('GET', '/api/watchlists');
  saveWatchlist = (list: WireWatchlist) =>
    this.call<void>('PUT', `/api/watchlists/${String(list.number)}`, { name: list.name, venue: list.venue, instruments: list.instruments });

  accounts = () => this.call<{ accounts: WireAccount[] }>('GET', '/api/accounts');
  openAccount = (body: { name: string; capital: string; plan: string; venue: string }) => this.call<WireAccount>('POST', '/api/accounts', body);
  plans = () => this.call<{ plans: WirePlan[] }>('GET', '/api/plans');
  place = (account: string, body: WirePlace & { client_order_id: string }) =>
    this.call<WireReceipt>('POST', `/api/accounts/${account}/orders`, body);
  preview = (account: string, body: WirePlace) => this.call<WirePreview>('POST', `/api/accounts/${account}/orders/preview`, body);
  modify = (account: string, id: string, body: { request_id: string; qty?: number; price?: string; type?: string; validity?: string }) =>
    this.call<WireReceipt>('PATCH', `/api/accounts/${account}/orders/${id}`, body);
  cancel = (account: string, id: string, request_id: string) =>
    this.call<WireReceipt>('DELETE', `/api/accounts/${account}/orders/${id}` + query({ request_id }));
  orders = (account: string, date?: string) => this.call<{ orders: WireOrder[] }>('GET', `/api/accounts/${account}/orders` + query({ date }));
  order = (account: string, id: string) => this.call<WireOrderStory>('GET', `/api/accounts/${account}/orders/${id}`);
  trades = (account: string, date?: string) => this.call<{ trades: WireTrade[] }>('GET', `/api/accounts/${account}/trades` + query({ date }));
  positions = (account: string) => this.call<{ positions: WirePosition[] }>('GET', `/api/accounts/${account}/positions`);
  holdings = (account: string) => this.call<{ holdings: WireHolding[] }>('GET', `/api/accounts/${account}/holdings`);
  funds = (account: string) => this.call<WireFunds>('GET', `/api/accounts/${account}/funds`);
  move = (account: string, way: 'payin' | 'payout', request_id: string, amount: string) =>
    this.call<WireReceipt>('POST', `/api/accounts/${account}/${way}`, { request_id, amount });
  ledger = (account: string, cursor: string) =>
    this.call<{ entries: WireEntry[]; next: string }>('GET', `/api/accounts/${account}/ledger` + query({ cursor, limit: 50 }));
  days = (account: string) => this.call<{ dates: string[] }>('GET', `/api/accounts/${account}/days`);
}

function linkOfPage(): string | undefined {
  return typeof location === 'undefined' ? undefined : (new URLSearchParams(location.search).get('link') ?? undefined);
}
