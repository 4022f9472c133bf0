import { describe, expect, test } from 'vitest';
import { decodeOrder, decodePosition, decodeQuote, type Holding, type Quote, type Venue } from '../live';
import { parseInstant, type Instant } from '../value';
import { Bars, type BarsPorts } from './bars';
import { Book, type BookApi } from './book';
import { Cell, derive } from './cell';
import { holdingPnl, holdingValue, liveSum, positionPnl } from './pnl';
import { QuoteBook } from './quotes';
import { parseRoute, routePath } from './route';
import { VenueClock, lampOf } from './venue';
import { Wants } from './wants';
import { Watchlists } from './watchlist';

const at = (text: string): Instant => parseInstant(text) ?? (NaN as Instant);
const quote = (id: number, last: string, more: object = {}): Quote => decodeQuote({
  id, at: '2026-11-24T04:00:30Z', received_at: '', bid: '', bid_qty: 0, ask: '', ask_qty: 0, last, last_qty: 0, open: '', high: '', low: '', prev_close: '', avg: '', volume: 0, oi: 0,
  oi_change: 0, lower_circuit: '', upper_circuit: '', total_bid: 0, total_ask: 0, is_from_bars: false, is_stale: false, ...more });
const order = (id: string, status: 'open' | 'executed' | 'cancelled', second: number) => ({
  id, client_order_id: 'c' + id, instrument: 1, label: 'X', exchange: 'NSE', side: 'buy', product: 'CNC', type: 'limit', validity: 'day', minutes: 0, expires_at: '', trigger_price: '', triggered_at: '', qty: 1, filled_qty: 0, pending_qty: 1,
  cancelled_qty: 0, price: '1.00', avg_price: '', status, code: '', reason: '', reserved: '', placed_at: '2026-11-24T04:00:00Z',
  updated_at: `2026-11-24T04:00:${String(second).padStart(2, '0')}Z`, trading_date: '2026-11-24', tag: '' }) as const;
const position = (over: object = {}) => decodePosition({
  instrument: 1, label: 'X', exchange: 'NSE', product: 'MIS', net_qty: -10, avg_price: '100.3333', last: '100.00', pnl: '3.33', realised_pnl: '0.00', unrealised_pnl: '3.33', day_buy_qty: 0,
  day_sell_qty: 10, charges: '0.00', net_pnl: '3.33', blocked: '0.00', is_stale: false, note: '', ...over });
const turn = async (): Promise<void> => { for (let i = 0; i < 10; i++) await Promise.resolve(); };

describe('a cell', () => {
  test('tells the value at once, changes only, and nothing after the end', () => {
    const cell = new Cell(1);
    const heard: number[] = [];
    const stop = cell.subscribe((v) => heard.push(v));
    cell.set(1);
    cell.set(2);
    stop();
    cell.set(3);
    expect(heard).toEqual([1, 2]);
  });
  test('a derived value is told once a change of it', () => {
    const a = new Cell(1);
    const b = new Cell(1);
    const heard: boolean[] = [];
    derive([a, b], () => a.value + b.value > 2).subscribe((v) => heard.push(v));
    a.set(2);
    b.set(5);
    expect(heard).toEqual([false, true]);
  });
});

describe('quotes', () => {
  test('of one frame are merged and only the cells that moved are told', () => {
    const frames: (() => void)[] = [];
    const book = new QuoteBook((run) => frames.push(run));
    const heard: (number | undefined)[] = [];
    book.quote(1).subscribe((q) => heard.push(q?.last));
    book.quote(2).subscribe(() => heard.push(-1));
    book.takeQuotes([quote(1, '1.00')]);
    book.takeQuotes([quote(1, '2.00')]);
    expect(frames.length).toBe(1);
    frames[0]?.();
    expect(heard).toEqual([undefined, -1, 20_000]);
  });
});

describe('wants', () => {
  test('are counted, joined and sent once a turn', () => {
    const sent: [number[], number[]][] = [];
    const turns: (() => void)[] = [];
    const wants = new Wants((q, d) => sent.push([q, d]), (run) => turns.push(run));
    const flush = (): void => { for (const run of turns.splice(0)) run(); };
    const one = wants.want([3, 1], true);
    const two = wants.want([3]);
    flush();
    one();
    one();
    flush();
    two();
    wants.want([3]);
    flush();
    expect(sent).toEqual([[[1, 3], [1, 3]], [[3], []]]);
  });
});

