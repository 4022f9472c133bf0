// Reads the Markdown of docs/setup-guide.md into blocks that components draw. It knows what that page uses and nothing more, and no HTML
// comes out of it: a text of ours cannot become markup.

export interface Span {
  readonly kind: 'text' | 'bold' | 'em' | 'code' | 'link';
  readonly text: string;
  /** Where a link goes, "" otherwise. */
  readonly to: string;
}

export type Line = readonly Span[];

export interface Item {
  readonly line: Line;
  readonly items: readonly Item[];
}

export type Block =
  | { readonly kind: 'heading'; readonly level: number; readonly line: Line; readonly anchor: string }
  | { readonly kind: 'paragraph'; readonly line: Line }
  | { readonly kind: 'list'; readonly isOrdered: boolean; readonly start: number; readonly items: readonly Item[] }
  | { readonly kind: 'table'; readonly head: readonly Line[]; readonly rows: readonly (readonly Line[])[] }
  | { readonly kind: 'quote'; readonly tone: 'guide' | 'note'; readonly line: Line }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'rule' };

const SPAN = /\*\*(.+?)\*\*|`([^`]+)`|\[([^\]]+)\]\(([^)]+)\)|_"(.+?)"_|\*(.+?)\*/g;

/** Inline marks: bold, code, link, emphasis. */
export function parseLine(text: string): Line {
  const spans: Span[] = [];
  let at = 0;
  const plain = (end: number): void => { if (end > at) spans.push({ kind: 'text', text: text.slice(at, end), to: '' }); };
  for (const m of text.matchAll(SPAN)) {
    plain(m.index);
    at = m.index + m[0].length;
    const [, bold, code, link, to = '', said, em] = m;
    if (bold !== undefined) spans.push({ kind: 'bold', text: bold, to: '' });
    else if (code !== undefined) spans.push({ kind: 'code', text: code, to: '' });
    else if (link !== undefined) spans.push({ kind: 'link', text: link, to });
    else spans.push({ kind: 'em', text: said === undefined ? (em ?? '') : `"${said}"`, to: '' });
  }
  plain(text.length);
  return spans;
}

/** "Step 1 — Create a Breeze API App" is "step-1"; other headings are their words. */
export function anchorOf(heading: string): string {
  const words = heading.toLowerCase().replaceAll(/[^a-z0-9 ]/g, ' ').trim().split(/ +/);
  return (words[0] === 'step' ? words.slice(0, 2) : words).join('-');
}

const LIST = /^(\s*)(?:[-*]|(\d+)\.) (.*)$/;

class Reader {
  private at = 0;
  constructor(private readonly lines: readonly string[]) {}

  read(): Block[] {
    const blocks: Block[] = [];
    while (this.at < this.lines.length) {
      const block = this.next();
      if (block !== undefined) blocks.push(block);
    }
    return blocks;
  }

  private next(): Block | undefined {
    const line = this.line();
    if (line.trim() === '') return this.skip();
    if (line.startsWith('```')) return this.fence();
    const heading = /^(#{1,4}) (.*)$/.exec(line);
    if (heading !== null) {
      this.at += 1;
      const text = heading[2] ?? '';
      return { kind: 'heading', level: heading[1]?.length ?? 1, line: parseLine(text), anchor: anchorOf(text) };
    }
    if (/^---+$/.test(line)) return this.skip({ kind: 'rule' });
    if (line.startsWith('|')) return this.table();
    if (line.startsWith('> ')) {
      this.at += 1;
      return { kind: 'quote', tone: /^> \*\*(PaperPort|ICICI) note/.test(line) ? 'note' : 'guide', line: parseLine(line.slice(2)) };
    }
    const item = LIST.exec(line);
    if (item !== null) return { kind: 'list', isOrdered: item[2] !== undefined, start: Number(item[2] ?? 1), items: this.items(item[1]?.length ?? 0) };
    this.at += 1;
    return { kind: 'paragraph', line: parseLine(line) };
  }

  private line(): string {
    return this.lines[this.at] ?? '';
  }

  private skip(block?: Block): Block | undefined {
    this.at += 1;
    return block;
  }

  private fence(): Block {
    const from = this.at + 1;
    this.at = from;
    while (this.at < this.lines.length && !this.line().startsWith('```')) this.at += 1;
    return { kind: 'code', text: this.lines.slice(from, this.at++).join('\n') };
  }

  private table(): Block {
    const rows: Line[][] = [];
    while (this.line().startsWith('|')) {
      const cells = this.line().split('|').slice(1, -1).map((cell) => cell.trim());
      if (!cells.every((cell) => /^-+$/.test(cell))) rows.push(cells.map(parseLine));
      this.at += 1;
    }
    return { kind: 'table', head: rows[0] ?? [], rows: rows.slice(1) };
  }

  private items(indent: number): Item[] {
    const items: Item[] = [];
    for (;;) {
      const found = LIST.exec(this.line());
      const depth = found?.[1]?.length ?? -1;
      if (found === null || depth < indent) return items;
      if (depth > indent) {
        const last = items.pop();
        const inner = this.items(depth);
        items.push({ line: last?.line ?? [], items: [...(last?.items ?? []), ...inner] });
        continue;
      }
      items.push({ line: parseLine(found[3] ?? ''), items: [] });
      this.at += 1;
    }
  }
}

export function parseGuide(text: string): Block[] {
  return new Reader(text.split('\n')).read();
}
