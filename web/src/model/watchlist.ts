// The seven market-watch lists. A change shows at once, is saved behind it, and is taken back when the save fails.
import type { Api, WireWatchlist } from '../wire';
import { Cell } from './cell';

export const LISTS = 7;
export const ROWS_MAX = 250;

export class Watchlists {
  readonly active = new Cell(1);
  readonly rows = new Cell<readonly number[]>([]);
  readonly state = new Cell<'loading' | 'ready' | 'failed'>('loading');
  onFailure: (message: string) => void = () => undefined;
  private lists: WireWatchlist[] = [];

  constructor(private readonly api: Pick<Api, 'watchlists' | 'saveWatchlist'>, private readonly venue: string) {}

  async load(): Promise<void> {
    try {
      this.lists = (await this.api.watchlists()).lists ?? [];
      this.state.set('ready');
    } catch {
      this.state.set('failed');
    }
    this.show();
  }

  choose(number: number): void {
    if (number < 1 || number > LISTS) return;
    this.active.set(number);
    this.show();
  }

  has(id: number): boolean {
    return this.rows.value.includes(id);
  }

  add(id: number): void {
    const rows = this.rows.value;
    if (!rows.includes(id) && rows.length < ROWS_MAX) this.save([...rows, id]);
  }

  remove(id: number): void {
    this.save(this.rows.value.filter((row) => row !== id));
  }

  /** Moves the row at `from` so that it stands at `to`. */
  move(from: number, to: number): void {
    const rows = [...this.rows.value];
    const [row] = rows.splice(from, 1);
    if (row === undefined || to < 0 || to > rows.length) return;
    rows.splice(to, 0, row);
    this.save(rows);
  }

  private show(): void {
    this.rows.set(this.find()?.instruments ?? []);
  }

  private find(): WireWatchlist | undefined {
    return this.lists.find((l) => l.number === this.active.value && l.venue === this.venue);
  }

  private save(rows: number[]): void {
    const number = this.active.value;
    const before = this.find();
    const next: WireWatchlist = { number, name: before?.name ?? String(number), venue: this.venue, instruments: rows };
    this.lists = [...this.lists.filter((l) => l !== before), next];
    this.show();
    this.api.saveWatchlist(next).catch((error: unknown) => {
      this.lists = [...this.lists.filter((l) => l !== next), ...(before === undefined ? [] : [before])];
      this.show();
      this.onFailure(error instanceof Error ? error.message : 'The list was not saved.');
    });
  }
}