describe('the book of an account', () => {
  function bench(orders: object[]) {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => { release = resolve; });
    const api = {
      orders: async () => { await gate; return { orders }; }, trades: async () => ({ trades: null }), positions: async () => ({ positions: [] }),
      holdings: async () => ({ holdings: [] }),
      funds: async () => ({ cash: '1.00', blocked: '', order_blocked: '', position_blocked: '', free: '1.00', opening: '', payin: '', payout: '', realised_pnl: '', charges_today: '' }),
    } as unknown as BookApi;
    return { book: new Book(api, 'a1'), release };
  }

  test('events that come while it loads are applied after it, and older ones than the row are not', async () => {
    const { book, release } = bench([order('1', 'executed', 9)]);
    const loading = book.load();
    book.take({ order: decodeOrder(order('1', 'open', 3)) });
    book.take({ order: decodeOrder(order('2', 'open', 5)) });
    release();
    await loading;
    expect(book.orders.value.map((o) => [o.id, o.status])).toEqual([['2', 'open'], ['1', 'executed']]);
    expect(book.state.value).toBe('ready');
  });

  test('an order keeps its place and tells what it was before', async () => {
    const { book, release } = bench([order('2', 'open', 1), order('1', 'open', 1)]);
    release();
    await book.load();
    const heard: unknown[] = [];
    book.onOrder = (now, before) => heard.push([before?.status, now.status]);
    book.take({ order: decodeOrder(order('1', 'cancelled', 2)) });
    expect(book.orders.value.map((o) => o.status)).toEqual(['open', 'cancelled']);
    expect(heard).toEqual([['open', 'cancelled']]);
  });

  test('a position of another product is another row', async () => {
    const { book, release } = bench([]);
    release();
    await book.load();
    book.take({ position: position() });
    book.take({ position: position({ product: 'CNC' }) });
    book.take({ position: position({ net_qty: 0 }) });
    expect(book.positions.value.map((p) => [p.product, p.net_qty])).toEqual([['MIS', 0], ['CNC', -10]]);
  });
});

describe('live profit and loss', () => {
  test('moves from the figure of the server by the price alone, without its rounded average', () => {
    expect(positionPnl(position(), quote(1, '101.05'))).toBe(333 - 1050);
    expect(positionPnl(position(), undefined)).toBe(333);
    expect(positionPnl(position({ net_qty: 0, pnl: '5.00' }), quote(1, '999.00'))).toBe(500);
  });
  test('moves from the average where the server had no price yet', () => {
    const fresh = position({ last: '', pnl: '5.00', avg_price: '100.00' });
    expect(positionPnl(fresh, undefined)).toBe(500);
    expect(positionPnl(fresh, quote(1, '101.00'))).toBe(500 - 1000);
  });
  test('of a holding counts what settles tomorrow', () => {
    const held = { instrument: 1, qty: 10, t1_qty: 5, avg_price: 1000000, last: 1010000, cost: 150000, value: 151500, pnl: 1500 } as unknown as Holding;
    expect(holdingPnl(held, quote(1, '102.00'))).toBe(3000);
    expect(holdingValue(held, quote(1, '102.00'))).toBe(153000);
    const fresh = { ...held, last: undefined, value: 0, pnl: 0 } as unknown as Holding;
    expect(holdingValue(fresh, quote(1, '102.00'))).toBe(153000);
  });
  test('is summed live', () => {
    const frames: (() => void)[] = [];
    const book = new QuoteBook((run) => frames.push(run));
    const heard: number[] = [];
    liveSum([position(), position({ instrument: 2, net_qty: 1 })], book, positionPnl).subscribe((v) => heard.push(v));
    book.takeQuotes([quote(1, '99.00'), quote(2, '102.00')]);
    frames[0]?.();
    expect(heard.at(-1)).toBe(333 + 1000 + 333 + 200);
  });
});

