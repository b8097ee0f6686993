import type { Options } from 'tsup';

const config: Options = {
  entry: ['src/index.ts'],
  format: 'esm',
  target: 'node20',
  dts: { compilerOptions: { ignoreDeprecations: '6.0' } },
  external: [/^containerv(-|$)/, 'koffi'],
  clean: true,
};
export default config;
