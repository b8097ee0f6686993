import type { Options } from 'tsup';

const config: Options = {
  entry: { index: 'src/index.ts', cli: 'src/cli.ts', behind: 'src/exec/windows/behind.ts' },
  format: 'esm',
  target: 'node20',
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  external: [/^containerv(-|$)/],
  clean: true,
};
export default config;
