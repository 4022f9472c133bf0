import { describe, expect, test } from 'vitest';
import { Stream, type LiveEvent, type Socket, type StreamState } from './index';

class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((message: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number }) => void) | null = null;
  sent: unknown[] = [];
  isClosed = false;
  send(text: string): void { this.sent.push(JSON.parse(text)); }
  close(): void { this.isClosed = true; }
  say(...events: unknown[]): void { this.onmessage?.({ data: JSON.stringify(events.length === 1 ? events[0] : events) }); }
}

/** A world whose clock only moves when told; timers run in order. */
function bench() {
  const sockets: FakeSocket[] = [];
  const events: LiveEvent[] = [];
  const states: StreamState[] = [];
  const timers: { at: number; run: () => void }[] = [];
  let now = 0;
  let refusals = 0;
  const stream = new Stream({
    connect: () => { const s = new FakeSocket(); sockets.push(s); return s; },
    after: (ms, run) => {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => { const i = timers.indexOf(timer); if (i >= 0) timers.splice(i, 1); };
    },
    now: () => now,
    random: () => 1,
  }, { onEvent: (e) => events.push(e), onState: (s) => states.push(s), onRefused: () => { refusals += 1; } });
  const pass = (ms: number): void => {
    const until = now + ms;
    for (;;) {
      const next = timers.filter((t) => t.at <= until).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      timers.splice(timers.indexOf(next), 1);
      now = next.at;
      next.run();
    }
    now = until;
  };
  const last = (): FakeSocket => { const s = sockets.at(-1); if (s === undefined) throw new Error('no socket'); return s; };
  const open = (): FakeSocket => { last().onopen?.(); return last(); };
  return { stream, sockets, events, states, pass, last, open, refusals: () => refusals };
}

const funds = { cash: '1.00', blocked: '0.00', order_blocked: '0.00', position_blocked: '0.00', free: '1.00', opening: '0.00', payin: '0.00', payout: '0.00', realised_pnl: '0.00', charges_today: '0.00' };

describe('connecting', () => {
  test('what was asked for before the socket opened is said when it does', () => {
    const b = bench();
    b.stream.follow('a1');
    b.stream.watch('demo', [1, 2], [1]);
    b.stream.start();
    expect(b.open().sent).toEqual([{ op: 'watch', venue: 'demo', quotes: [1, 2], depth: [1] }, { op: 'account', account: 'a1', after: 0 }]);
  });

  test('a lost socket is replaced after a pause that grows and is bounded', () => {
    const b = bench();
    b.stream.start();
    for (const pause of [300, 600, 1200, 2400, 4800, 5000, 5000]) {
      const count = b.sockets.length;
      b.last().onclose?.({ code: 1006 });
      b.pass(pause - 1);
      expect(b.sockets.length).toBe(count);
      b.pass(1);
      expect(b.sockets.length).toBe(count + 1);
    }
    expect(b.refusals()).toBe(7);
  });

  test('opening resets the pause', () => {
    const b = bench();
    b.stream.start();
    b.last().onclose?.({ code: 1006 });
    b.pass(300);
    b.open().onclose?.({ code: 1006 });
    b.pass(300);
    expect(b.sockets.length).toBe(3);
    expect(b.refusals()).toBe(1);
  });

  test('hurry connects at once and does not open a second socket', () => {
    const b = bench();
    b.stream.start();
    b.open().onclose?.({ code: 1006 });
    b.stream.hurry();
    b.stream.hurry();
    b.pass(60_000);
    expect(b.sockets.length).toBe(2);
  });

  test('a signed-out stream stays shut until it is started again', () => {
    const b = bench();
    b.stream.start();
    b.open().say({ t: 'signed-out' });
    b.last().onclose?.({ code: 4001 });
    b.pass(60_000);
    expect(b.sockets.length).toBe(1);
    expect(b.states.at(-1)).toBe('idle');
    b.stream.start();
    expect(b.sockets.length).toBe(2);
  });
});

describe('silence', () => {
  test('is first asked about and then ends the socket', () => {
    const b = bench();
    b.stream.start();
    const socket = b.open();
    b.pass(7_500);
    expect(socket.sent).toContainEqual({ op: 'ping' });
    b.pass(2_500);
    expect(socket.isClosed).toBe(true);
    expect(b.states.at(-1)).toBe('down');
    b.pass(300);
    expect(b.sockets.length).toBe(2);
  });

  test('any message counts as life', () => {
    const b = bench();
    b.stream.start();
    const socket = b.open();
    for (let i = 0; i < 10; i++) {
      b.pass(4_000);
      socket.say({ t: 'pong' });
    }
    expect(socket.isClosed).toBe(false);
  });
});

describe('an account', () => {
  test('is resumed from its last number, asked for again because several events may share it', () => {
    const b = bench();
    b.stream.follow('a1');
    b.stream.start();
    b.open().say({ t: 'caught-up', account: 'a1', seq: 40 }, { t: 'funds', account: 'a1', seq: 42, funds });
    b.last().onclose?.({ code: 1006 });
    b.pass(300);
    expect(b.open().sent).toEqual([{ op: 'account', account: 'a1', after: 41 }]);
  });

  test('events of the past and of other accounts are dropped, those of the same number kept', () => {
    const b = bench();
    b.stream.follow('a1');
    b.stream.start();
    b.open().say({ t: 'funds', account: 'a1', seq: 9, funds }, { t: 'funds', account: 'a1', seq: 9, funds }, { t: 'funds', account: 'a1', seq: 8, funds }, { t: 'funds', account: 'a2', seq: 10, funds });
    expect(b.events.length).toBe(2);
  });
});

describe('what cannot be read', () => {
  test('does not stop what comes after it', () => {
    const b = bench();
    b.stream.follow('a1');
    b.stream.start();
    const socket = b.open();
    socket.say({ t: 'funds', account: 'a1', seq: 1, funds: { ...funds, cash: '1.005' } });
    socket.onmessage?.({ data: '{"t":' });
    socket.onmessage?.({ data: new ArrayBuffer(2) });
    socket.say({ t: 'of a later release' });
    socket.say({ t: 'funds', account: 'a1', seq: 2, funds });
    expect(b.stream.unreadable).toBe(1);
    expect(b.events).toMatchObject([{ t: 'account', seq: 2 }]);
  });
});
