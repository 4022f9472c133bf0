import { expect, test } from 'vitest';
import { decodeDepth, decodeInstrument, decodeQuote, decodeVenue } from './index';

const quote = {
  id: 17, at: '2026-11-24T04:00:00Z', received_at: '2026-11-24T04:00:00.2Z', bid: '1299.80', bid_qty: 5, ask: '', ask_qty: 0, last: '1299.90', last_qty: 1, open: '', high: '', low: '',
  prev_close: '1290.00', avg: '', volume: 7, oi: 0, oi_change: -3, lower_circuit: '', upper_circuit: '', total_bid: 1, total_ask: 2, is_from_bars: false, is_stale: true };

test('a quote: text becomes ten-thousandths, empty becomes unknown', () => {
  const q = decodeQuote(quote);
  expect([q.bid, q.ask, q.last, q.at, q.is_stale]).toEqual([12_998_000, undefined, 12_999_000, Date.parse('2026-11-24T04:00:00Z'), true]);
});

test.each([{ bid: '12.34567' }, { bid: 'NaN' }, { volume: 1.5 }, { volume: 2 ** 60 }, { at: 'yesterday' }])('a quote with %j is refused whole', (wrong) => {
  expect(() => decodeQuote({ ...quote, ...wrong })).toThrow();
});

test('an empty ladder that came as null is empty', () => {
  const w = { id: 1, at: '', received_at: '', bids: null as unknown as [], asks: [{ price: '1.05', qty: 2, orders: 1 }], is_from_bars: true };
  expect(decodeDepth(w)).toMatchObject({ bids: [], asks: [{ price: 10_500, qty: 2 }], is_from_bars: true, at: undefined });
});

test('an instrument keeps its tick and at least one unit a lot', () => {
  const w = {
    id: 1, label: 'X', symbol: 'X', name: '', exchange: 'NSE', kind: 'index', underlying: '', expiry: null, strike: null, right: '', lot_size: 0, tick_size: '0.10', freeze_qty: 0, isin: '',
    products: ['MIS', 'CNC', 'BO'], is_orderable: false } as const;
  expect(decodeInstrument({ ...w, products: [...w.products] })).toMatchObject({ lot_size: 1, tick_size: 1_000, products: ['CNC', 'MIS'] });
});

test('a venue that is not there has no time', () => {
  const w = {
    id: 'replay', kind: 'replay', name: 'Replay', is_available: false, unavailable_reason: 'no day', phase: '', status_text: '', reason: '', until: '', next_open: '', trading_date: '', now: '',
    feed: { lamp: 'closed', age_ms: -1, source: 'none', detail: '' }, clock: null, book_note: '', budget: null, broker_name: '', needs_broker: false, is_halted: false } as const;
  expect(decodeVenue(w)).toMatchObject({ now: undefined, next_open: undefined, unavailable_reason: 'no day' });
});
