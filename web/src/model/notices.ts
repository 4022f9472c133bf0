// What the bell lists and what shows as a toast. An order's outcome, feed trouble, a failed save.
import type { Instant } from '../value';
import { Cell } from './cell';

export type NoticeTone = 'good' | 'info' | 'warn' | 'bad';

export interface Notice {
  readonly id: number;
  readonly tone: NoticeTone;
  readonly title: string;
  readonly text: string;
  readonly at: Instant;
}

const KEPT = 100;
const TOAST_MS = 4_000;

export class Notices {
  /** Newest first. */
  readonly all = new Cell<readonly Notice[]>([]);
  readonly toasts = new Cell<readonly Notice[]>([]);
  readonly unread = new Cell(0);
  private count = 0;

  constructor(private readonly now: () => Instant, private readonly after: (ms: number, run: () => void) => void) {}

  /** Bad news stays on screen until it is closed, the rest goes after four seconds. */
  say(tone: NoticeTone, title: string, text = ''): void {
    const notice: Notice = { id: ++this.count, tone, title, text, at: this.now() };
    this.all.set([notice, ...this.all.value].slice(0, KEPT));
    this.toasts.set([...this.toasts.value.slice(-3), notice]);
    this.unread.set(this.unread.value + 1);
    if (tone !== 'bad') this.after(TOAST_MS, () => { this.close(notice.id); });
  }

  close(id: number): void {
    this.toasts.set(this.toasts.value.filter((n) => n.id !== id));
  }

  read(): void {
    this.unread.set(0);
  }
}