describe('the lamp', () => {
  test.each([
    ['green', 400, 0, 'green'], ['green', 400, 2_700, 'amber'], ['green', 400, 29_700, 'red'], ['amber', 5_000, 0, 'amber'], ['red', 400, 0, 'red'], ['closed', 90_000, 0, 'closed'],
  ] as const)('said %s at %d ms and heard %d ms ago is %s', (said, age, since, want) => expect(lampOf(said, age, since).lamp).toBe(want));

  test('goes on ageing when nothing is heard', () => {
    let mono = 0;
    const clock = new VenueClock(() => mono);
    clock.take({ now: at('2026-11-24T04:00:00Z'), clock: null, feed: { lamp: 'green', age_ms: 300, source: 'stream', detail: '' } } as unknown as Venue);
    mono = 4_000;
    clock.tick();
    expect(clock.lamp.value).toEqual({ lamp: 'amber', ageMs: 4_300 });
    expect(clock.now.value).toBe(at('2026-11-24T04:00:04Z'));
  });
});

describe('bars', () => {
  const start = '2026-11-24T03:45:00Z';
  async function bench() {
    const ports: BarsPorts = {
      api: { candles: async () => ({ candles: [{ start, open: '10.00', high: '11.00', low: '9.00', close: '10.50', volume: 100, oi: 0 }] }) }, venue: 'demo',
      now: () => at('2026-11-24T04:00:00Z'), after: () => () => undefined };
    const bars = new Bars(ports, 1, '30m');
    const told: unknown[] = [];
    bars.onBar = (bar) => told.push([new Date(bar.start).toISOString().slice(11, 16), bar.open, bar.high, bar.low, bar.close, bar.volume]);
    await bars.load();
    return { bars, told };
  }

  test('grow by quotes and begin on the grid of the server', async () => {
    const { bars, told } = await bench();
    bars.takeQuote(quote(1, '12.00', { at: '2026-11-24T04:00:00Z', volume: 5_000 }));
    bars.takeQuote(quote(1, '8.00', { at: '2026-11-24T04:14:59Z', volume: 5_040 }));
    bars.takeQuote(quote(1, '8.50', { at: '2026-11-24T04:15:00Z', volume: 5_045 }));
    expect(told).toEqual([
      ['03:45', 100_000, 120_000, 90_000, 120_000, 100], ['03:45', 100_000, 120_000, 80_000, 80_000, 140], ['04:15', 85_000, 85_000, 85_000, 85_000, 0]]);
  });

  test('ignore a stale quote and one older than the last bar', async () => {
    const { bars, told } = await bench();
    bars.takeQuote(quote(1, '12.00', { is_stale: true }));
    bars.takeQuote(quote(1, '12.00', { at: '2026-11-24T03:44:59Z' }));
    expect(told).toEqual([]);
  });
});

describe('watch lists', () => {
  function bench(fails = false) {
    const saved: unknown[] = [];
    const lists = new Watchlists({
      watchlists: async () => ({ lists: [{ number: 1, name: '1', venue: 'demo', instruments: [1, 2, 3] }] }),
      saveWatchlist: async (list: { number: number; instruments: number[] }) => {
        saved.push([list.number, list.instruments]);
        if (fails) throw new Error('no');
      },
    } as unknown as ConstructorParameters<typeof Watchlists>[0], 'demo');
    return { lists, saved };
  }
  test('move, add once, and remove', async () => {
    const { lists, saved } = bench();
    await lists.load();
    lists.move(2, 0);
    lists.add(3);
    lists.add(9);
    lists.remove(1);
    expect(lists.rows.value).toEqual([3, 2, 9]);
    expect(saved.length).toBe(3);
    lists.choose(2);
    expect(lists.rows.value).toEqual([]);
  });
  test('a failed save is taken back and told', async () => {
    const { lists } = bench(true);
    const told: string[] = [];
    lists.onFailure = (m) => told.push(m);
    await lists.load();
    lists.remove(2);
    await turn();
    expect([lists.rows.value, told]).toEqual([[1, 2, 3], ['no']]);
  });
});

test.each(['/terminal', '/dashboard', '/orders', '/orders?date=2026-11-23', '/portfolio/funds', '/settings/users', '/invite/abc_-1', '/reset/xyz'])('address %s comes back', (path) => {
  const url = new URL(path, 'http://localhost');
  expect(routePath(parseRoute(url.pathname, url.search))).toBe(path);
});
