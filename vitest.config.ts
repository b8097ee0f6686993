import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** One configuration for every package; `vitest run --config ../../vitest.config.ts` from the package. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', 'json'],
    // scripts/test-totals.mjs adds these reports up.
    outputFile: { json: '.test-report.json' },
    testTimeout: 30_000,
    // Nobody is there to look again; a test that passes only then is named at the end (scripts/test-totals.mjs).
    retry: process.env['CI'] === undefined ? 0 : 1,
  },
});
export default config;
