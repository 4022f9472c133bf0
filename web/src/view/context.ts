import { createContext } from 'svelte';
import type { Desk } from '../model';

const [getDesk, setDesk] = createContext<Desk>();
export { getDesk, setDesk };
