// A user's broker connection as Settings shows it. Nothing secret comes from the server; what the user types stays in the form.
import { parseInstant, formatDateTime, type Instant } from '../value';
import { ApiError, BROKER_FIELDS, type BrokerApi, type BrokerDone, type BrokerFieldName, type WireAttempt, type WireBroker } from '../wire';
import { Cell } from './cell';
import type { Proof } from './proof';

/** The guide's labels. */
export const FIELD_NAMES: Record<BrokerFieldName, string> = {
  api_key: 'API Key', secret_key: 'Secret Key', login_id: 'ICICI Login ID', password: 'ICICI Login Password', totp_secret: 'TOTP Secret' };

/** What automatic login still needs, by the guide's labels. */
export function missingNames(b: WireBroker): readonly string[] {
  return BROKER_FIELDS.filter((f) => b.missing.includes(f)).map((f) => FIELD_NAMES[f]);
}

export type Mark = 'ok' | 'no' | 'none' | 'clock';

/** One row of the guide's table of statuses. */
export interface StatusRow {
  readonly id: 'api' | 'session' | 'auto' | 'expiry';
  readonly mark: Mark;
  readonly name: string;
  /** Names the broker and says more. */
  readonly detail: string;
}

const NO_SESSION = 'No Session — enter session token below';

/** The four rows of Step 5, in its order. */
export function statusRows(b: WireBroker): readonly StatusRow[] {
  const broker = b.broker_name === '' ? 'No broker yet' : b.broker_name;
  const missing = missingNames(b);
  const says = (text: string): string => `${broker} · ${text}`;
  const api: StatusRow = b.has_keys ? { id: 'api', mark: 'ok', name: 'API Connected', detail: says('API Key and Secret Key are saved') }
    : { id: 'api', mark: 'none', name: 'API Not Connected', detail: says('save API Key and Secret Key') };
  const session: StatusRow = b.is_active ? { id: 'session', mark: 'ok', name: 'Session Active', detail: says(b.session_text === '' ? 'valid session token, live data works' : b.session_text) }
    : b.phase === 'unverified' ? { id: 'session', mark: 'none', name: b.session_text === '' ? 'Session not verified yet' : b.session_text, detail: says('one cheap call decides') }
      : { id: 'session', mark: 'no', name: b.session_text === '' ? NO_SESSION : b.session_text, detail: says(b.phase === 'renewing' ? 'a renewal is running' : 'no live data') };
  const auto: StatusRow = !b.has_auto_login ? { id: 'auto', mark: 'none', name: 'Auto-Login Off', detail: says(`needs ${missing.length === 0 ? 'all five fields' : join(missing)}`) }
    : b.phase === 'needs_user' ? { id: 'auto', mark: 'none', name: 'Auto-Login Waits for You', detail: says('the last try was refused') }
    : b.is_held ? { id: 'auto', mark: 'none', name: 'Auto-Login Paused', detail: says('by you, or until you act') }
      : { id: 'auto', mark: 'ok', name: 'Auto-Login Enabled', detail: says('Login ID, Password and TOTP are saved') };
  const expiry: StatusRow = { id: 'expiry', mark: b.expires_at === '' ? 'none' : 'clock', name: 'Session Expiry',
    detail: says(b.expiry_text !== '' ? b.expiry_text : b.expires_at === '' ? 'no session' : `${minuteOf(b.expires_at)} IST`) };
  return [api, session, auto, expiry];
}

/** "a, b and c". */
export function join(words: readonly string[]): string {
  return words.length < 2 ? (words[0] ?? '') : `${words.slice(0, -1).join(', ')} and ${words.at(-1) ?? ''}`;
}

/** An instant of the wire in IST, a dash when there is none. */
export function when(text: string): string {
  const at: Instant | undefined = parseInstant(text);
  return at === undefined ? '–' : formatDateTime(at);
}

/** The same to the minute. */
export function minuteOf(text: string): string {
  const full = when(text);
  return full.length > 1 ? full.slice(0, -3) : full;
}

const TRIGGERS: Record<string, string> = { button: 'Button', start: 'Server start', midday: 'Midday', popup: 'Popup', paste: 'Paste', test: 'Test' };
export const WAYS: Record<string, string> = { browser: 'Browser flow', direct: 'Direct API', popup: 'Popup', paste: 'Manual paste' };
export const CLASSES: Record<string, string> = {
  ok: 'Saved', missing: 'Missing field', unreachable: 'Unreachable', outage: 'Outage', unknown_key: 'Unknown API Key', wrong_password: 'Wrong password', locked: 'Locked', sms_otp: 'SMS code asked',
  captcha: 'CAPTCHA', code_refused: 'Code refused', page_changed: 'Page changed', clock_off: 'Clock off', refused: 'Refused', uncertain: 'No answer', static_ip: 'Static IP', session: 'Session refused',
  no_token: 'No token', checksum: 'Checksum', rate: 'Request limit', foreign_key: 'Other broker’s key', identity: 'Other user', budget: 'Not tried', held: 'Paused', nothing_held: 'Not tried',
  locked_key: 'Key locked', skipped: 'Skipped' };

export interface AttemptRow {
  /** Without its year. */
  readonly at: string;
  readonly trigger: string;
  readonly way: string;
  readonly isOk: boolean;
  readonly result: string;
  readonly text: string;
}

export function attemptRow(a: WireAttempt): AttemptRow {
  return { at: when(a.at).replace(/ \d{4} /, ' '), trigger: TRIGGERS[a.trigger] ?? a.trigger, way: a.way === '' ? '–' : (WAYS[a.way] ?? a.way), isOk: a.outcome === 'ok',
    result: CLASSES[a.outcome] ?? a.outcome.replaceAll('_', ' '), text: a.text };
}

/** A failed request as a form shows it. */
export interface Failure {
  readonly code: string;
  readonly text: string;
  /** What to do, "" when the sentence says it. */
  readonly next: string;
  /** The field that is wrong, "" when none is. */
  readonly field: string;
}

export function failureOf(error: unknown): Failure {
  if (!(error instanceof ApiError)) return { code: '', text: error instanceof Error ? error.message : 'Something went wrong.', next: '', field: '' };
  return { code: error.code, text: error.message, next: error.context['next'] ?? '', field: error.context['field'] ?? '' };
}

/** What went wrong and what to do next, as sentences. */
export function failureText({ text, next }: Failure): string {
  return next === '' ? text : `${text}${/[.!?]$/.test(text) ? '' : '.'} ${next}`;
}

export class BrokerDesk {
  readonly state = new Cell<WireBroker | undefined>(undefined);
  readonly failure = new Cell('');
  private loads = 0;

  constructor(readonly api: BrokerApi, readonly proof: Proof) {}

  /** Reads the connection again; a late answer never replaces a newer one. */
  async load(): Promise<void> {
    const mine = ++this.loads;
    try {
      const state = await this.api.state();
      if (mine !== this.loads) return;
      this.state.set(state);
      this.failure.set('');
    } catch (error) {
      if (mine === this.loads) this.failure.set(failureOf(error).text);
    }
  }

  /** Runs a request that changes the connection, asks for a proof where the server wants one, and shows what it is afterwards. Returns the sentence. */
  async change(work: () => Promise<BrokerDone>): Promise<string> {
    const done = await this.proof.guard(work);
    this.loads += 1;
    this.state.set(done.broker);
    return done.message;
  }
}
