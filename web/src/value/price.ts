// Prices, amounts and quantities: whole numbers with a brand, so that one is never taken for another.
import { formatScaled, parseScaled, plainScaled, type Style } from './number';

declare const brand: unique symbol;

/** Ten-thousandths of a rupee. */
export type Price = number & { readonly [brand]: 'Price' };
/** Hundredths of a rupee. */
export type Paise = number & { readonly [brand]: 'Paise' };
/** Units (shares, contracts times lot), never lots. Negative for a short position. */
export type Qty = number & { readonly [brand]: 'Qty' };

const PRICE_SCALE = 4;
const PAISE_SCALE = 2;
const PRICE_PER_PAISA = 100;

/** A decimal string of our wire; undefined when it is empty or no exact price. */
export function parsePrice(text: string): Price | undefined {
  return parseScaled(text, PRICE_SCALE) as Price | undefined;
}

/** A decimal string of our wire; undefined when it is empty or no exact amount. */
export function parsePaise(text: string): Paise | undefined {
  return parseScaled(text, PAISE_SCALE) as Paise | undefined;
}

/** A whole number of units; throws a RangeError on anything else. */
export function toQty(count: number): Qty {
  if (!Number.isSafeInteger(count)) throw new RangeError('value: quantity is not a whole number');
  return count as Qty;
}

/** The wire form of a price: "1300.10". */
export function priceText(price: Price): string {
  return plainScaled(price, PRICE_SCALE, 2);
}

/** The wire form of an amount: "1000000.00". */
export function paiseText(amount: Paise): string {
  return plainScaled(amount, PAISE_SCALE, 2);
}

/** A price for a column: two places, four where the tick is finer than a paisa; no rupee sign. */
export function formatPrice(price: Price, places: 2 | 4 = 2): string {
  return formatScaled(price, PRICE_SCALE, { places });
}

/** A signed price difference: "+56.25". */
export function formatChange(change: Price, places: 2 | 4 = 2): string {
  return formatScaled(change, PRICE_SCALE, { places, isSigned: true });
}

/** An amount without the rupee sign. */
export function formatAmount(amount: Paise, style: Style = { places: 2 }): string {
  return formatScaled(amount, PAISE_SCALE, style);
}

/** An amount with the rupee sign: "₹12,34,567.89", "−₹1,234.50". */
export function formatRupees(amount: Paise, places: 0 | 2 = 2): string {
  const text = formatScaled(amount, PAISE_SCALE, { places });
  return text.startsWith('\u2212') ? '\u2212₹' + text.slice(1) : '₹' + text;
}

/** Profit or loss, always signed but for zero. */
export function formatPnl(amount: Paise): string {
  return formatScaled(amount, PAISE_SCALE, { places: 2, isSigned: true });
}

/** `price × qty` in paise, rounded half away from zero; undefined when it cannot be exact. */
export function amountOf(price: Price, qty: Qty): Paise | undefined {
  const product = price * qty;
  if (!Number.isSafeInteger(product)) return undefined;
  const size = Math.abs(product);
  const paise = Math.floor(size / PRICE_PER_PAISA) + (size % PRICE_PER_PAISA >= PRICE_PER_PAISA / 2 ? 1 : 0);
  return (product < 0 ? -paise : paise) as Paise;
}

/** `a − b`. */
export function minus<T extends Price | Paise | Qty>(a: T, b: T): T {
  return (a - b) as T;
}

/** `a + b`. */
export function plus<T extends Price | Paise | Qty>(a: T, b: T): T {
  return (a + b) as T;
}
