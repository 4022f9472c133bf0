// The state of a venue as the browser keeps it.
import type { Instant, IstDate } from '../value';
import type { Lamp, VenueKind, WireVenue } from '../wire';
import { instant, maybeInstant } from './decode';

export interface Venue {
  readonly id: string;
  readonly kind: VenueKind;
  readonly name: string;
  readonly isAvailable: boolean;
  readonly unavailableReason: string;
  readonly phase: string;
  readonly statusText: string;
  readonly reason: string;
  readonly nextOpen: Instant | undefined;
  readonly tradingDate: IstDate | '';
  readonly now: Instant;
  readonly lamp: Lamp;
  /** Age of the newest exchange time when the server wrote this, in milliseconds. */
  readonly ageMs: number;
  readonly source: string;
  readonly feedDetail: string;
  readonly clock: { readonly speed: number; readonly isPaused: boolean } | undefined;
  readonly bookNote: string;
  readonly budget: { readonly minuteUsed: number; readonly minuteMax: number; readonly dayUsed: number; readonly dayMax: number } | undefined;
}

export function decodeVenue(w: WireVenue): Venue {
  return {
    id: w.id, kind: w.kind, name: w.name, isAvailable: w.is_available, unavailableReason: w.unavailable_reason, phase: w.phase,
    statusText: w.status_text, reason: w.reason, nextOpen: maybeInstant(w.next_open), tradingDate: w.trading_date as IstDate | '',
    now: maybeInstant(w.now) ?? (w.is_available ? instant(w.now) : (0 as Instant)), lamp: w.feed.lamp, ageMs: w.feed.age_ms, source: w.feed.source,
    feedDetail: w.feed.detail, clock: w.clock === null ? undefined : { speed: w.clock.speed, isPaused: w.clock.is_paused }, bookNote: w.book_note,
    budget: w.budget === null ? undefined
      : { minuteUsed: w.budget.minute_used, minuteMax: w.budget.minute_max, dayUsed: w.budget.day_used, dayMax: w.budget.day_max },
  };
}
