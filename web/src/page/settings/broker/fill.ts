import { Cell, type BrokerFieldName } from '../../../model';

/** What the Setup Guide asked to be filled into the form; the form takes it and empties this. */
export const fill = new Cell<Partial<Record<BrokerFieldName, string>> | undefined>(undefined);
