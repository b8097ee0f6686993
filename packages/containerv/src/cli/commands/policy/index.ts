export { check } from './check.js';
export { compile } from './compile.js';
export { learn } from './learn.js';
export { show } from './show.js';
