// Design tokens as plain colours: a canvas cannot read CSS variables, and light-dark() only resolves on an element.

export type Token = 'text-2' | 'text-3' | 'grid' | 'line' | 'line-strong' | 'candle-up' | 'candle-down' | 'buy' | 'sell' | 'surface-2' | 'bg';

/** Reads tokens as they stand now on `host`; a theme change needs a new reading. */
export function readColours(host: HTMLElement, tokens: readonly Token[]): Record<Token, string> {
  const probe = document.createElement('i');
  probe.hidden = true;
  host.append(probe);
  const found: Partial<Record<Token, string>> = {};
  for (const token of tokens) {
    probe.style.color = `var(--${token})`;
    found[token] = getComputedStyle(probe).color;
  }
  probe.remove();
  return found as Record<Token, string>;
}

/** The same colour, see-through. */
export function faded(colour: string, alpha: number): string {
  const parts = /^rgba?\(([^)]+)\)$/.exec(colour)?.[1]?.split(/[ ,/]+/).slice(0, 3);
  return parts === undefined ? colour : `rgba(${parts.join(', ')}, ${String(alpha)})`;
}
