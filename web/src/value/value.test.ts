import { describe, expect, test } from 'vitest';
import {
  amountOf, barStart, dateOf, formatAge, formatCompact, formatCount, formatDateTime, formatDay, formatPercent, formatPnl, formatPrice,
  formatRupees, formatTime, paiseText, parseInstant, parsePaise, parsePrice, priceText, toQty, wallSeconds, type Instant, type Paise, type Price,
} from './index';

const rupees = (text: string): Paise => parsePaise(text) ?? (NaN as Paise);
const price = (text: string): Price => parsePrice(text) ?? (NaN as Price);
const at = (text: string): Instant => parseInstant(text) ?? (NaN as Instant);

describe('amounts', () => {
  test.each([
    ['0', '₹0.00'], ['999', '₹999.00'], ['1000', '₹1,000.00'], ['100000', '₹1,00,000.00'],
    ['12345678.9', '₹1,23,45,678.90'], ['-10000000', '−₹1,00,00,000.00'], ['-0.00', '₹0.00'], ['-0.01', '−₹0.01'],
  ])('%s is written %s', (text, want) => expect(formatRupees(rupees(text))).toBe(want));

  test.each([['', undefined], ['1.234', undefined], ['1e5', undefined], ['NaN', undefined], ['1,000', undefined], ['1.10', 110], ['-1.1', -110], ['7.', 700]])(
    '%j parses to %j', (text, want) => expect(parsePaise(text)).toBe(want));

  test('an amount beyond exact whole numbers is refused', () => expect(parsePaise('999999999999999')).toBe(undefined));
  test('profit carries its sign and zero none', () => {
    expect([rupees('4250'), rupees('-968.5'), rupees('0')].map(formatPnl)).toEqual(['+4,250.00', '−968.50', '0.00']);
  });
  test('rounding to rupees goes half away from zero', () => {
    expect([rupees('10.50'), rupees('-10.50'), rupees('10.49')].map((a) => formatRupees(a, 0))).toEqual(['₹11', '−₹11', '₹10']);
  });
  test('wire text goes back and forth', () => {
    expect(paiseText(rupees('-1234.5'))).toBe('-1234.50');
    expect(priceText(price('88.4125'))).toBe('88.4125');
    expect(priceText(price('1300.1'))).toBe('1300.10');
  });
});

describe('prices', () => {
  test('two places, four where asked', () => {
    expect(formatPrice(price('24118.45'))).toBe('24,118.45');
    expect(formatPrice(price('88.4125'), 4)).toBe('88.4125');
  });
  test('price times quantity is exact in paise', () => {
    expect(amountOf(price('1047.60'), toQty(10))).toBe(1_047_600);
    expect(amountOf(price('0.0050'), toQty(1))).toBe(1);
    expect(amountOf(price('-0.05'), toQty(3))).toBe(-15);
    expect(amountOf(price('900000000'), toQty(9_000_000))).toBe(undefined);
  });
  test('half a unit is no quantity', () => expect(() => toQty(1.5)).toThrow(RangeError));
});

describe('counts and percentages', () => {
  test.each([[99_999, '99,999'], [1_00_000, '1.00 L'], [4_82_000, '4.82 L'], [3_40_00_000, '3.40 Cr'], [-1_25_000, '−1.25 L']])(
    '%d is %s', (n, want) => expect(formatCompact(n)).toBe(want));
  test('signed count', () => expect(formatCount(-150, true)).toBe('−150'));
  test('percent has a sign and no space', () => {
    expect(formatPercent(86.2, 24_032.25)).toBe('+0.36%');
    expect(formatPercent(-1, 800)).toBe('−0.13%');
    expect(formatPercent(5, 0)).toBe('–');
  });
});

describe('Indian time', () => {
  const late = at('2026-11-24T18:30:00Z');
  test('midnight in India is the next civil day', () => {
    expect(formatTime(late)).toBe('00:00:00');
    expect(dateOf(late)).toBe('2026-11-25');
    expect(formatDateTime(late)).toBe('25 Nov 2026 00:00:00');
    expect(formatDay(dateOf(late))).toBe('Wed, 25 Nov 2026');
  });
  test('an offset is honoured and a missing one refused', () => {
    expect(at('2026-11-25T00:00:00+05:30')).toBe(late);
    expect(parseInstant('2026-11-25T00:00:00')).toBe(undefined);
  });
  test('bars start on the Indian clock', () => {
    expect(barStart(at('2026-11-24T03:59:59Z'), 30)).toBe(at('2026-11-24T03:30:00Z'));
    expect(barStart(at('2026-11-24T18:29:59Z'), 1440)).toBe(at('2026-11-23T18:30:00Z'));
    expect(wallSeconds(late)).toBe(Date.parse('2026-11-25T00:00:00Z') / 1000);
  });
  test('ages', () => expect([412, 12_400, 180_000, 7_300_000].map(formatAge)).toEqual(['0.4 s', '12 s', '3 min', '2 h']));
});
