import type { Socket } from '../live';
import type { Instant } from '../value';
import type { Frame } from './quotes';

/** What the model needs of the browser; tests bring their own. */
export interface World {
  connect(): Socket;
  /** Runs later; the answer cancels. */
  after(ms: number, run: () => void): () => void;
  frame: Frame;
  now(): Instant;
  /** Milliseconds that never jump. */
  monotonic(): number;
  random(): number;
  newId(): string;
  remember(key: string, value: string): void;
  recall(key: string): string;
}
