import { Cell } from '../model';

const query = window.matchMedia('(max-width: 760px)');

/** Whether the window is as narrow as a phone. */
export const isPhone = new Cell(query.matches);

query.addEventListener('change', () => { isPhone.set(query.matches); });
