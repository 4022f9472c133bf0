// The edge: wire text becomes whole numbers here, once. A field that cannot be read makes the whole message refused, and
// the reader of the stream counts it; a price field that is empty means "not known" and stays undefined.
import { parseDate, parseInstant, parsePaise, parsePrice, toQty, type Instant, type IstDate, type Paise, type Price, type Qty } from '../value';

export class DecodeError extends Error {}

export function price(text: string): Price {
  const value = parsePrice(text);
  if (value === undefined) throw new DecodeError(`live: no price in "${text}"`);
  return value;
}

export function maybePrice(text: string): Price | undefined {
  return text === '' ? undefined : price(text);
}

export function paise(text: string): Paise {
  const value = parsePaise(text);
  if (value === undefined) throw new DecodeError(`live: no amount in "${text}"`);
  return value;
}

export function maybePaise(text: string): Paise {
  return text === '' ? (0 as Paise) : paise(text);
}

export function qty(count: number): Qty {
  return toQty(count);
}

export function instant(text: string): Instant {
  const value = parseInstant(text);
  if (value === undefined) throw new DecodeError(`live: no instant in "${text}"`);
  return value;
}

export function maybeInstant(text: string): Instant | undefined {
  return text === '' ? undefined : instant(text);
}

export function date(text: string): IstDate {
  const value = parseDate(text);
  if (value === undefined) throw new DecodeError(`live: no date in "${text}"`);
  return value;
}

/** Null and absent lists count as empty: some encoders write an empty list as null. */
export function list<W, T>(rows: readonly W[] | null | undefined, read: (row: W) => T): T[] {
  return (rows ?? []).map(read);
}
