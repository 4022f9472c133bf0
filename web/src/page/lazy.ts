import type { Component } from 'svelte';
import { Cell, type Readable } from '../model';

/** A component that is fetched when it is first followed, undefined until it came. A failed fetch is tried again by the next follower. */
export function lazy<P extends Record<string, unknown>, E extends Record<string, unknown>>(
  load: () => Promise<{ default: Component<P, E> }>,
): Readable<Component<P, E> | undefined> {
  const cell = new Cell<Component<P, E> | undefined>(undefined);
  let isAsked = false;
  return {
    subscribe(listen) {
      if (!isAsked) {
        isAsked = true;
        load().then((m) => { cell.set(m.default); }, () => { isAsked = false; });
      }
      return cell.subscribe(listen);
    },
  };
}
