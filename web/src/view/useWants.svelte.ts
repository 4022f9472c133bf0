import { getDesk } from './context';

/** Wants live quotes of `ids` while the component stands. */
export function useWants(ids: () => readonly number[]): void {
  const desk = getDesk();
  const text = $derived([...new Set(ids())].sort((a, b) => a - b).join());
  $effect(() => desk.wants.want(text === '' ? [] : text.split(',').map(Number)));
}
