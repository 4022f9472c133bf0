// Instants and their Indian clock. India keeps +05:30 all year and has no summer time, so the arithmetic is a fixed
// offset and does not ask the browser's zone anything.

declare const brand: unique symbol;

/** UTC milliseconds. */
export type Instant = number & { readonly [brand]: 'Instant' };
/** A civil date in India: "2026-11-24". */
export type IstDate = string & { readonly [brand]: 'IstDate' };

const IST_OFFSET_MS = 5.5 * 3_600_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;

/** An RFC 3339 instant with its offset; undefined when empty or malformed. */
export function parseInstant(text: string): Instant | undefined {
  if (!RFC3339.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : (ms as Instant);
}

/** A date of our wire; undefined when malformed. */
export function parseDate(text: string): IstDate | undefined {
  return /^\d{4}-\d\d-\d\d$/.test(text) ? (text as IstDate) : undefined;
}

/** The wire form of an instant. */
export function instantText(at: Instant): string {
  return new Date(at).toISOString();
}

function ist(at: Instant): Date {
  return new Date(at + IST_OFFSET_MS);
}

function two(n: number): string {
  return n < 10 ? '0' + String(n) : String(n);
}

/** "14:32:06". */
export function formatTime(at: Instant): string {
  const d = ist(at);
  return two(d.getUTCHours()) + ':' + two(d.getUTCMinutes()) + ':' + two(d.getUTCSeconds());
}

/** "14:32". */
export function formatMinute(at: Instant): string {
  return formatTime(at).slice(0, 5);
}

/** The Indian civil date of an instant. */
export function dateOf(at: Instant): IstDate {
  return ist(at).toISOString().slice(0, 10) as IstDate;
}

/** "24 Nov 2026". */
export function formatDate(date: IstDate): string {
  const [year = '', month = '', day = ''] = date.split('-');
  return `${String(Number(day))} ${MONTHS[Number(month) - 1] ?? '?'} ${year}`;
}

/** "Tue, 24 Nov 2026". */
export function formatDay(date: IstDate): string {
  const weekday = WEEKDAYS[new Date(date + 'T00:00:00Z').getUTCDay()] ?? '?';
  return `${weekday}, ${formatDate(date)}`;
}

/** "24 Nov 2026 14:32:06". */
export function formatDateTime(at: Instant): string {
  return `${formatDate(dateOf(at))} ${formatTime(at)}`;
}

/** Seconds for chart libraries that only know UTC: the Indian wall clock told as if it were UTC. */
export function wallSeconds(at: Instant): number {
  return Math.floor((at + IST_OFFSET_MS) / 1000);
}

/** The start of the bar of `minutes` that holds `at`, counted from midnight IST; 1440 is the civil day. */
export function barStart(at: Instant, minutes: number): Instant {
  const size = minutes * 60_000;
  return (Math.floor((at + IST_OFFSET_MS) / size) * size - IST_OFFSET_MS) as Instant;
}

/** An age in words: "0.4 s", "12 s", "3 min", "2 h". */
export function formatAge(ms: number): string {
  if (ms < 10_000) return (Math.max(0, ms) / 1000).toFixed(1) + ' s';
  if (ms < 120_000) return String(Math.round(ms / 1000)) + ' s';
  if (ms < 7_200_000) return String(Math.round(ms / 60_000)) + ' min';
  return String(Math.round(ms / 3_600_000)) + ' h';
}
