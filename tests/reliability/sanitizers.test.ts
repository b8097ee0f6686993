import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { full, runDirectory } from '../support/suite.js';

const script = fileURLToPath(new URL('../security/sanitize.mjs', import.meta.url));
const UNAVAILABLE = 77;

/** What sends process 1 most of what it can be sent, from both sides. */
const QUICK = [
  '--programs',
  'linux/arguments.test.ts',
  'linux/users.test.ts',
  'linux/descriptors.test.ts',
  'linux/hostile-root.test.ts',
  'linux/terminal.test.ts',
  'linux/transfers.test.ts',
  'linux/transfers-hostile.test.ts',
  'linux/snapshot.test.ts',
  'linux/logs.test.ts',
  'linux/pause.test.ts',
];

test(`${full ? 'everything' : 'process 1'} runs under AddressSanitizer and UndefinedBehaviorSanitizer`, {
  timeout: full ? 3_600_000 : 600_000,
}, (context) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...(full ? [] : QUICK)], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
    env: {
      ...process.env,
      // A test that passes only when it is tried again would hide what was found the first time.
      CI: undefined,
      CONTAINERV_TEST_FIXTURES: path.join(runDirectory, 'fixtures'),
      // Not those of this file.
      CONTAINERV_STATE_DIR: undefined,
      CONTAINERV_DATA_DIR: undefined,
    },
  });
  context.skip(status === UNAVAILABLE, stderr.trim());
  expect(status, `${stdout}${stderr}`.slice(-20_000)).toBe(0);
});
