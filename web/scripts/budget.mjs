// Weighs the build against row P11 of the performance goals: gzip bytes of script and style to a usable order ticket, and of the
// whole app. Fails above the gates, which are 1.5 times the goals. Fonts are not counted: text shows without them.
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const dist = new URL('../dist/', import.meta.url).pathname;
const KB = 1000;
const GOAL = { ticket: 30 * KB, app: 110 * KB };
const GATE = { ticket: 45 * KB, app: 165 * KB };
/** Sources whose chunks are on the way to the ticket; what they import statically comes along. */
const WAY = ['index.html', 'src/view/OrderTicket.svelte'];

const manifest = JSON.parse(readFileSync(join(dist, '.vite/manifest.json'), 'utf8'));

function collect(key, into) {
  const chunk = manifest[key];
  if (chunk === undefined) throw new Error(`budget: the build has no ${key}`);
  if (into.has(chunk.file)) return;
  into.add(chunk.file);
  for (const css of chunk.css ?? []) into.add(css);
  for (const next of chunk.imports ?? []) collect(next, into);
}

function weigh(files) {
  return files.reduce((sum, file) => sum + gzipSync(readFileSync(join(dist, file)), { level: 9 }).length, 0);
}

const ticket = new Set();
for (const key of WAY) collect(key, ticket);
const app = readdirSync(join(dist, 'assets')).filter((name) => /\.(js|css)$/.test(name)).map((name) => `assets/${name}`);

let isOver = false;
for (const [name, files] of [['ticket', [...ticket]], ['app', app]]) {
  const bytes = weigh(files);
  isOver ||= bytes > GATE[name];
  console.log(`${name}: ${(bytes / KB).toFixed(1)} kB gzip in ${files.length} files, goal ${GOAL[name] / KB}, gate ${GATE[name] / KB}`);
}
if (isOver) {
  console.error('budget: over the gate');
  process.exit(1);
}
