import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseGuide, parseLine, type Block, type Item, type Line } from './page/settings/guide/parse';
import { isRedirectSample } from './page/settings/guide/redirect';

const text = readFileSync(new URL('../../docs/setup-guide.md', import.meta.url), 'utf8');
const blocks = parseGuide(text);

function linesOf(block: Block): Line[] {
  const ofItems = (items: readonly Item[]): Line[] => items.flatMap((i) => [i.line, ...ofItems(i.items)]);
  switch (block.kind) {
    case 'heading': case 'paragraph': case 'quote': return [block.line];
    case 'list': return ofItems(block.items);
    case 'table': return [...block.head, ...block.rows.flat()];
    case 'code': return [[{ kind: 'code', text: block.text, to: '' }]];
    case 'rule': return [];
  }
}
const plain = (line: Line): string => line.map((s) => s.text).join('');
const lines = blocks.flatMap(linesOf).map(plain);

describe('the Setup Guide', () => {
  test('shows the sample host nowhere', () => {
    expect(text).not.toContain('onrender');
  });
  test('has one place for the installation’s own redirect URL, in Step 1', () => {
    const codes = blocks.flatMap(linesOf).flat().filter((s) => s.kind === 'code' && isRedirectSample(s.text));
    expect(codes.length).toBe(1);
    const at = blocks.findIndex((b) => linesOf(b).some((l) => l.some((s) => isRedirectSample(s.text))));
    expect(blocks.slice(0, at).findLast((b) => b.kind === 'heading')).toMatchObject({ anchor: 'step-1' });
  });
  test('says wherever the sample secret stands that it holds a 1 and cannot be real', () => {
    blocks.forEach((block, i) => {
      if (!linesOf(block).some((l) => plain(l).includes('GUZ1ASKWSB1M1ZVX3PMSSJHA'))) return;
      const after = blocks.slice(i, i + 4).flatMap(linesOf).map(plain).join(' ');
      expect(after, 'a note that follows').toMatch(/PaperPort note.*1/);
    });
  });
  test.each(['Overview', 'Prerequisites', 'Step 1 — Create a Breeze API App', 'Step 2 — Get Your TOTP Secret Key', 'Step 3 — Enter Credentials in PaperPort', 'Step 4 — Generate a Session Token',
    'Step 5 — Verify Connection', 'How Auto-Renewal Works', 'Security', 'Troubleshooting', 'Quick Reference'])('has the chapter %s', (name) => {
    expect(blocks.filter((b) => b.kind === 'heading' && b.level === 2).flatMap(linesOf).map(plain)).toContain(name);
  });
  test.each(['"Auto session failed. Browser flow: Login ID or Password not provided"', '"Auto session failed. Browser flow: TOTP submitted but no session returned"',
    '"Auto session failed. Direct API: No session token in response"', '"Popup blocked by browser"', 'Session expires mid-day', '"No Session — enter session token below"'])('has the entry %s', (name) => {
    expect(lines).toContain(name);
  });
  test.each(['Credentials saved! Auto-login is enabled', 'Session generated automatically', 'Session token captured and saved from popup'])('promises %s', (said) => {
    expect(lines.some((l) => l.includes(`"${said}"`))).toBe(true);
  });
  test('names the five fields in the table of Step 3, and the four statuses in that of Step 5', () => {
    const tables = blocks.filter((b) => b.kind === 'table').map((b) => b.rows.map((r) => plain(r[0] ?? [])));
    expect(tables).toContainEqual(['API Key', 'Secret Key', 'ICICI Login ID', 'ICICI Login Password', 'TOTP Secret']);
    expect(tables).toContainEqual(['✅ API Connected', '✅ Session Active', '✅ Auto-Login Enabled', '⏰ Session Expiry']);
  });
  test('leaves no mark of Markdown in what is read', () => {
    for (const line of blocks.filter((b) => b.kind !== 'code').flatMap(linesOf).map(plain)) expect(line).not.toMatch(/\*\*|`|^#|\]\(|^>/);
  });
  test('has anchors that are all different', () => {
    const anchors = blocks.flatMap((b) => (b.kind === 'heading' ? [b.anchor] : []));
    expect(new Set(anchors).size).toBe(anchors.length);
  });
  test.each(['static IP', 'midnight|00:00 IST', 'CBC and also authenticated', 'before it leaves', 'Renew every day', 'may breach ICICI', 'PAPERPORT_KEY_FILE'])('has a note on %s', (what) => {
    expect(blocks.some((b) => b.kind === 'quote' && new RegExp(what).test(plain(b.line)))).toBe(true);
  });
});

test('inline marks are told apart', () => {
  expect(parseLine('a **b** `c` [d](https://e) _"f"_ *g* h')).toEqual([
    { kind: 'text', text: 'a ', to: '' }, { kind: 'bold', text: 'b', to: '' }, { kind: 'text', text: ' ', to: '' }, { kind: 'code', text: 'c', to: '' }, { kind: 'text', text: ' ', to: '' },
    { kind: 'link', text: 'd', to: 'https://e' }, { kind: 'text', text: ' ', to: '' }, { kind: 'em', text: '"f"', to: '' }, { kind: 'text', text: ' ', to: '' }, { kind: 'em', text: 'g', to: '' }, { kind: 'text', text: ' h', to: '' }]);
});

test('a list inside a list belongs to the item before it', () => {
  expect(parseGuide('1. a\n2. b\n   - c\n     - d\n   - e\n3. f')).toMatchObject([
    { kind: 'list', isOrdered: true, items: [{ items: [] }, { items: [{ items: [{ items: [] }] }, { items: [] }] }, { items: [] }] }]);
});
