import { defineConfig } from 'vitest/config';

// Each needs most of the machine, or measures it: one after the other, when the others are done.
const ALONE = ['linux/many-processes.test.ts', 'linux/backpressure.test.ts', 'linux/init-facts.test.ts'];
// Compares the machine with what it was before everything else.
const LAST = ['linux/nothing-is-left.test.ts'];

const everywhere = {
  globals: false,
  pool: 'forks' as const,
  setupFiles: ['./support/setup.ts'],
  testTimeout: 60_000,
  hookTimeout: 60_000,
  // As in ../vitest.config.ts.
  retry: process.env['CI'] === undefined ? 0 : 1,
};

export default defineConfig({
  test: {
    reporters: ['default', 'json'],
    outputFile: { json: '.test-report.json' },
    projects: [
      {
        test: {
          ...everywhere,
          name: 'linux',
          include: ['linux/**/*.test.ts'],
          exclude: [...ALONE, ...LAST],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...everywhere,
          name: 'security',
          include: ['security/**/*.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...everywhere,
          name: 'windows',
          include: ['windows/*.test.ts'],
          // They share one Windows.
          fileParallelism: false,
          // Those are for Linux containers.
          setupFiles: [],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...everywhere,
          name: 'install',
          include: ['install/**/*.test.ts'],
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...everywhere,
          name: 'alone',
          include: ALONE,
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...everywhere,
          name: 'reliability',
          include: ['reliability/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...everywhere,
          name: 'vm',
          include: ['vm/**/*.test.ts'],
          setupFiles: [],
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      { test: { ...everywhere, name: 'last', include: LAST, setupFiles: [], sequence: { groupOrder: 3 } } },
    ],
  },
});
