import { expect, test } from 'vitest';
import { parseInstant, type Instant } from '../value';
import { actionWords, agoOf, backupAge, detailWords, resultWords } from './trail';

test.each([[-5_000, 'just now'], [59_999, 'just now'], [60_000, '1 min ago'], [7_199_000, '119 min ago'], [7_200_000, '2 h ago'], [47.9 * 3_600_000, '47 h ago'], [72 * 3_600_000, '3 days ago']])(
  '%d ms is %s', (ms, want) => expect(agoOf(ms)).toBe(want));

test.each([['2026-11-23T22:00:00Z', '26 h ago', false], ['2026-11-23T21:59:59Z', '26 h ago', true], ['', 'none yet', false]] as const)('a backup of %j', (last, text, isOld) => {
  const now = parseInstant('2026-11-25T00:00:00Z') as Instant;
  expect(backupAge(last, now)).toEqual({ text, isOld });
});

test('the trail in words, and unknown ones as they are', () => {
  expect([actionWords('two-step-on'), actionWords('key-adopted')]).toEqual(['Two-step sign-in switched on', 'Key adopted']);
  expect([resultWords('ok'), resultWords('wrong_password'), resultWords('LOGIN_FAILED')]).toEqual(['Done', 'Wrong password', 'Login failed']);
});

test.each([
  ['broker=demo way=browser trigger=08:00', 'broker: Demo broker · way: Browser flow · trigger: 08:00'],
  ['broker=icici fields=api_key,totp_secret', 'broker: ICICI Breeze · fields: API Key, TOTP Secret'],
  ['no attempt is waiting', 'no attempt is waiting'], ['a=b and more', 'a=b and more'], ['trader', 'trader'], ['', '']])('detail %j', (detail, want) => expect(detailWords(detail)).toBe(want));
