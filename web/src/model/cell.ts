/** A value that tells when it changed. It keeps Svelte's store contract, so a component may read it as `$cell`, without knowing Svelte. */
export class Cell<T> {
  private readonly listeners = new Set<(value: T) => void>();
  private current: T;

  constructor(value: T) {
    this.current = value;
  }

  get value(): T {
    return this.current;
  }

  set(value: T): void {
    if (Object.is(value, this.current)) return;
    this.current = value;
    for (const listen of [...this.listeners]) listen(value);
  }

  /** Calls `listen` at once and after every change; the answer stops it. */
  subscribe(listen: (value: T) => void): () => void {
    this.listeners.add(listen);
    listen(this.current);
    return () => { this.listeners.delete(listen); };
  }
}

/** What can be read and followed but not set. */
export type Readable<T> = Pick<Cell<T>, 'subscribe'>;

/** A value computed from others, only while somebody follows it. */
export function derive<T>(sources: readonly Readable<unknown>[], compute: () => T): Readable<T> {
  return {
    subscribe(listen) {
      let isReady = false;
      let last: T | undefined;
      const run = (): void => {
        if (!isReady) return;
        const next = compute();
        if (Object.is(next, last)) return;
        last = next;
        listen(next);
      };
      const stops = sources.map((source) => source.subscribe(run));
      isReady = true;
      run();
      return () => { for (const stop of stops) stop(); };
    },
  };
}
