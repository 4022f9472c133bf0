export { ApiError } from './call';
export { Api } from './api';
export type * from './types';
export * from './broker';
