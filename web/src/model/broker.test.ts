import { describe, expect, test } from 'vitest';
import { ApiError, type BrokerDone, type PopupOutcome, type WireBroker } from '../wire';
import { BrokerDesk, attemptRow, failureOf, failureText, join, missingNames, statusRows } from './broker';
import { Popup, popupElsewhere, type PopupPorts, type PopupWindow } from './popup';
import { Proof, ProofDeclined } from './proof';
import { ServerNotices, newLiveAccount } from './servernotices';
import type { Account } from './session';

const turn = async (): Promise<void> => { for (let i = 0; i < 20; i++) await Promise.resolve(); };
const proofRequired = (): ApiError => new ApiError('PROOF_REQUIRED', 'Confirm it is you.', 403);
const broker = (over: Partial<WireBroker> = {}): WireBroker => ({
  phase: 'active', broker: 'icici', broker_name: 'ICICI Breeze', fields: [], missing: [], has_keys: true, has_auto_login: true, is_active: true, session_text: '', issued_at: '2026-11-24T02:30:00Z',
  expires_at: '2026-11-25T02:30:00Z', expiry_text: '', identity_hint: '', last_renewal: null, next_renewal: '', next_text: '', is_held: false, is_every_day: false, attempts: [],
  budget: { day: '2026-11-24', used: 0, max: 2, rejected: 0, broker_max: 5, is_confirmation_needed: false }, popup_refusal: '', redirect_url: 'http://localhost:8000/api/auth/breeze-callback',
  key_note: '', venue: '', requests: { minute_used: 0, minute_max: 100, day_used: 0, day_max: 5000 }, ...over });

describe('a proof in place', () => {
  test('is asked for once by several requests, and each is sent again as it was', async () => {
    const given: string[] = [];
    const proof = new Proof((password, code) => { given.push(`${password}/${code}`); return Promise.resolve(); });
    const sent: string[] = [];
    let isProven = false;
    const request = (name: string) => () => { sent.push(name); return isProven ? Promise.resolve(name) : Promise.reject(proofRequired()); };
    const answers = Promise.all([proof.guard(request('a')), proof.guard(request('b'))]);
    await turn();
    expect(proof.isAsked.value).toBe(true);
    isProven = true;
    await proof.give('pass', '123456');
    expect(await answers).toEqual(['a', 'b']);
    expect(given).toEqual(['pass/123456']);
    expect(sent).toEqual(['a', 'b', 'a', 'b']);
    expect(proof.isAsked.value).toBe(false);
  });
  test('with a wrong password stays on screen and nothing is sent again', async () => {
    const proof = new Proof(() => Promise.reject(new ApiError('PASSWORD_WRONG', 'That is not your password.', 401)));
    let sent = 0;
    void proof.guard(() => { sent += 1; return Promise.reject(proofRequired()); }).catch(() => undefined);
    await turn();
    await expect(proof.give('x', '')).rejects.toThrow('That is not your password.');
    expect([proof.isAsked.value, sent]).toEqual([true, 1]);
  });
  test('that is declined says that nothing was done, and asks again the next time', async () => {
    const proof = new Proof(() => Promise.resolve());
    const work = () => Promise.reject(proofRequired());
    const first = proof.guard(work);
    await turn();
    proof.decline();
    await expect(first).rejects.toBeInstanceOf(ProofDeclined);
    void proof.guard(work).catch(() => undefined);
    await turn();
    expect(proof.isAsked.value).toBe(true);
  });
  test('is not asked for by another refusal, nor twice for one request', async () => {
    const proof = new Proof(() => Promise.resolve());
    await expect(proof.guard(() => Promise.reject(new ApiError('BROKER_FAILED', 'No.', 502)))).rejects.toThrow('No.');
    expect(proof.isAsked.value).toBe(false);
    const again = proof.guard(() => Promise.reject(proofRequired()));
    await turn();
    const seen = expect(again).rejects.toThrow('Confirm it is you.');
    await proof.give('p', '');
    await seen;
    expect(proof.isAsked.value).toBe(false);
  });
});

class World implements PopupPorts {
  readonly site = 'http://localhost:8000';
  readonly windows: { closed: boolean; at: string }[] = [];
  isBlocked = false;
  outcome: PopupOutcome = { id: 'a1', outcome: '', text: '' };
  refusals: unknown[] = [];
  timers: { ms: number; run: () => void; isOff: boolean }[] = [];
  time = Date.parse('2026-11-24T04:00:00Z');
  say: (attempt: string) => void = () => undefined;
  back: () => void = () => undefined;
  stopped = 0;

