// Grouping and signs as Indian traders read them: 12,34,567.89, −1,234.50 with a true minus, +4,250.00 for profit.

export const MINUS = '\u2212';
export const DASH = '\u2013';

/** Groups the digits of a whole number 3-2-2: "12345678" becomes "1,23,45,678". Digits only. */
export function groupDigits(digits: string): string {
  if (digits.length <= 3) return digits;
  const tail = digits.slice(-3);
  let head = digits.slice(0, -3);
  let out = '';
  while (head.length > 2) {
    out = ',' + head.slice(-2) + out;
    head = head.slice(0, -2);
  }
  return head + out + ',' + tail;
}

/** How a scaled integer is written. `places` never exceeds the scale; what is cut off is rounded half away from zero. */
export interface Style {
  readonly places: number;
  readonly isSigned?: boolean;
}

/** Writes `value / 10^scale`. Zero has no sign, signed or not. */
export function formatScaled(value: number, scale: number, style: Style): string {
  const cut = 10 ** (scale - style.places);
  const whole = Math.abs(value);
  const kept = Math.floor(whole / cut) + (whole % cut >= cut / 2 && cut > 1 ? 1 : 0);
  const unit = 10 ** style.places;
  const rest = style.places === 0 ? '' : '.' + String(kept % unit).padStart(style.places, '0');
  const sign = kept === 0 ? '' : value < 0 ? MINUS : style.isSigned === true ? '+' : '';
  return sign + groupDigits(String(Math.floor(kept / unit))) + rest;
}

/** Reads a decimal string such as "-1047.60" as an integer of `scale` places; undefined when it is empty, no number, finer than the scale or too large to be exact. */
export function parseScaled(text: string, scale: number): number | undefined {
  const match = /^([-\u2212+]?)(\d{1,15})(?:\.(\d*))?$/.exec(text);
  if (match === null) return undefined;
  const fraction = (match[3] ?? '').replace(/0+$/, '');
  if (fraction.length > scale) return undefined;
  const size = Number(match[2]) * 10 ** scale + Number(fraction.padEnd(scale, '0'));
  if (!Number.isSafeInteger(size)) return undefined;
  return match[1] === '-' || match[1] === MINUS ? (size === 0 ? 0 : -size) : size;
}

/** The plain wire form of a scaled integer: "1047.60", "-3.00"; at least `places` decimals, more when they are not zero. */
export function plainScaled(value: number, scale: number, places: number): string {
  const whole = Math.abs(value);
  const unit = 10 ** scale;
  let fraction = String(whole % unit).padStart(scale, '0');
  while (fraction.length > places && fraction.endsWith('0')) fraction = fraction.slice(0, -1);
  return (value < 0 ? '-' : '') + String(Math.floor(whole / unit)) + (fraction === '' ? '' : '.' + fraction);
}

const LAKH = 1_00_000;
const CRORE = 1_00_00_000;

/** Short form of a count: 4.82 L, 3.40 Cr; below one lakh it is written out. */
export function formatCompact(count: number): string {
  const size = Math.abs(count);
  const sign = count < 0 ? MINUS : '';
  if (size >= CRORE) return sign + groupHundredths(size, CRORE) + ' Cr';
  if (size >= LAKH) return sign + groupHundredths(size, LAKH) + ' L';
  return formatCount(count);
}

function groupHundredths(size: number, unit: number): string {
  return formatScaled(Math.round((size * 100) / unit), 2, { places: 2 });
}

/** A whole number, grouped. */
export function formatCount(count: number, isSigned = false): string {
  return formatScaled(count, 0, { places: 0, isSigned });
}

/** A change as a signed percentage of `base` with two places and no space: "+0.36%". A dash when there is no base. */
export function formatPercent(change: number, base: number): string {
  if (base === 0) return DASH;
  const size = Math.round((Math.abs(change) * 10_000) / Math.abs(base));
  return formatScaled(change < 0 ? -size : size, 2, { places: 2, isSigned: true }) + '%';
}
