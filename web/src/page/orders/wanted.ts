import { Cell } from '../../model';

/** The order whose story the orders page shall show, asked for from another page. */
export const wanted = new Cell('');

export function wantStory(id: string): void {
  wanted.set(id);
}
