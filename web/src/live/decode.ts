// The edge: wire text becomes whole numbers here, once, and the names stay those of the wire. A field that cannot be read makes
// the whole message refused, and the reader of the stream counts it; an empty price means "not known" and becomes undefined.
import { parseInstant, parsePaise, parsePrice, toQty, type Instant, type Paise, type Price, type Qty } from '../value';

export class DecodeError extends Error {}

function must<T>(value: T | undefined, text: string): T {
  if (value === undefined) throw new DecodeError(`live: cannot read "${text}"`);
  return value;
}

export function price(text: string): Price {
  return must(parsePrice(text), text);
}

export function maybePrice(text: string): Price | undefined {
  return text === '' ? undefined : price(text);
}

export function paise(text: string): Paise {
  return must(parsePaise(text), text);
}

export function instant(text: string): Instant {
  return must(parseInstant(text), text);
}

export function maybeInstant(text: string): Instant | undefined {
  return text === '' ? undefined : instant(text);
}

type Branded<W> = { [K in keyof W]: K extends `${string}qty` ? Qty : W[K] };
/** What a wire object becomes when its price, amount and instant fields are read and the rest stays. */
export type Read<W, Prices extends keyof W, Amounts extends keyof W = never, Instants extends keyof W = never> = Readonly<
  Branded<Omit<W, Prices | Amounts | Instants>> & Record<Prices, Price | undefined> & Record<Amounts, Paise> & Record<Instants, Instant | undefined>>;

/** A reader of one kind of wire object by the names of its fields. Numbers must be whole; an empty amount counts as zero. */
export function reader<W extends object, T>(prices: readonly (keyof W)[], amounts: readonly (keyof W)[] = [], instants: readonly (keyof W)[] = []): (w: W) => T {
  return (w) => {
    const out = { ...w } as Record<PropertyKey, unknown>;
    for (const value of Object.values(w)) {
      if (typeof value === 'number') toQty(value);
    }
    for (const key of prices) out[key] = maybePrice(w[key] as string);
    for (const key of amounts) out[key] = w[key] === '' ? 0 : paise(w[key] as string);
    for (const key of instants) out[key] = maybeInstant(w[key] as string);
    return out as T;
  };
}

/** Null and absent lists count as empty: some encoders write an empty list as null. */
export function list<W, T>(rows: readonly W[] | null | undefined, read: (row: W) => T): T[] {
  return (rows ?? []).map(read);
}
