import { describe, expect, test } from 'vitest';
import { decodeInstrument } from '../live';
import { parsePrice } from '../value';
import { ApiError, type WirePlace, type WirePreview, type WireReceipt } from '../wire';
import { Ticket, fieldOf, type Amends, type TicketApi, type TicketForm } from './ticket';

const receipt: WireReceipt = { client_order_id: '', order_id: '7', code: '', reason: '', at: '2026-11-24T04:00:00Z' };
const charges = { turnover: '', brokerage: '0.00', stt: '', exchange: '', sebi: '', stamp: '', gst: '', total: '15.47' };
const preview: WirePreview = {
  code: '', reason: '', required: '1300.10', available: '1000000.00', charges, expected: { avg_price: '1300.10', qty: 1, levels: 1, slippage: '0.00' }, limit_price: '', note: '',
  margin: { label: '', benefit: '', delivery: '', expiry: '', exposure: '', premium: '', span: '' }, break_even: { price: '', charges: '0.00' } };
const instrument = (lot_size = 1) => decodeInstrument({
  id: 17, label: 'RELIANCE', symbol: 'RELIANCE', name: '', exchange: 'NSE', kind: 'equity', underlying: '', expiry: null, strike: null, right: '', lot_size, tick_size: '0.10',
  freeze_qty: 0, isin: '', products: ['CNC', 'MIS'], is_orderable: true });

