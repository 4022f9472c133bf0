import { Cell } from '../../model';

/** Whether the dialog for a new account is asked for. */
export const newAccount = new Cell(false);