  open(): PopupWindow | null {
    if (this.isBlocked) return null;
    const made = { closed: false, at: '' };
    this.windows.push(made);
    return { get closed() { return made.closed; }, close: () => { made.closed = true; }, goto: (address) => { made.at = address; } };
  }
  start = () => {
    const refusal = this.refusals.shift();
    return refusal === undefined ? Promise.resolve({ id: 'a1', expires_at: '2026-11-24T04:05:00Z', address: '/api/broker/popup/a1/open' }) : Promise.reject(refusal as Error);
  };
  look = () => Promise.resolve(this.outcome);
  channel(heard: (attempt: string) => void) { this.say = heard; return () => { this.stopped += 1; }; }
  onReturn(back: () => void) { this.back = back; return () => { this.stopped += 1; }; }
  after(ms: number, run: () => void) {
    const timer = { ms, run, isOff: false };
    this.timers.push(timer);
    return () => { timer.isOff = true; };
  }
  now() { return this.time; }
  async run(ms: number): Promise<void> {
    const due = this.timers.filter((t) => t.ms === ms && !t.isOff);
    this.timers = this.timers.filter((t) => !due.includes(t));
    for (const timer of due) timer.run();
    await turn();
  }
}

const popupOf = (world: World, prove: () => Promise<unknown> = () => Promise.resolve()) => {
  const proof = new Proof(prove);
  return { proof, popup: new Popup(world, proof) };
};

describe('the session popup', () => {
  test('opens in the turn of the press and goes to our own address', async () => {
    const world = new World();
    const { popup } = popupOf(world);
    void popup.begin();
    expect(world.windows.length).toBe(1);
    await turn();
    expect([world.windows[0]?.at, popup.state.value.step]).toEqual(['/api/broker/popup/a1/open', 'waiting']);
  });
  test('that the browser blocks says so with the way to allow it, and asks the server for nothing', async () => {
    const world = new World();
    world.isBlocked = true;
    const { popup } = popupOf(world);
    await popup.begin();
    expect(popup.state.value.step).toBe('blocked');
    expect(popup.state.value.text).toMatch(/^Popup blocked by browser.*http:\/\/localhost:8000/);
    expect(world.timers.length).toBe(0);
  });
  test('is done by the broadcast of its last page, with the server’s words', async () => {
    const world = new World();
    const { popup } = popupOf(world);
    let done = 0;
    popup.onDone = () => { done += 1; };
    await popup.begin();
    world.outcome = { id: 'a1', outcome: 'ok', text: 'Session token captured and saved from popup' };
    world.say('another');
    await turn();
    expect(done).toBe(0);
    world.say('a1');
    await turn();
    expect([popup.state.value, done, world.stopped]).toEqual([{ step: 'ok', text: 'Session token captured and saved from popup' }, 1, 2]);
  });
  test('is done by asking, when nobody tells', async () => {
    const world = new World();
    const { popup } = popupOf(world);
    await popup.begin();
    await world.run(3_000);
    expect(popup.state.value.step).toBe('waiting');
    world.outcome = { id: 'a1', outcome: 'identity', text: 'Another ICICI user logged in.' };
    await world.run(3_000);
    expect(popup.state.value).toEqual({ step: 'failed', text: 'Another ICICI user logged in.' });
  });
  test('that was closed without a login says so when the user comes back, and still takes a late session', async () => {
    const world = new World();
    const { popup } = popupOf(world);
    await popup.begin();
    world.back();
    await world.run(1_500);
    expect(popup.state.value.step).toBe('unfinished');
    world.outcome = { id: 'a1', outcome: 'ok', text: 'saved' };
    popup.nudge();
    await turn();
    expect(popup.state.value.step).toBe('ok');
  });
  test('that was closed before it went anywhere is not waited for', async () => {
    const world = new World();
    const { popup } = popupOf(world);
    const begun = popup.begin();
    const first = world.windows[0];
    if (first !== undefined) first.closed = true;
    await begun;
    expect([popup.state.value.step, first?.at]).toEqual(['failed', '']);
    expect(popup.state.value.text).toMatch(/closed before the login page opened/);
  });
  test('that nobody finishes ends with its time', async () => {
    const world = new World();
    const { popup } = popupOf(world);
    await popup.begin();
    world.time += 6 * 60_000;
    await world.run(3_000);
    expect(popup.state.value.text).toMatch(/not finished in time/);
  });
  test('that needs a proof closes its window and opens another in the turn of the answer', async () => {
    const world = new World();
    world.refusals = [proofRequired()];
    const { popup, proof } = popupOf(world);
    const begun = popup.begin();
    await turn();
    expect([world.windows[0]?.closed, proof.isAsked.value]).toEqual([true, true]);
    const given = proof.give('pass', '');
    expect(world.windows.length).toBe(2);
    await given;
    await begun;
    expect([world.windows[1]?.at, popup.state.value.step]).toEqual(['/api/broker/popup/a1/open', 'waiting']);
  });
  test('behind a refused password closes the window again', async () => {
    const world = new World();
    world.refusals = [proofRequired()];
    const { popup, proof } = popupOf(world, () => Promise.reject(new ApiError('PASSWORD_WRONG', 'No.', 401)));
    void popup.begin();
    await turn();
    await proof.give('x', '').catch(() => undefined);
    expect([world.windows[1]?.closed, proof.isAsked.value]).toEqual([true, true]);
    proof.decline();
    await turn();
    expect(popup.state.value.step).toBe('idle');
  });
  test('that the server refuses closes its window and shows why', async () => {
    const world = new World();
    world.refusals = [new ApiError('POPUP_REFUSED', 'Open PaperPort at http://localhost:8000.', 409)];
    const { popup } = popupOf(world);
    await popup.begin();
    expect([world.windows[0]?.closed, popup.state.value]).toEqual([true, { step: 'failed', text: 'Open PaperPort at http://localhost:8000.' }]);
  });
  test('never goes to an address that is not our own', async () => {
    const world = new World();
    world.start = () => Promise.resolve({ id: 'a1', expires_at: '2026-11-24T04:05:00Z', address: 'https://elsewhere.example/' });
    const { popup } = popupOf(world);
    await popup.begin();
    expect([world.windows[0]?.at, popup.state.value.step]).toEqual(['', 'failed']);
  });
  test.each([
    ['http://localhost:8000/api/auth/breeze-callback', 'http://localhost:8000', ''],
    ['https://paper.example/api/auth/breeze-callback', 'http://192.168.1.4:8000', 'https://paper.example'],
    ['', 'http://localhost:8000', ''],
  ])('that comes back to %s from a page at %s', (redirect, origin, named) => {
    const text = popupElsewhere(redirect, origin);
    if (named === '') expect(text).toBe('');
    else expect(text).toContain(named);
  });
});

