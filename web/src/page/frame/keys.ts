import type { Route } from '../../model';

export interface KeyPorts {
  go(to: Route): void;
  search(): void;
  palette(): void;
  close(): void;
  /** The page's own keys; true when it took this one. */
  page(event: KeyboardEvent): boolean;
}

function isTyping(event: KeyboardEvent): boolean {
  return event.target instanceof HTMLElement && (event.target.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName));
}

/** The keys that work on every page, as Kite has them: H, P, Shift-O, F for pages, / and Ctrl-K for search. */
export function frameKeys(event: KeyboardEvent, ports: KeyPorts): void {
  if (event.defaultPrevented || document.querySelector('dialog:modal, :popover-open') !== null) return;
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
    event.preventDefault();
    ports.palette();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event)) {
    if (!isTyping(event) && event.altKey && ports.page(event)) event.preventDefault();
    return;
  }
  if (run(event, ports)) event.preventDefault();
}

function run(event: KeyboardEvent, ports: KeyPorts): boolean {
  switch (event.key) {
    case '/': ports.search(); return true;
    case 'h': case 'H': ports.go({ page: 'portfolio', tab: 'holdings' }); return true;
    case 'p': case 'P': ports.go({ page: 'portfolio', tab: 'positions' }); return true;
    case 'f': case 'F': ports.go({ page: 'portfolio', tab: 'funds' }); return true;
    case 'O': ports.go({ page: 'orders', date: '' }); return true;
    case 'Escape': ports.close(); return true;
    default: return ports.page(event);
  }
}
