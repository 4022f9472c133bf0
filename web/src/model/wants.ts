// Who wants which instruments. The union goes to the server, once per turn, however many components asked.

export type Watch = (quotes: number[], depth: number[]) => void;

export class Wants {
  private readonly quotes = new Map<number, number>();
  private readonly depths = new Map<number, number>();
  private isDue = false;
  private sent = '';

  constructor(private readonly watch: Watch, private readonly later: (run: () => void) => void = (run) => { queueMicrotask(run); }) {}

  /** Wants quotes (and depth) of `ids` until the answer is called; calling it twice does nothing. */
  want(ids: readonly number[], withDepth = false): () => void {
    const mine = [...ids];
    for (const id of mine) {
      add(this.quotes, id, 1);
      if (withDepth) add(this.depths, id, 1);
    }
    this.schedule();
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      for (const id of mine) {
        add(this.quotes, id, -1);
        if (withDepth) add(this.depths, id, -1);
      }
      this.schedule();
    };
  }

  /** Sends the set again although it did not change: the venue did. */
  resend(): void {
    this.sent = '';
    this.schedule();
  }

  private schedule(): void {
    if (this.isDue) return;
    this.isDue = true;
    this.later(() => {
      this.isDue = false;
      const quotes = [...this.quotes.keys()].sort((a, b) => a - b);
      const depth = [...this.depths.keys()].sort((a, b) => a - b);
      const text = quotes.join() + '|' + depth.join();
      if (text === this.sent) return;
      this.sent = text;
      this.watch(quotes, depth);
    });
  }
}

function add(counts: Map<number, number>, id: number, by: number): void {
  const next = (counts.get(id) ?? 0) + by;
  if (next > 0) counts.set(id, next);
  else counts.delete(id);
}
