// The candles of one instrument and interval: history from the server, and the live bar made from quotes on the server's
// own grid (bars may start at 09:15). When a bar closes, the newest ones are asked for again, so that what stays is the server's.
import { decodeCandle, list, type Candle, type Quote } from '../live';
import { dateOf, instantText, type Instant, type Price } from '../value';
import type { Api, Interval } from '../wire';
import { Cell } from './cell';

const DAY_MS = 86_400_000;
const SPAN: Record<Interval, { readonly barMs: number; readonly historyMs: number }> = {
  '1m': { barMs: 60_000, historyMs: 2 * DAY_MS },
  '5m': { barMs: 300_000, historyMs: 6 * DAY_MS },
  '30m': { barMs: 1_800_000, historyMs: 30 * DAY_MS },
  '1d': { barMs: DAY_MS, historyMs: 730 * DAY_MS },
};
const SETTLE_MS = 2_500;

export interface BarsPorts {
  readonly api: Pick<Api, 'candles'>;
  readonly venue: string;
  now(): Instant;
  after(ms: number, run: () => void): () => void;
}

export type BarsState = 'loading' | 'ready' | 'empty' | 'failed';

export class Bars {
  readonly state = new Cell<BarsState>('loading');
  readonly failure = new Cell('');
  private bars: Candle[] = [];
  private volumeBefore: number | undefined;
  private isOver = false;
  private stopTimer: () => void = () => undefined;
  /** The whole history changed. */
  onHistory: (bars: readonly Candle[]) => void = () => undefined;
  /** The last bar changed or a new one began. */
  onBar: (bar: Candle) => void = () => undefined;

  constructor(private readonly ports: BarsPorts, readonly instrument: number, readonly interval: Interval) {}

  async load(): Promise<void> {
    this.state.set('loading');
    try {
      this.bars = await this.fetch(SPAN[this.interval].historyMs);
      if (this.isOver) return;
      this.volumeBefore = undefined;
      this.state.set(this.bars.length === 0 ? 'empty' : 'ready');
      this.onHistory(this.bars);
    } catch (error) {
      if (this.isOver) return;
      this.failure.set(error instanceof Error ? error.message : String(error));
      this.state.set('failed');
    }
  }

  takeQuote(quote: Quote): void {
    const last = this.bars.at(-1);
    if (quote.last === undefined || quote.at === undefined || quote.is_stale || this.state.value === 'loading') return;
    const start = this.startOf(quote.at, last);
    if (last !== undefined && start < last.start) return;
    const isNew = last === undefined || start > last.start;
    const bar = isNew ? newBar(start, quote.last) : last;
    if (isNew || this.volumeBefore === undefined) this.volumeBefore = quote.volume - bar.volume;
    const next = grow(bar, quote.last, quote.volume - this.volumeBefore);
    if (isNew) this.bars.push(next);
    else this.bars[this.bars.length - 1] = next;
    if (this.state.value === 'empty') this.state.set('ready');
    this.onBar(next);
    if (isNew && last !== undefined) this.settleSoon();
  }

  dispose(): void {
    this.isOver = true;
    this.stopTimer();
  }

  private startOf(at: Instant, last: Candle | undefined): Instant {
    const size = SPAN[this.interval].barMs;
    if (last === undefined) return (Math.floor(at / size) * size) as Instant;
    if (this.interval === '1d') return dateOf(at) <= dateOf(last.start) ? last.start : at;
    return (last.start + Math.floor((at - last.start) / size) * size) as Instant;
  }

  private settleSoon(): void {
    this.stopTimer();
    this.stopTimer = this.ports.after(SETTLE_MS, () => { void this.settle(); });
  }

  private async settle(): Promise<void> {
    const fresh = await this.fetch(SPAN[this.interval].barMs * 4).catch(() => []);
    if (this.isOver) return;
    for (const bar of fresh) {
      const at = this.bars.findIndex((b) => b.start === bar.start);
      if (at >= 0 && at < this.bars.length - 1) this.bars[at] = bar;
    }
    if (fresh.length > 0) this.onHistory(this.bars);
  }

  private async fetch(spanMs: number): Promise<Candle[]> {
    const now = this.ports.now();
    const answer = await this.ports.api.candles(this.ports.venue, this.instrument, this.interval, instantText((now - spanMs) as Instant), instantText(now));
    return list(answer.candles, decodeCandle);
  }
}

function newBar(start: Instant, price: Price): Candle {
  return { start, open: price, high: price, low: price, close: price, volume: 0 };
}

function grow(bar: Candle, price: Price, volume: number): Candle {
  return {
    ...bar, close: price, volume: Math.max(bar.volume, volume),
    high: Math.max(bar.high, price) as Price, low: Math.min(bar.low, price) as Price,
  };
}
