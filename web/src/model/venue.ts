// The venue on screen and how old its news is. The lamp is the age of the exchange time: it goes on ageing here between
// two messages, and when the connection is gone.
import type { Venue } from '../live';
import type { Instant } from '../value';
import type { Lamp } from '../wire';
import { Cell } from './cell';

const GREEN_MS = 3_000;
const AMBER_MS = 30_000;

export interface LampState {
  readonly lamp: Lamp;
  readonly ageMs: number;
}

export class VenueClock {
  readonly venue = new Cell<Venue | undefined>(undefined);
  readonly lamp = new Cell<LampState>({ lamp: 'closed', ageMs: 0 });
  /** The venue's own time: the tape's in a replay. */
  readonly now = new Cell<Instant | undefined>(undefined);
  private heardAt = 0;

  /** `monotonic` counts milliseconds and never jumps. */
  constructor(private readonly monotonic: () => number) {}

  take(venue: Venue): void {
    this.heardAt = this.monotonic();
    this.venue.set(venue);
    this.tick();
  }

  clear(): void {
    this.venue.set(undefined);
    this.now.set(undefined);
  }

  /** To be called a few times a second. */
  tick(): void {
    const venue = this.venue.value;
    if (venue === undefined) return;
    const since = Math.max(0, this.monotonic() - this.heardAt);
    const next = lampOf(venue.feed.lamp, venue.feed.age_ms, since);
    const shown = this.lamp.value;
    if (next.lamp !== shown.lamp || next.ageMs !== shown.ageMs) this.lamp.set(next);
    const speed = venue.clock === null ? 1 : venue.clock.is_paused ? 0 : venue.clock.speed;
    const drift = speed === 1 ? since : Math.min(since, 1_000) * speed;
    if (venue.now !== undefined) this.now.set((venue.now + Math.floor(drift)) as Instant);
  }
}

/** The worse of what the server said and what the age has become `since` then (milliseconds). */
export function lampOf(said: Lamp, ageMs: number, since: number): LampState {
  const age = ageMs + (since < 1_500 ? 0 : since);
  if (said === 'closed') return { lamp: since > AMBER_MS ? 'red' : 'closed', ageMs: age };
  if (said === 'red' || age >= AMBER_MS) return { lamp: 'red', ageMs: age };
  if (said === 'amber' || age >= GREEN_MS) return { lamp: 'amber', ageMs: age };
  return { lamp: 'green', ageMs: age };
}
