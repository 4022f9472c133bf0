// Last quote and depth of what is watched. Arrivals are merged per instrument and handed on once per animation frame,
// so a row repaints at most once a frame and only when its own instrument moved.
import type { Depth, Quote } from '../live';
import { Cell } from './cell';

/** Runs a function before the next paint. */
export type Frame = (run: () => void) => void;

class Latest<T extends { readonly id: number }> {
  private readonly cells = new Map<number, Cell<T | undefined>>();
  private readonly waiting = new Map<number, T>();

  of(id: number): Cell<T | undefined> {
    let cell = this.cells.get(id);
    if (cell === undefined) {
      cell = new Cell<T | undefined>(undefined);
      this.cells.set(id, cell);
    }
    return cell;
  }

  put(rows: readonly T[]): void {
    for (const row of rows) this.waiting.set(row.id, row);
  }

  flush(): void {
    for (const [id, row] of this.waiting) this.of(id).set(row);
    this.waiting.clear();
  }

  clear(): void {
    this.waiting.clear();
    for (const cell of this.cells.values()) cell.set(undefined);
  }
}

export class QuoteBook {
  private readonly quotes = new Latest<Quote>();
  private readonly depths = new Latest<Depth>();
  private isDue = false;

  constructor(private readonly frame: Frame) {}

  quote(id: number): Cell<Quote | undefined> {
    return this.quotes.of(id);
  }

  depth(id: number): Cell<Depth | undefined> {
    return this.depths.of(id);
  }

  takeQuotes(rows: readonly Quote[]): void {
    this.quotes.put(rows);
    this.schedule();
  }

  takeDepth(rows: readonly Depth[]): void {
    this.depths.put(rows);
    this.schedule();
  }

  /** Forgets everything: another venue has other prices for the same ids. */
  clear(): void {
    this.quotes.clear();
    this.depths.clear();
  }

  private schedule(): void {
    if (this.isDue) return;
    this.isDue = true;
    this.frame(() => {
      this.isDue = false;
      this.quotes.flush();
      this.depths.flush();
    });
  }
}
