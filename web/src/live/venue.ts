// The state of a venue as the browser keeps it.
import type { WireVenue } from '../wire';
import { maybeInstant, type Read } from './decode';

/** `now` is the venue's own time; undefined while it is not available. `feed.age_ms` was true when the server wrote it. */
export type Venue = Read<WireVenue, never, never, 'now' | 'next_open'>;

export function decodeVenue(w: WireVenue): Venue {
  return { ...w, now: maybeInstant(w.now), next_open: maybeInstant(w.next_open) };
}
