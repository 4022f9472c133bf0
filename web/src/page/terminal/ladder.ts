import { lazy } from '../lazy';

/** The depth ladder, fetched when a row is first opened. */
export const ladder = lazy(() => import('../../view/DepthLadder.svelte'));
