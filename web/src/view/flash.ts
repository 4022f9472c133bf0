/** Colours a cell's background for 300 ms and lets it fade; nothing moves. */
export function flash(el: HTMLElement, isUp: boolean): void {
  if (document.hidden || matchMedia('(prefers-reduced-motion: reduce)').matches) return;
  el.animate([{ backgroundColor: isUp ? 'var(--flash-up)' : 'var(--flash-down)' }, { backgroundColor: 'transparent' }], { duration: 300, easing: 'ease-out' });
}
