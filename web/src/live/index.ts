export * from './book';
export * from './event';
export * from './market';
export * from './story';
export * from './stream';
export * from './venue';
export { list } from './decode';