describe('the status rows', () => {
  test('of a working connection have the guide’s words, and each names the broker', () => {
    const rows = statusRows(broker());
    expect(rows.map((r) => [r.id, r.mark, r.name])).toEqual([
      ['api', 'ok', 'API Connected'], ['session', 'ok', 'Session Active'], ['auto', 'ok', 'Auto-Login Enabled'], ['expiry', 'clock', 'Session Expiry']]);
    for (const row of rows) expect(row.detail).toMatch(/^ICICI Breeze · /);
    expect(rows[3]?.detail).toContain('25 Nov 2026 08:00 IST');
  });
  test('of nothing stored mark nothing', () => {
    const rows = statusRows(broker({ phase: 'no_credentials', broker: '', broker_name: '', has_keys: false, has_auto_login: false, is_active: false, expires_at: '', missing: ['login_id', 'password', 'totp_secret'] }));
    expect(rows.map((r) => r.mark)).toEqual(['none', 'no', 'none', 'none']);
    expect(rows[1]?.name).toBe('No Session — enter session token below');
    expect(rows[2]?.detail).toContain('needs ICICI Login ID, ICICI Login Password and TOTP Secret');
  });
  test('of a session past midnight say that it is not verified', () => {
    expect(statusRows(broker({ phase: 'unverified', is_active: false }))[1]).toMatchObject({ mark: 'none', name: 'Session not verified yet' });
  });
  test('of a paused automatic login do not call it enabled', () => {
    expect(statusRows(broker({ is_held: true }))[2]).toMatchObject({ mark: 'none', name: 'Auto-Login Paused' });
  });
  test('of a refused login do not call it enabled either', () => {
    expect(statusRows(broker({ phase: 'needs_user', is_active: false }))[2]).toMatchObject({ mark: 'none', name: 'Auto-Login Waits for You' });
  });
  test('of the demo broker name the demo broker', () => {
    for (const row of statusRows(broker({ broker: 'demo', broker_name: 'Demo broker' }))) expect(row.detail).toMatch(/^Demo broker · /);
  });
  test('list what is missing in the guide’s order', () => {
    expect(join(missingNames(broker({ missing: ['totp_secret', 'password'] })))).toBe('ICICI Login Password and TOTP Secret');
  });
});