function bench(answers: (WireReceipt | Error)[], previews: (WirePreview | Error)[] = [], lot = 1, form: Partial<TicketForm> = {}, amends?: Amends) {
  const sent: (WirePlace & { client_order_id: string })[] = [];
  const changed: object[] = [];
  const timers: (() => void)[] = [];
  let ids = 0;
  const next = <T>(from: (T | Error)[], or: T): Promise<T> => {
    const a = from.shift() ?? or;
    return a instanceof Error ? Promise.reject(a) : Promise.resolve(a);
  };
  const api = {
    place: (_: string, body: WirePlace & { client_order_id: string }) => { sent.push(body); return next(answers, receipt); },
    preview: () => next(previews, preview),
    modify: (_: string, id: string, body: object) => { changed.push({ id, ...body }); return next(answers, receipt); },
  } as unknown as TicketApi;
  const ticket = new Ticket({ api, account: 'a1', newId: () => `id${String(++ids)}`, after: (_, run) => { timers.push(run); return () => { timers.splice(timers.indexOf(run), 1); }; } },
    instrument(lot), { side: 'buy', product: 'CNC', type: 'market', validity: 'day', qty: '1', price: '', trigger: '', minutes: 0, ...form }, amends);
  const settle = async (): Promise<void> => {
    for (const run of timers.splice(0)) run();
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  return { ticket, sent, changed, settle };
}

const offline = new ApiError('OFFLINE', 'no answer', 0);
const denied = new ApiError('MARGIN_EXCEEDS_FREE', 'Not enough.', 422);

describe('the client order id', () => {
  test('is replaced after an accepted order', async () => {
    const { ticket, sent } = bench([]);
    expect(await ticket.submit()).toEqual(receipt);
    await ticket.submit();
    expect(sent.map((s) => s.client_order_id)).toEqual(['id1', 'id2']);
  });

  test('is replaced after a denial', async () => {
    const { ticket, sent } = bench([denied]);
    expect(await ticket.submit()).toBe(undefined);
    expect(ticket.denial.value).toMatchObject({ code: 'MARGIN_EXCEEDS_FREE', reason: 'Not enough.' });
    await ticket.submit();
    expect(sent.map((s) => s.client_order_id)).toEqual(['id1', 'id2']);
  });

  test('is kept while no answer came, and the fields are locked to what it names', async () => {
    const { ticket, sent } = bench([offline, new ApiError('HTTP_503', 'away', 503)]);
    await ticket.submit();
    expect(ticket.phase.value).toBe('unanswered');
    ticket.edit({ qty: '99' });
    await ticket.submit();
    await ticket.submit();
    expect(sent.map((s) => [s.client_order_id, s.qty])).toEqual([['id1', 1], ['id1', 1], ['id1', 1]]);
    expect(ticket.phase.value).toBe('editing');
  });

  test('is given up only when asked', async () => {
    const { ticket } = bench([offline]);
    await ticket.submit();
    ticket.abandon();
    expect(ticket.clientOrderId).toBe('id2');
    expect(ticket.phase.value).toBe('editing');
  });

  test('a sign-in that ended keeps the fields and shows no denial', async () => {
    const { ticket } = bench([new ApiError('NOT_SIGNED_IN', 'Sign in.', 401)], [], 1, { qty: '25' });
    await ticket.submit();
    expect([ticket.form.value.qty, ticket.denial.value, ticket.phase.value]).toEqual(['25', undefined, 'editing']);
  });
});

describe('fields', () => {
  test.each([['', 'qty'], ['0', 'qty'], ['1.5', 'qty'], ['-3', 'qty'], ['1e3', 'qty']])('quantity %j is never sent', async (qty, field) => {
    const { ticket, sent } = bench([], [], 1, { qty });
    await ticket.submit();
    expect(sent).toEqual([]);
    expect(ticket.denial.value?.field).toBe(field);
  });

  test('a limit order needs a price and sends it on two places', async () => {
    const { ticket, sent } = bench([], [], 1, { type: 'limit', price: '' });
    await ticket.submit();
    expect(ticket.denial.value?.field).toBe('price');
    ticket.edit({ price: '1,300.1' });
    await ticket.submit();
    expect(sent[0]?.price).toBe('1300.10');
  });

  test('the stepper moves by whole lots and never below one', () => {
    const { ticket } = bench([], [], 65, { qty: '70' });
    ticket.stepQty(1);
    expect(ticket.form.value.qty).toBe('130');
    for (let i = 0; i < 5; i++) ticket.stepQty(-1);
    expect(ticket.form.value.qty).toBe('65');
  });

  test('a price steps onto the tick grid', () => {
    const { ticket } = bench([], [], 1, { type: 'limit', price: '1300.04' });
    ticket.stepPrice('price', 1, parsePrice('1299.00'));
    expect(ticket.form.value.price).toBe('1300.10');
    ticket.stepPrice('price', -1, undefined);
    expect(ticket.form.value.price).toBe('1300.00');
  });

  test('a change sends the request id and the new terms only', async () => {
    const { ticket, changed } = bench([], [], 1, { type: 'limit', price: '10.00', qty: '7' }, { orderId: '3', filledQty: 0, minutes: 0 });
    await ticket.submit();
    expect(changed).toEqual([{ id: '3', request_id: 'id1', qty: 7, price: '10.00', type: 'limit', validity: 'day' }]);
  });
});

describe('stops and minutes', () => {
  test.each([
    ['sl', '', '100', 'price', undefined], ['sl', '99.5', '', 'trigger', undefined], ['sl-m', '', '', 'trigger', undefined], ['sl-m', '99.5', '0', 'trigger', undefined],
    ['sl', '99.5', '1,00', undefined, ['99.50', '100.00']], ['sl-m', '99.5', '100', undefined, ['', '100.00']], ['limit', '99.5', '100', undefined, ['99.50', undefined]]] as const)(
    '%s with price %j and trigger %j', async (type, price, trigger, field, want) => {
      const { ticket, sent } = bench([], [], 1, { type, price, trigger });
      await ticket.submit();
      expect(ticket.denial.value?.field).toBe(field);
      expect(sent.map((s) => [s.price, s.trigger_price])).toEqual(want === undefined ? [] : [want]);
    });

  test('minutes go with their validity only', async () => {
    const { ticket, sent } = bench([], [], 1, { validity: 'minutes', minutes: 15 });
    await ticket.submit();
    ticket.edit({ validity: 'day' });
    await ticket.submit();
    expect(sent.map((s) => [s.validity, s.minutes])).toEqual([['minutes', 15], ['day', undefined]]);
  });

  test('a change of the price lets the minutes run on, another number begins them anew', async () => {
    const { ticket, changed } = bench([], [], 1, { type: 'sl', price: '10', trigger: '9', validity: 'minutes', minutes: 5 }, { orderId: '3', filledQty: 0, minutes: 5 });
    await ticket.submit();
    ticket.edit({ minutes: 10 });
    await ticket.submit();
    expect(changed).toEqual([
      { id: '3', request_id: 'id1', qty: 1, type: 'sl', price: '10.00', trigger_price: '9.00' },
      { id: '3', request_id: 'id2', qty: 1, type: 'sl', validity: 'minutes', minutes: 10, price: '10.00', trigger_price: '9.00' }]);
  });
});

describe('the preview', () => {
  test('shows the figures and a denial before anything is sent', async () => {
    const { ticket, settle } = bench([], [{ ...preview, code: 'PRICE_OFF_TICK', reason: 'Not on the tick.' }]);
    await settle();
    expect(ticket.preview.value?.charges.total).toBe(1547);
    expect(ticket.denial.value).toEqual({ field: 'price', code: 'PRICE_OFF_TICK', reason: 'Not on the tick.' });
  });

  test('does not wipe away the answer to a sent order; an edit does', async () => {
    const { ticket, settle } = bench([denied]);
    await ticket.submit();
    ticket.refresh();
    await settle();
    expect(ticket.denial.value?.code).toBe('MARGIN_EXCEEDS_FREE');
    ticket.edit({ qty: '2' });
    await settle();
    expect(ticket.denial.value).toBe(undefined);
  });

  test('of fields that changed since is thrown away', async () => {
    const { ticket, settle } = bench([]);
    ticket.edit({ qty: '' });
    await settle();
    expect(ticket.preview.value).toBe(undefined);
  });
});

test.each([
  ['PRICE_OFF_TICK', undefined, 'price'], ['QTY_NOT_LOT', undefined, 'qty'], ['ABOVE_FREEZE', undefined, 'qty'], ['MARKET_CLOSED', undefined, 'form'], ['ANY', 'price', 'price'], ['ANY', 'x', 'form'], ['TRIGGER_BEYOND_LIMIT', undefined, 'trigger'], ['BAD_FIELD', 'trigger_price', 'trigger']] as const)(
  'denial %s with field %s stands beside %s', (code, field, want) => expect(fieldOf(code, field)).toBe(want));
