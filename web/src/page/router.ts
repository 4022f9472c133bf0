import { Cell, parseRoute, routePath, type Route } from '../model';

/** The address shown. */
export const route = new Cell<Route>(read());

function read(): Route {
  return parseRoute(location.pathname, location.search);
}

export function go(to: Route): void {
  const path = routePath(to);
  if (path !== location.pathname + location.search) history.pushState(null, '', path);
  route.set(to);
}

/** Replaces the address: the one before must not be returned to. */
export function redirect(to: Route): void {
  history.replaceState(null, '', routePath(to));
  route.set(to);
}

window.addEventListener('popstate', () => { route.set(read()); });

/** For `onclick` of a link to a page of ours: new tabs and other buttons stay the browser's. */
export function follow(event: MouseEvent, to: Route): void {
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(to);
}
