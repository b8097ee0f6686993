import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** One configuration for every package; `vitest run --config ../../vitest.config.ts` from the package. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', 'json'],
    // scripts/test-totals.mjs adds these reports up.
    outputFile: { json: '.test-report.json' },
    testTimeout: 30_000,
  },
});
export default config;
