import { readFileSync, readdirSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';

/** What each folder may import. The TypeScript projects refuse the rest where they see it; this sees components and styles too. */
const MAY: Record<string, readonly string[]> = {
  value: [], wire: ['value'], live: ['value', 'wire'], model: ['value', 'wire', 'live'], chart: ['value', 'model'],
  view: ['value', 'wire', 'live', 'model', 'chart'], page: ['value', 'wire', 'live', 'model', 'chart', 'view'] };
const FRAMEWORK = ['view', 'page'];
const root = resolve(import.meta.dirname);
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((f) => /\.(ts|svelte)$/.test(f) && !f.endsWith('.test.ts') && f.includes('/'));
const imports = (file: string): string[] =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((m) => m[1] ?? '');

test.each(files)('%s imports only what its folder may', (file) => {
  const folder = file.split('/')[0] ?? '';
  for (const name of imports(file)) {
    if (name.endsWith('/docs/setup-guide.md?url')) expect(file, `${file} imports the guide`).toBe('page/settings/Guide.svelte');
    else if (name.startsWith('.')) {
      const to = relative(root, resolve(root, dirname(file), name)).split('/')[0] ?? '';
      expect([folder, ...(MAY[folder] ?? [])], `${file} imports ${name}`).toContain(to);
    } else if (/^svelte/.test(name)) expect(FRAMEWORK, `${file} uses the framework`).toContain(folder);
    else expect([folder, name], `${file} imports a package`).toEqual(['chart', 'lightweight-charts']);
  }
});

test.each(files)('%s has no default export, no any, and no style attribute', (file) => {
  const text = readFileSync(join(root, file), 'utf8');
  if (file !== 'wire/schema.ts') expect(text).not.toMatch(/export default|:\s*any\b|as any\b|<any>|@ts-ignore/);
  if (file.endsWith('.svelte')) expect(text.replace(/<style>[\s\S]*<\/style>/, '')).not.toMatch(/\sstyle=|\{@html/);
});
