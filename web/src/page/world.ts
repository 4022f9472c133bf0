import type { Socket } from '../live';
import { randomId, type World } from '../model';
import type { Instant } from '../value';

/** The model's world, made of this browser. Storage that is refused counts as empty. */
export function browserWorld(): World {
  return {
    connect: () => new WebSocket(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/api/stream`) as Socket,
    after(ms, run) {
      const timer = setTimeout(run, ms);
      return () => { clearTimeout(timer); };
    },
    frame: (run) => { requestAnimationFrame(run); },
    now: () => Date.now() as Instant,
    monotonic: () => performance.now(),
    random: () => Math.random(),
    newId: () => randomId('web-'),
    remember(key, value) {
      try { localStorage.setItem(key, value); } catch { /* Private windows may refuse: the setting lasts as long as the page. */ }
    },
    recall(key) {
      try { return localStorage.getItem(key) ?? ''; } catch { return ''; }
    },
  };
}
