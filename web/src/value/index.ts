export * from './instant';
export * from './number';
export * from './price';
