import type { Options } from 'tsup';

/** Cases and benchmarks as Windows' node.exe runs them: each whole, but for koffi, which is there in its own build for Windows. */
const config: Options = {
  entry: [
    'windows/cases/*.test.ts',
    'windows/service/*.test.ts',
    'windows/bench/*.ts',
    'windows/programs/*.ts',
  ],
  format: 'esm',
  target: 'node22',
  outDir: 'windows/build/packages/bundles',
  outExtension: () => ({ js: '.mjs' }),
  noExternal: [/^containerv/],
  external: ['koffi'],
  clean: true,
  silent: true,
  // `node:test` has no name without it.
  removeNodeProtocol: false,
};
export default config;
