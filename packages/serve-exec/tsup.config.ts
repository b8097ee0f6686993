import type { Options } from 'tsup';

const config: Options = {
  entry: ['src/index.ts', 'src/cli.ts'],
  format: 'esm',
  target: 'node20',
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  external: [/^containerv(-|$)/],
  clean: true,
};
export default config;
