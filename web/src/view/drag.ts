interface Place { x: number; y: number }

function readPlace(text: string): Place | undefined {
  try {
    const at = JSON.parse(text) as Partial<Place>;
    return typeof at.x === 'number' && typeof at.y === 'number' ? { x: at.x, y: at.y } : undefined;
  } catch {
    return undefined;
  }
}

/** Makes `panel` follow the pointer held on `handle`, inside the window; says where it was left in the words that `start` may be. */
export function draggable(panel: HTMLElement, handle: HTMLElement, start: string, onLeft: (at: string) => void): () => void {
  let at = readPlace(start);
  const put = (x: number, y: number): void => {
    at = {
      x: Math.max(0, Math.min(x, window.innerWidth - panel.offsetWidth)),
      y: Math.max(0, Math.min(y, window.innerHeight - panel.offsetHeight)),
    };
    panel.style.left = `${String(at.x)}px`;
    panel.style.top = `${String(at.y)}px`;
  };
  const down = (event: PointerEvent): void => {
    if (event.button !== 0 || (event.target instanceof Element && event.target.closest('button, input, label') !== null)) return;
    const box = panel.getBoundingClientRect();
    const grip = { x: event.clientX - box.left, y: event.clientY - box.top };
    const move = (e: PointerEvent): void => { put(e.clientX - grip.x, e.clientY - grip.y); };
    const up = (): void => {
      handle.removeEventListener('pointermove', move);
      if (at !== undefined) onLeft(JSON.stringify(at));
    };
    handle.setPointerCapture(event.pointerId);
    handle.addEventListener('pointermove', move);
    handle.addEventListener('pointerup', up, { once: true });
    handle.addEventListener('pointercancel', up, { once: true });
  };
  const keep = (): void => { if (at !== undefined) put(at.x, at.y); };
  handle.addEventListener('pointerdown', down);
  window.addEventListener('resize', keep);
  keep();
  return () => {
    handle.removeEventListener('pointerdown', down);
    window.removeEventListener('resize', keep);
  };
}
