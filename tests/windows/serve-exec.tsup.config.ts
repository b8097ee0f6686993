import type { Options } from 'tsup';

/** serve-exec as Windows' node.exe runs it, and the driver that it is to load, but for koffi. */
const config: Options = {
  entry: {
    cli: '../packages/serve-exec/src/cli.ts',
    behind: '../packages/serve-exec/src/exec/windows/behind.ts',
    driver: '../packages/containerv-windows/src/index.ts',
  },
  format: 'esm',
  target: 'node22',
  outDir: 'windows/build/packages/serve-exec/dist',
  // Of the package, which names its second half by this.
  outExtension: () => ({ js: '.js' }),
  noExternal: [/^containerv/],
  external: ['koffi'],
  clean: true,
  silent: true,
};
export default config;