describe('the connection', () => {
  const api = (state: () => Promise<WireBroker>) => ({ state }) as unknown as ConstructorParameters<typeof BrokerDesk>[0];
  test('shows what a change answered, and a read that was under way before it does not undo that', async () => {
    let answer: (b: WireBroker) => void = () => undefined;
    const desk = new BrokerDesk(api(() => new Promise((done) => { answer = done; })), new Proof(() => Promise.resolve()));
    const read = desk.load();
    const done: BrokerDone = { message: 'Credentials saved! Auto-login is enabled', broker: broker({ phase: 'keys_stored' }) };
    expect(await desk.change(() => Promise.resolve(done))).toBe('Credentials saved! Auto-login is enabled');
    answer(broker({ phase: 'no_credentials' }));
    await read;
    expect(desk.state.value?.phase).toBe('keys_stored');
  });
  test('that cannot be read says so and keeps what was shown', async () => {
    let isDown = false;
    const desk = new BrokerDesk(api(() => (isDown ? Promise.reject(new ApiError('OFFLINE', 'No answer.', 0)) : Promise.resolve(broker()))), new Proof(() => Promise.resolve()));
    await desk.load();
    isDown = true;
    await desk.load();
    expect([desk.failure.value, desk.state.value?.phase]).toEqual(['No answer.', 'active']);
  });
  test('a failure carries the sentence word for word, the next step and the field', () => {
    const text = 'Auto session failed. Browser flow: Login ID or Password not provided';
    expect(failureOf(new ApiError('AUTO_SESSION_FAILED', text, 502, { next: 'Fill in Login ID.', field: 'login_id' }))).toEqual({ code: 'AUTO_SESSION_FAILED', text, next: 'Fill in Login ID.', field: 'login_id' });
  });
  test('an attempt is told in words', () => {
    expect(attemptRow({ at: '2026-11-24T02:30:41Z', trigger: '08:00', way: 'browser', outcome: 'code_refused', text: 'TOTP submitted but no session returned' })).toEqual({
      at: '24 Nov 08:00:41', trigger: '08:00', way: 'Browser flow', isOk: false, result: 'Code refused', text: 'TOTP submitted but no session returned' });
  });
});

describe('notices of the server', () => {
  const wire = { id: 'n1', at: '2026-11-24T02:35:00Z', kind: 'renewal-failed', text: 'The renewal failed.', action: 'popup', is_acked: false } as const;
  test('go when they are seen, and come back when the server did not hear it', async () => {
    let isDown = true;
    const notices = new ServerNotices({ notices: () => Promise.resolve({ notices: [{ ...wire }] }), ack: () => (isDown ? Promise.reject(new Error('x')) : Promise.resolve(undefined)) });
    await notices.load();
    expect(notices.all.value[0]).toMatchObject({ isUrgent: true, isAcked: false, action: 'popup' });
    await notices.ack('n1');
    expect(notices.all.value[0]?.isAcked).toBe(false);
    isDown = false;
    await notices.ack('n1');
    expect(notices.all.value[0]?.isAcked).toBe(true);
  });
  const account = (id: string, venueKind: Account['venueKind'], venue: string): Account => ({ id, name: id, venue, venueKind, profile: 'realistic', plan: 'flat20' });
  test('a live account is offered once, when its venue has a session', () => {
    const all = [account('main', 'demo', 'demo'), account('live', 'live', 'live-1')];
    expect(newLiveAccount(all, 'main', [], {})).toBeUndefined();
    expect(newLiveAccount(all, 'main', [], { 'live-1': 'ICICI Breeze' })?.id).toBe('live');
    expect(newLiveAccount(all, 'main', ['live'], { 'live-1': 'ICICI Breeze' })).toBeUndefined();
    expect(newLiveAccount(all, 'live', [], { 'live-1': 'ICICI Breeze' })).toBeUndefined();
  });
});

test.each([['Refused', 'Try again.', 'Refused. Try again.'], ['Refused.', 'Try again.', 'Refused. Try again.'], ['Refused', '', 'Refused']])('a failure %j with next %j reads %j', (text, next, want) =>
  expect(failureText({ code: '', field: '', text, next })).toBe(want));
